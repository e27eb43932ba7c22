// A row that asks for more work than the limits is refused before any work is done: otherwise one
// row stops all logins.
#include "common/password/cost_limits.h"

#include <gtest/gtest.h>

#include <string>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

std::string Times(char c, std::size_t count) { return std::string(count, c); }

// scrypt's five-character numbers.
const char* const kOne = "/....";
const char* const kEight = "6....";
const char* const kMost = "zzzzz";

TEST(HashBeyondTheLimits, IsTooCostly) {
  const std::string limits[] = {
      "$6$rounds=5000001$saltsalt$" + Times('.', 86),
      "$6$rounds=999999999$saltsalt$" + Times('.', 86),
      "$5$rounds=5000001$saltsalt$" + Times('.', 43),
      "{CRYPT}$5$rounds=4294967295$saltsalt$" + Times('.', 43),
      "$2b$16$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$2y$31$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$wp$2y$31$abcdefghijklmnopqrstuu" + Times('.', 31),
      "U$2y$31$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$sha1$2000001$saltsalt$" + Times('.', 28),
      "$sha1$4294967295$saltsalt$" + Times('.', 28),
      "$md5,rounds=200001$saltsalt$$" + Times('.', 22),
      "$md5$rounds=4294967295$saltsalt$$" + Times('.', 22),
      "_zzzz" + Times('.', 15),
      "$S$Jabcdefgh" + Times('.', 43),  // 2^21
      "$S$Sabcdefgh" + Times('.', 43),  // 2^30
      "$P$Jabcdefgh" + Times('.', 22),
      "U$S$Jabcdefgh" + Times('.', 43),
      "U$P$Jabcdefgh" + Times('.', 22),
      "$7$J" + std::string(kEight) + kOne + "salt$" + Times('.', 43),     // 2^21 * 8 * 128: 2 GiB
      "$7$I" + std::string(kEight) + "0...." + "salt$" + Times('.', 43),  // 1 GiB, twice
      "$7$z" + std::string(kMost) + kMost + "salt$" + Times('.', 43),
      "$7$C" + std::string(kMost) + kOne + "salt$" + Times('.', 43),
      "$y$jHT$saltsalt$" + Times('.', 43),    // 2^20 * 32 * 128: 4 GiB
      "$y$jH5..$saltsalt$" + Times('.', 43),  // p = 2
      "$y$jH5/.$saltsalt$" + Times('.', 43),  // t = 1
      "$gy$jHT$saltsalt$" + Times('.', 43),
      "$argon2id$v=19$m=1048577,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=19$m=1048576,t=5,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=19$m=1048576,t=4096,p=1$c2FsdHNhbHQ$" + Times('A', 43),  // 2^32
      "$argon2i$m=4294967295,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2d$v=19$m=4096,t=4294967295,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=19$m=4096,t=2,p=17$c2FsdHNhbHQ$" + Times('A', 43),
      "{PBKDF2-SHA256}5000001$c2FsdHNhbHQ$" + Times('A', 43),
      "{PBKDF2}$1$salt$4294967295$" + Times('0', 40),
      "pbkdf2_sha256$5000001$salt$" + Times('A', 43) + "=",
      "{SCRAM-SHA-256}5000001,c2FsdA==," + Times('A', 43) + "=," + Times('A', 43) + "=",
  };
  for (const std::string& stored : limits) {
    EXPECT_EQ(OutcomeOf("password", stored, Permissive()), kTooCostly) << stored;
  }
}

TEST(HashWithWorkFactorNoSchemeHas, IsMalformed) {
  const std::string malformed[] = {
      "$6$rounds=999$saltsalt$" +
          Times('.', 86),  // libxcrypt refuses, where the specification clamps
      "$6$rounds=05000$saltsalt$" + Times('.', 86),
      "$6$rounds=+5000$saltsalt$" + Times('.', 86),
      "$6$rounds=18446744073709556616$saltsalt$" + Times('.', 86),
      "$2b$03$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$2b$32$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$2b$ 5$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$2b$005abcdefghijklmnopqrstuu" + Times('.', 31),
      "$sha1$0$saltsalt$" + Times('.', 28),
      "$md5,rounds=0$saltsalt$$" + Times('.', 22),
      "$S$4abcdefgh" + Times('.', 43),  // 2^6
      "$S$Tabcdefgh" + Times('.', 43),  // 2^31
      "$7$." + std::string(kEight) + kOne + "salt$" + Times('.', 43),
      "$7$C....." + std::string(kOne) + "salt$" + Times('.', 43),
      "$7$C" + std::string(kEight) + ".....salt$" + Times('.', 43),
      "$argon2id$v=19$m=7,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=19$m=4096,t=0,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=19$m=4096,t=1,p=0$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=18$m=4096,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2id$v=19$m=4096,t=1,p=1$c2FsdA$" + Times('A', 43),
      "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 20),
      "{PBKDF2-SHA256}0$c2FsdHNhbHQ$" + Times('A', 43),
      "{PBKDF2-SHA256}4294967296$c2FsdHNhbHQ$" + Times('A', 43),
      "{PBKDF2-SHA256}1000$c2FsdHNhbHQ$" + Times('A', 42),  // the first 31 bytes of the key
      "$A$000$abcdefghijklmnopqrst" + Times('.', 43),
  };
  for (const std::string& stored : malformed) {
    EXPECT_EQ(OutcomeOf("password", stored, Permissive()), kUnknownScheme) << stored;
  }
}

