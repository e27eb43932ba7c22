// A hash of the empty password is a login only where empty passwords are allowed, also where the
// scheme makes something else empty on the way.
#include <gtest/gtest.h>

#include <string>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

struct EmptyHash {
  const char* hash;
  const char* scheme_column;
  const char*
      also_empty;  // what the scheme does not tell from the empty password; nullptr: nothing
};

constexpr EmptyHash kEmptyHashes[] = {
    {"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", "", nullptr},
    {"$6$saltsalt$qkTgsCrWMTAS9gBGcf9W60sFfH.hU0oTCAOJjhbz5tSp/sU3/"
     "xXZK4OFwCtq8lIIdpJ6CatVdOTSHKp97TPkt/",
     "", nullptr},
    {"{PBKDF2}$1$saltsalt12345678$1000$0df619f842842d9dbe6b4fdd4aeb47e3eb5b53b7", "", nullptr},
    {"d41d8cd98f00b204e9800998ecf8427e", "md5", nullptr},
    {"$wp$2y$05$abcdefghijklmnopqrstuuMB2tlIsiOamv3SyNEi.BH9T4kvDJp3G", "", " \t\n\r\v"},
    {"5030573512345671", "mysql_old_password", " \t "},
    {"abmF1QH4PEr.E", "des", "\x80"},
    {"abmF1QH4PEr.E", "des", "\x80\x80\x80\x80\x80\x80\x80\x80long"},
    {"_J9..salt7oN3Rp4tKOo", "", "\x80\x80"},
};

TEST(HashOfTheEmptyPassword, OpensOnlyWhereEmptyPasswordsAreAllowed) {
  PasswordPolicy allowed = Permissive();
  PasswordPolicy forbidden = Permissive();
  forbidden.allow_empty_password = false;
  for (const EmptyHash& row : kEmptyHashes) {
    SCOPED_TRACE(row.hash);
    EXPECT_EQ(OutcomeOf("", row.hash, allowed, row.scheme_column), kMatch);
    EXPECT_EQ(OutcomeOf("", row.hash, forbidden, row.scheme_column), kEmptyNotAllowed);
    EXPECT_NE(OutcomeOf("x", row.hash, allowed, row.scheme_column), kMatch);
    EXPECT_NE(OutcomeOf(std::string(1, '\0'), row.hash, allowed, row.scheme_column), kMatch);
    if (row.also_empty == nullptr) continue;
    EXPECT_EQ(OutcomeOf(row.also_empty, row.hash, allowed, row.scheme_column), kMatch);
    EXPECT_EQ(OutcomeOf(row.also_empty, row.hash, forbidden, row.scheme_column), kEmptyNotAllowed);
  }
}

TEST(StoredEmptyString, StaysShutEvenWhereEmptyPasswordsAreAllowed) {
  for (const bool allow_empty : {false, true}) {
    PasswordPolicy policy = Permissive();
    policy.allow_empty_password = allow_empty;
    for (const char* password : {"", "password"}) {
      EXPECT_EQ(OutcomeOf(password, std::nullopt, policy), kNoPassword);
      EXPECT_EQ(OutcomeOf(password, "", policy), kNoPassword);
      EXPECT_EQ(OutcomeOf(password, "{PLAIN}", policy), kUnknownScheme);
    }
  }
}

}  // namespace
}  // namespace sqlmap
