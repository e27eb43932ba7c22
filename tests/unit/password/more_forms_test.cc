// Forms of which hash-vectors.tsv has no row. Computed with Python's crypt, hashlib and hmac, and
// with libargon2.
#include <gtest/gtest.h>

#include <string>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

constexpr const char* kForms[] = {
    "U$2y$05$abcdefghijklmnopqrstuuUAn0kWiETVO0mhewpkntQPs0d6StKia",  // Drupal 10.1 after an
                                                                      // upgrade from 6
    "{SHA256}8da163f213959f533443c9a0523269c870bb94591dfeb14535761bb227b047d0:JoomlaSalt0123456789",
    "{CRYPT.B64}JDEkc2FsdHNhbHQkcWpYTXZiRXc4b2FMLkN6ZmxEdGFLLw==",
    "{MD5}5f4dcc3b5aa765d61d8327deb882cf99",
    "{SHA256}5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "{plain-md5}5F4DCC3B5AA765D61D8327DEB882CF99",
    "$3$$8846F7EAEE8FB117AD06BDD830B7586C",
    "$md5$saltsalt$ks9fa5F1hyrN1wBUybFVh1",
    "$md5$saltsalt$$AtJ19OQz0FYM2k.rKgVnV.",
    "$y$j75..$saltsalt$QJ24DZLU/Ldz6QPMlndL.DbKmm8TVlJ0ADwknLJP9k4",  // p = 2
    "$y$j75/.$saltsalt$dRUkxYqiEaIxOM/NN.1lYWa2NHf.d5Q8HSdm8mJCy14",  // t = 1
    "$y$j750..$saltsalt$p634s4KCYl1vbAp/8R0JKfEovKdpdaY0w/fhuP9E2w4",
    "$y$.75$saltsalt$81fzfpfvRlDDfCljtexkgzV2YmTFOK3ZTvLPR7zqXl0",  // scrypt in yescrypt's clothes
    "$gy$j75/.$saltsalt$H4bdSfZvFoedo5mVyGoMfyt24nC7LNdFljoWZ/qZJm1",
    "$7$16....0....saltsalt$L3HwjId4Ctl/Dc.NC7g9TDkPmJcn.QwJnSGTq4XLai5",
    "$argon2i$v=16$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$8jy9DDmSlWQfzwuFZZT0H426xt0uiqVFwo79/bEdDJw",
    "$argon2i$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$8jy9DDmSlWQfzwuFZZT0H426xt0uiqVFwo79/bEdDJw",
    ("{ARGON2ID}$argon2id$v=19$m=256,t=2,p=4$c2FsdHNhbHRzYWx0$"
     "qsre6vpM4WxFahHKnPVSlFlNFZ66mPwGwdQihbi35So"),
    "$argon2d$v=16$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$c92N5MJqGyV4JglVdb9nW/yFkDFHqDZYz3tAfsIJgOs",
};

TEST(MoreForms, OpenWithTheirPassword) {
  for (const char* hash : kForms) {
    EXPECT_EQ(OutcomeOf("password", hash, Permissive()), kMatch) << hash;
    EXPECT_EQ(OutcomeOf("Password", hash, Permissive()), kMismatch) << hash;
    EXPECT_NE(OutcomeOf("password", std::string(hash) + "0", Permissive()), kMatch) << hash;
  }
}

TEST(JoomlaHash, IsToldFromAPlainDigest) {
  EXPECT_EQ(VerifyPassword("password", kForms[1], Permissive()).scheme, PasswordScheme::kJoomlaMd5);
  EXPECT_EQ(VerifyPassword("password", kForms[4], Permissive()).scheme, PasswordScheme::kSha256);
}

// libxcrypt's rule, and everybody's: what stands behind the 72nd byte is not part of the password.
TEST(Bcrypt, ReadsSeventyTwoBytes) {
  const char* hash = "$2b$05$abcdefghijklmnopqrstuuGUnCqbfgs3htOkLrFduUjAyLBw1Rq/u";
  EXPECT_EQ(OutcomeOf(std::string(71, 'a'), hash, Permissive()), kMismatch);
  EXPECT_EQ(OutcomeOf(std::string(72, 'a'), hash, Permissive()), kMatch);
  EXPECT_EQ(OutcomeOf(std::string(72, 'a') + "x", hash, Permissive()), kMatch);
}

TEST(WordPress, TrimsWhatIsTyped) {
  const char* hash = "$wp$2y$05$abcdefghijklmnopqrstuu18AhBggyMMMw64ek0wmg0gpU4Sq05Gu";
  EXPECT_EQ(OutcomeOf(" password\n", hash, Permissive()), kMatch);
  EXPECT_EQ(OutcomeOf("pass word", hash, Permissive()), kMismatch);
}

TEST(Argon2, WithParametersInAnotherOrderOrWithMoreOfThemIsMalformed) {
  const std::string tail = "$c2FsdHNhbHRzYWx0$qsre6vpM4WxFahHKnPVSlFlNFZ66mPwGwdQihbi35So";
  for (const char* parameters :
       {"v=19$t=2,m=256,p=4", "v=19$m=256,t=2,p=4,data=AAAA", "v=19$m=0256,t=2,p=4",
        "v=19$m=256,t=2,p=4 ", "v=19$m=256,t=2", "v=+19$m=256,t=2,p=4"}) {
    EXPECT_EQ(OutcomeOf("password", std::string("$argon2id$") + parameters + tail, Permissive()),
              kUnknownScheme)
        << parameters;
  }
}

}  // namespace
}  // namespace sqlmap