// What the usual tools write at their strongest must go on working.
TEST(HashOfUsualStrength, IsComputed) {
  const std::string usual[] = {
      "$6$rounds=656000$saltsalt$" + Times('.', 86),                   // passlib
      "$S$Eabcdefgh" + Times('.', 43),                                 // Drupal 8
      "$y$jCT$saltsalt$" + Times('.', 43),                             // mkpasswd -m yescrypt -R 8
      "$argon2id$v=19$m=65536,t=4,p=1$c2FsdHNhbHQ$" + Times('A', 43),  // PHP
      "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$" + Times('A', 43),  // RFC 9106
      "pbkdf2_sha256$1200000$salt$" + Times('A', 43) + "=",            // Django 6
  };
  for (const std::string& stored : usual) {
    EXPECT_EQ(OutcomeOf("password", stored, Permissive()), kMismatch) << stored;
  }
}

TEST(Work, IsTwoHashesAtTheirLimitsOrManySmallerOnes) {
  Work whole;
  EXPECT_FALSE(whole.Take(101, 100));
  EXPECT_TRUE(whole.Take(100, 100)) << "a refused hash costs nothing";
  EXPECT_TRUE(whole.Take(100, 100));
  EXPECT_FALSE(whole.Take(1, kCostLimits.sha_crypt_rounds));
  EXPECT_TRUE(whole.Take(0, 1));

  Work mixed;
  EXPECT_TRUE(mixed.Take(3, 3));
  EXPECT_TRUE(mixed.Take(1, 2));
  EXPECT_FALSE(mixed.Take(2, 3));
  EXPECT_TRUE(mixed.Take(1, 4));
  EXPECT_TRUE(mixed.Take(1, 4));
  EXPECT_FALSE(mixed.Take(1, 4));

  Work large;
  const std::uint64_t limit = std::uint64_t{1} << 40;
  EXPECT_FALSE(large.Take(UINT64_MAX, limit));
  EXPECT_TRUE(large.Take(limit, limit));
}

TEST(Work, ThatIsNoneTellsWhichHashAskedForLess) {
  Work none = Work::None();
  EXPECT_FALSE(none.Take(1, 4));
  const std::uint32_t quarter = none.refused();
  EXPECT_FALSE(none.Take(1, 2));
  const std::uint32_t half = none.refused();
  EXPECT_FALSE(none.Take(3, 2));
  EXPECT_LT(quarter, half);
  EXPECT_LT(half, none.refused()) << "what no Work suffices for comes last";
  EXPECT_TRUE(none.Take(0, 2)) << "what costs nothing needs nothing";
}

