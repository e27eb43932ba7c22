// Stored strings that are no hash, or no longer one: no password opens them, under any policy and
// any named scheme. CVE-2026-124749, CVE-2013-0191, upstream pam-MySQL 1.0.0 beta ('*' and
// truncated hashes accepted any password).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

const char* const kPasswords[] = {"",     "password", "x",        "*", "!",
                                  "test", "U*U*U*U*", "\xc3\xa4", " "};

void ExpectShut(std::optional<std::string_view> stored) {
  for (const char* password : kPasswords) {
    for (const bool allow_empty : {false, true}) {
      PasswordPolicy policy = Permissive();
      policy.allow_empty_password = allow_empty;
      EXPECT_NE(OutcomeOf(password, stored, policy), kMatch) << password;
      for (const PasswordSchemeName& row : kPasswordSchemes) {
        if (stored == password && row.scheme == PasswordScheme::kPlain) continue;
        // Everything that depends on the password has been tried above; here only the form counts.
        if (allow_empty) continue;
        EXPECT_NE(OutcomeOf(password, stored, policy, row.name), kMatch) << password << row.name;
        policy.plain_hash_scheme = row.scheme;
        EXPECT_NE(OutcomeOf(password, stored, policy), kMatch) << password << row.name;
      }
    }
  }
}

TEST(AccountWithoutPassword, StaysShutForEveryPassword) {
  ExpectShut(std::nullopt);
  for (const char* stored :
       {"", "*", "!", "!!", "*LK*", "*LK*$6$salt$hash", "*0", "*1", "x", "invalid", "*NP*",
        "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", "!$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"}) {
    SCOPED_TRACE(stored);
    ExpectShut(stored);
    EXPECT_EQ(OutcomeOf("password", stored, Permissive()), kNoPassword);
  }
}

TEST(AccountWithoutPassword, StaysShutEvenWithPlainTextNamed) {
  for (const char* stored : {"", "*", "!", "!!", "x", "invalid", "!secret", "*secret"}) {
    EXPECT_EQ(OutcomeOf(stored, stored, Permissive(), "plain"), kNoPassword) << stored;
  }
}

TEST(MalformedHash, StaysShutForEveryPassword) {
  const std::vector<std::string> malformed{"ab",
                                           "abcdefghijkl",
                                           "abcdefghijklmn",
                                           "NP",
                                           "nologin",
                                           "disabled",
                                           " ",
                                           "\n",
                                           "$",
                                           "$$",
                                           "$$$",
                                           "$1",
                                           "$1$",
                                           "$1$salt",
                                           "$1$salt$",
                                           "$5$",
                                           "$5$salt$",
                                           "$6$",
                                           "$6$salt$",
                                           "$6$rounds=",
                                           "$6$rounds=$",
                                           "$6$rounds=1000",
                                           "$6$rounds=5000$salt$",
                                           "$6$rounds=-1$salt$",
                                           "$y$",
                                           "$y$j9T$",
                                           "$y$j9T$salt$",
                                           "$gy$",
                                           "$7$",
                                           "$7$C6..../....",
                                           "$2a$",
                                           "$2b$05$",
                                           "$2y$10$",
                                           "$2a$05$abcdefghijklmnopqrstuu",
                                           "$sha1$",
                                           "$sha1$4096$",
                                           "$sha1$4096$salt$",
                                           "$md5$",
                                           "$md5$salt$$",
                                           "$md5,rounds=904$",
                                           "$3$",
                                           "$3$$",
                                           "_",
                                           "_J9..salt",
                                           "$apr1$",
                                           "$apr1$salt$",
                                           "$argon2id$",
                                           "$argon2id$v=19$",
                                           "$argon2id$v=19$m=,t=,p=$",
                                           "$argon2i$v=19$m=4096,t=2,p=1$c2FsdHNhbHQ$",
                                           "$S$",
                                           "$S$D",
                                           "$P$",
                                           "$P$B",
                                           "$H$",
                                           "$H$9",
                                           "U",
                                           "U$",
                                           "U$S$",
                                           "U$P$",
                                           "U$H$",
                                           "U$2y$",
                                           "U$1$salt$qjXMvbEw8oaL.CzflDtaK/",
                                           "$wp$",
                                           "$wp$2y$",
                                           "$wp$2y$10$",
                                           "$wp$P$Babcdefgh",
                                           "pbkdf2_sha256$",
                                           "pbkdf2_sha256$1000$",
                                           "pbkdf2_sha256$1000$salt$",
                                           "$A$",
                                           "$A$005$",
                                           "$A$005$abcdefghijklmnopqrst",
                                           "{",
                                           "{}",
                                           "{SSHA",
                                           "{SSHA}",
                                           "{SHA}",
                                           "{MD5}",
                                           "{CRYPT}",
                                           "{PLAIN}",
                                           "{PLAIN.B64}",
                                           "{PLAIN.HEX}",
                                           "{CLEARTEXT}",
                                           "{SSHA512}",
                                           "{SHA256}",
                                           "{SHA256}:",
                                           "{PBKDF2}",
                                           "{PBKDF2}$1$",
                                           "{PBKDF2}$1$salt$1000$",
                                           "{PBKDF2-SHA256}",
                                           "{PBKDF2-SHA256}1000$$",
                                           "{SCRAM-SHA-256}",
                                           "{SCRAM-SHA-256}4096,,,",
                                           "{NTLM}",
                                           "{LANMAN}0cb6948805f797bf",
                                           "{CRAM-MD5}00",
                                           "{UNKNOWN}password",
                                           "{PLAIN.ROT13}cnffjbeq",
                                           "{.HEX}00",
                                           "{SSHA.}",
                                           "{CRYPT}*",
                                           "{CRYPT}!",
                                           "{CRYPT}x",
                                           "{CRYPT}ab",
                                           "{CRYPT}$6$salt$",
                                           "{CRYPT}{PLAIN}password",
                                           "{CRYPT}password",
                                           "$unknown$password",
                                           "$sm3$salt$hash",
                                           ":salt",
                                           std::string(32, 'g') + ":salt",
                                           std::string(2000, 'a'),
                                           std::string(100'000, '$'),
                                           std::string("\0", 1),
                                           std::string("\0password", 9)};
  for (const std::string& stored : malformed) {
    SCOPED_TRACE(stored.substr(0, 100));
    ExpectShut(stored);
  }
}

// Each digest scheme x each decoded length around the digest's: the decoder must not read past what
// is there.
TEST(DigestOfWrongLength, IsMalformed) {
  struct Row {
    const char* name;
    std::size_t size;
    bool salted;
  };
  for (const Row& row :
       {Row{"MD5", 16, false}, Row{"SMD5", 16, true}, Row{"SHA", 20, false}, Row{"SSHA", 20, true},
        Row{"SHA256", 32, false}, Row{"SSHA256", 32, true}, Row{"SHA512", 64, false},
        Row{"SSHA512", 64, true}, Row{"NTLM", 16, false}}) {
    for (std::size_t length = 0; length <= 66; ++length) {
      std::string stored = std::string("{") + row.name + ".HEX}";
      for (std::size_t i = 0; i < length; ++i) stored += "00";
      const bool whole = row.salted ? length > row.size : length == row.size;
      for (const char* password : {"", "password"}) {
        EXPECT_EQ(OutcomeOf(password, stored, Permissive()), whole ? kMismatch : kUnknownScheme)
            << stored;
      }
    }
  }
}

TEST(UnknownHashForm, IsNotTakenForPlainText) {
  // Whoever reads the table must not be able to type what stands there.
  for (const char* stored :
       {"$2x$05$abcdefghijklmnopqrstuuWG29KuyeAicPCJODk1zjyGvyQUU2awu", "$sm3$salt$hash",
        "$6$salt$short", "{LANMAN}0cb6948805f797bf", "{BROKEN", "$foo"}) {
    PasswordPolicy policy = Permissive();
    EXPECT_NE(OutcomeOf(stored, stored, policy, "plain"), kMatch) << stored;
    policy.plain_hash_scheme = PasswordScheme::kPlain;
    EXPECT_NE(OutcomeOf(stored, stored, policy), kMatch) << stored;
  }
}

TEST(SaltedHashOfWrongLength, IsRefusedBeforeItIsComputed) {
  for (const char* setting :
       {"$1$saltsalt$", "$5$saltsalt$", "$6$saltsalt$", "$y$j9T$saltsalt$", "$gy$j9T$saltsalt$",
        "$7$C6..../....salt$", "$sha1$4096$salt$", "$md5$salt$$", "$2b$05$abcdefghijklmnopqrstuu",
        "$S$5abcdefgh", "$P$5abcdefgh", "U$S$5abcdefgh", "$apr1$salt$",
        "$A$005$abcdefghijklmnopqrst"}) {
    std::size_t computed = 0;
    std::string stored = setting;
    for (int length = 0; length < 100; ++length, stored += '.') {
      if (OutcomeOf("password", stored, Permissive()) == kMismatch) ++computed;
    }
    EXPECT_EQ(computed, 1U) << setting;
  }
}

TEST(Apr1SaltOfMoreThanEightCharacters, IsMalformed) {
  const std::string digest(22, '.');
  EXPECT_EQ(OutcomeOf("password", "$apr1$saltsalt$" + digest, Permissive()), kMismatch);
  EXPECT_EQ(OutcomeOf("password", "$apr1$saltsalts$" + digest, Permissive()), kUnknownScheme);
}

TEST(BcryptOfThe2xFlaw, IsRefused) {
  EXPECT_EQ(OutcomeOf("\xa3", "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
                      Permissive()),
            kUnknownScheme);
}

}  // namespace
}  // namespace sqlmap