// The figures of cost_limits.h, conf/sqlmapd.toml and doc/aegir.md.
TEST(Work, SufficesForTheRowsThatASiteMayHave) {
  struct {
    const char* scheme;
    std::uint64_t cost;
    std::uint64_t limit;
    int rows;
  } const usual[] = {
      {"bcrypt 12", 1U << 12, 1U << kCostLimits.bcrypt_log2, 16},
      {"passlib's sha512crypt", 656'000, kCostLimits.sha_crypt_rounds, 15},
      {"Django", 1'200'000, kCostLimits.pbkdf2_iterations, 8},
      {"Drupal 2^16", 1U << 16, 1U << kCostLimits.phpass_log2, 32},
      {"Drupal 2^17", 1U << 17, 1U << kCostLimits.phpass_log2, 16},
      {"libsodium's SENSITIVE", 4U << 20, kCostLimits.argon2_kib_passes, 2},
  };
  for (const auto& each : usual) {
    Work work;
    int rows = 0;
    while (work.Take(each.cost, each.limit)) ++rows;
    EXPECT_EQ(rows, each.rows) << each.scheme;
  }
}

// A scheme that did not take its share could be had sixteen times in one login.
TEST(HashBehindOthersThatSpentTheWork, IsNotComputed) {
  const std::string costly[] = {
      "$6$saltsalt$" + Times('.', 86),
      "$5$rounds=1000$saltsalt$" + Times('.', 43),
      "$2b$04$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$wp$2y$04$abcdefghijklmnopqrstuu" + Times('.', 31),
      "U$2y$04$abcdefghijklmnopqrstuu" + Times('.', 31),
      "$sha1$1$saltsalt$" + Times('.', 28),
      "$md5,rounds=1$saltsalt$$" + Times('.', 22),
      "$md5$saltsalt$$" + Times('.', 22),
      "_/..." + Times('.', 15),
      "$S$5abcdefgh" + Times('.', 43),
      "$P$5abcdefgh" + Times('.', 22),
      "U$S$5abcdefgh" + Times('.', 43),
      "U$P$5abcdefgh" + Times('.', 22),
      "$7$C" + std::string(kEight) + kOne + "salt$" + Times('.', 43),
      "$y$j75$saltsalt$" + Times('.', 43),
      "$gy$j75$saltsalt$" + Times('.', 43),
      "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2i$m=8,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "$argon2d$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + Times('A', 43),
      "{PBKDF2-SHA256}1$c2FsdHNhbHQ$" + Times('A', 43),
      "{PBKDF2}$1$salt$1$" + Times('0', 40),
      "pbkdf2_sha256$1$salt$" + Times('A', 43) + "=",
      "{SCRAM-SHA-256}1,c2FsdA==," + Times('A', 43) + "=," + Times('A', 43) + "=",
      "$A$001$abcdefghijklmnopqrst" + Times('.', 43),
  };
  for (const std::string& stored : costly) {
    Work work;
    EXPECT_EQ(VerifyPassword("password", stored, Permissive(), "", work).outcome, kMismatch)
        << stored;
    EXPECT_FALSE(work.Take(1, 1) && work.Take(1, 1)) << stored << " took nothing";
    Work spent = Work::None();
    EXPECT_EQ(VerifyPassword("password", stored, Permissive(), "", spent).outcome, kTooCostly)
        << stored;
  }
}

// A row at its limit and 511 typed bytes would cost twelve seconds.
TEST(LongPassword, MakesShaCryptCostMore) {
  for (const std::string& most : {"$6$rounds=5000000$saltsalt$" + Times('.', 86),
                                  "$5$rounds=5000000$saltsalt$" + Times('.', 43)}) {
    EXPECT_EQ(OutcomeOf(Times('a', 511), most, Permissive()), kTooCostly) << most;
  }
  const std::string passlib = "$6$rounds=656000$saltsalt$" + Times('.', 86);
  EXPECT_EQ(OutcomeOf(Times('a', 511), passlib, Permissive()), kMismatch);
}

TEST(CostLimits, KeepMemoryUnderOneGibibyte) {
  EXPECT_LE(kCostLimits.argon2_kib, std::uint64_t{1} << 20);
  EXPECT_LE(kCostLimits.scrypt_bytes, std::uint64_t{1} << 30);
}

TEST(LongPassword, IsRefusedBeforeItIsHashed) {
  const std::string md5 = "{MD5}X03MO1qnZdYdgyfeuILPmQ==";
  EXPECT_EQ(OutcomeOf(Times('a', 1024), md5, Permissive()), kMismatch);
  EXPECT_EQ(OutcomeOf(Times('a', 1025), md5, Permissive()), kPasswordTooLong);
  EXPECT_EQ(OutcomeOf(Times('a', 1 << 20), md5, Permissive()), kPasswordTooLong);
  const std::string crypt = "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/";
  EXPECT_EQ(OutcomeOf(Times('a', 511), crypt, Permissive()), kMismatch);
  EXPECT_EQ(OutcomeOf(Times('a', 512), crypt, Permissive()), kPasswordTooLong);
  const std::string drupal = "$S$5len512xxzwuJFhOE.5NSi0d.91ETCCLj3q9tO1epfyVqdClhxCR";
  EXPECT_EQ(OutcomeOf(Times('x', 511), drupal, Permissive()), kMismatch);
  EXPECT_EQ(OutcomeOf(Times('x', 513), drupal, Permissive()), kPasswordTooLong);
  // Of the md5 that was upgraded, any length is hashed.
  const std::string upgraded = "U$S$9ooIexEKe6Stv9/k3CfR4Wgm.W5WMVRdQE..QFBeU.K9b5BVBmT8";
  EXPECT_EQ(OutcomeOf(Times('x', 513), upgraded, Permissive()), kMismatch);
  const std::string caching = "$A$005$abcdefghijklmnopqrst" + Times('.', 43);
  EXPECT_EQ(OutcomeOf(Times('x', 256), caching, Permissive()), kMismatch);
  EXPECT_EQ(OutcomeOf(Times('x', 257), caching, Permissive()), kPasswordTooLong);
}

}  // namespace
}  // namespace sqlmap
