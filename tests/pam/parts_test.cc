// The module's pure parts, fed with what libpam never, or hardly ever, gives.
#include <gtest/gtest.h>
#include <security/_pam_types.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "pam/conversation.h"
#include "pam/journal.h"
#include "pam/local_name.h"
#include "pam/options.h"
#include "pam/refusal_floor.h"
#include "pam/status.h"

namespace sqlmap {
namespace {

TEST(StatusTest, OnlyAcceptedIsSuccess) {
  for (int value = 0; value < 256; ++value) {
    const auto verdict = static_cast<LoginVerdict>(value);
    for (int bits = 0; bits < 4; ++bits) {
      Options options;
      options.ignore_unknown_user = (bits & 1) != 0;
      options.ignore_authinfo_unavail = (bits & 2) != 0;
      EXPECT_EQ(StatusOf(verdict, options) == PAM_SUCCESS, verdict == LoginVerdict::kAccepted)
          << value;
    }
  }
}

TEST(StatusTest, VerdictsThatAPamFileTellsApartHaveCodesOfTheirOwn) {
  std::set<int> codes;
  for (int value = 0; value <= static_cast<int>(LoginVerdict::kUnavailable); ++value) {
    const auto verdict = static_cast<LoginVerdict>(value);
    // Denied by an administrator either way; of a change, nothing was stored either way.
    if (verdict == LoginVerdict::kAccessDenied || verdict == LoginVerdict::kNotChanged) continue;
    EXPECT_TRUE(codes.insert(MeaningOf(verdict).status).second) << value;
  }
}

TEST(StatusTest, WhatIsNoVerdictIsUnavailable) {
  for (int value = static_cast<int>(LoginVerdict::kUnavailable); value < 256; ++value) {
    EXPECT_EQ(MeaningOf(static_cast<LoginVerdict>(value)).status, PAM_AUTHINFO_UNAVAIL) << value;
    EXPECT_FALSE(MeaningOf(static_cast<LoginVerdict>(value)).name_is_account) << value;
  }
}

TEST(StatusTest, IgnoreOptionsTouchTheirOwnCodeOnly) {
  Options options;
  options.ignore_unknown_user = true;
  EXPECT_EQ(StatusOf(LoginVerdict::kUnknownUser, options), PAM_IGNORE);
  EXPECT_EQ(StatusOf(LoginVerdict::kUnavailable, options), PAM_AUTHINFO_UNAVAIL);
  EXPECT_EQ(StatusOf(LoginVerdict::kWrongPassword, options), PAM_AUTH_ERR);
  options = {};
  options.ignore_authinfo_unavail = true;
  EXPECT_EQ(StatusOf(LoginVerdict::kUnknownUser, options), PAM_USER_UNKNOWN);
  EXPECT_EQ(StatusOf(LoginVerdict::kUnavailable, options), PAM_IGNORE);
  EXPECT_EQ(StatusOf(LoginVerdict::kBlocked, options), PAM_PERM_DENIED);
}

struct Parsed {
  Options options;
  std::vector<std::string> unknown;
};
Parsed Read(const std::vector<const char*>& words) {
  Parsed parsed;
  const auto note = [&](const OptionFault& fault) { parsed.unknown.emplace_back(fault.word); };
  parsed.options = ReadOptions(words, note);
  return parsed;
}

TEST(OptionsTest, EachWordSetsItsFlagAndNoOther) {
  constexpr std::pair<const char*, bool Options::*> kFlags[] = {
      {"use_first_pass", &Options::use_first_pass},
      {"try_first_pass", &Options::try_first_pass},
      {"use_authtok", &Options::use_authtok},
      {"nullok", &Options::nullok},
      {"debug", &Options::debug},
      {"nodelay", &Options::nodelay},
      {"ignore_unknown_user", &Options::ignore_unknown_user},
      {"ignore_authinfo_unavail", &Options::ignore_authinfo_unavail},
  };
  for (const auto& [word, flag] : kFlags) {
    const Parsed parsed = Read({word});
    EXPECT_TRUE(parsed.unknown.empty()) << word;
    for (const auto& [other, other_flag] : kFlags)
      EXPECT_EQ(parsed.options.*other_flag, flag == other_flag) << word << other;
  }
}

TEST(OptionsTest, WordsThatAreNotSpelledExactlyHaveNoEffectAndLoseTheirValue) {
  const Parsed parsed = Read({"", "nullok ", "nullokay", "null", "NULLOK", "nullok=yes", "=secret",
                              "passwd=a=b", "debug"});
  EXPECT_FALSE(parsed.options.nullok);
  EXPECT_TRUE(parsed.options.debug);
  EXPECT_EQ(parsed.unknown, (std::vector<std::string>{"", "nullok ", "nullokay", "null", "NULLOK",
                                                      "nullok", "", "passwd"}));
}

TEST(RefusalFloorTest, IsAQuarterOfASecondAfterTheBeginning) {
  const auto expect = [](timespec began, timespec earliest) {
    const timespec found = EarliestRefusal(began);
    EXPECT_EQ(found.tv_sec, earliest.tv_sec);
    EXPECT_EQ(found.tv_nsec, earliest.tv_nsec);
  };
  expect({.tv_sec = 0, .tv_nsec = 0}, {.tv_sec = 0, .tv_nsec = 250'000'000});
  expect({.tv_sec = 7, .tv_nsec = 749'999'999}, {.tv_sec = 7, .tv_nsec = 999'999'999});
  expect({.tv_sec = 7, .tv_nsec = 750'000'000}, {.tv_sec = 8, .tv_nsec = 0});
  expect({.tv_sec = 7, .tv_nsec = 999'999'999}, {.tv_sec = 8, .tv_nsec = 249'999'999});
}

struct Answered {
  int status;
  const char* text;
};

TEST(ConversationTest, AUserIsANameOrAnError) {
  struct {
    Answered libpam;
    int status;
  } const cases[] = {
      {{PAM_SUCCESS, "shop"}, PAM_SUCCESS},        {{PAM_SUCCESS, ""}, PAM_USER_UNKNOWN},
      {{PAM_SUCCESS, nullptr}, PAM_USER_UNKNOWN},  {{PAM_CONV_ERR, "shop"}, PAM_CONV_ERR},
      {{PAM_CONV_AGAIN, nullptr}, PAM_INCOMPLETE}, {{PAM_IGNORE, "shop"}, PAM_USER_UNKNOWN},
      {{PAM_BUF_ERR, nullptr}, PAM_BUF_ERR},       {{PAM_ABORT, nullptr}, PAM_ABORT},
  };
  for (const auto& c : cases) {
    const auto ask = [&](const char*& text) {
      text = c.libpam.text;
      return c.libpam.status;
    };
    EXPECT_EQ(AskForUser(ask), c.status);
  }
}

TEST(ConversationTest, APasswordIsATextOfBoundedLengthOrAnError) {
  const std::string longest(kMaxAuthtok, 'x');
  const std::string too_long(kMaxAuthtok + 1, 'x');
  const std::string huge(1 << 20, 'x');
  struct {
    Answered libpam;
    int status;
    std::string_view password;
  } const cases[] = {
      {{PAM_SUCCESS, "secret"}, PAM_SUCCESS, "secret"},
      {{PAM_SUCCESS, "p\xc3\xa4ss \xe2\x82\xac \xf0\x9f\x94\x91"},
       PAM_SUCCESS,
       "p\xc3\xa4ss \xe2\x82\xac \xf0\x9f\x94\x91"},
      {{PAM_SUCCESS, "before\0behind"},
       PAM_SUCCESS,
       "before"},  // a token ends there, for all modules
      {{PAM_SUCCESS, ""}, PAM_SUCCESS, ""},
      {{PAM_SUCCESS, longest.c_str()}, PAM_SUCCESS, longest},
      {{PAM_SUCCESS, too_long.c_str()}, PAM_AUTH_ERR, ""},
      {{PAM_SUCCESS, huge.c_str()}, PAM_AUTH_ERR, ""},
      {{PAM_SUCCESS, nullptr}, PAM_AUTH_ERR, ""},
      {{PAM_IGNORE, "secret"}, PAM_AUTH_ERR, ""},
      {{PAM_AUTH_ERR, nullptr}, PAM_AUTH_ERR, ""},
      {{PAM_AUTHTOK_ERR, "secret"}, PAM_AUTHTOK_ERR, ""},
      {{PAM_CONV_ERR, nullptr}, PAM_CONV_ERR, ""},
      {{PAM_ABORT, "secret"}, PAM_ABORT, ""},
      {{PAM_CONV_AGAIN, nullptr}, PAM_INCOMPLETE, ""},
      {{PAM_BUF_ERR, nullptr}, PAM_BUF_ERR, ""},
      {{PAM_SYSTEM_ERR, nullptr}, PAM_SYSTEM_ERR, ""},
  };
  for (const auto& c : cases) {
    std::string_view password;
    const auto ask = [&](const char*& text) {
      text = c.libpam.text;
      return c.libpam.status;
    };
    EXPECT_EQ(AskForPassword(ask, password), c.status);
    EXPECT_EQ(password, c.password);
  }
}

TEST(JournalTest, EveryRefusalIsLoggedAndNothingThatHappensAllDayLong) {
  for (int value = 0; value <= static_cast<int>(LoginVerdict::kUnavailable); ++value) {
    const auto verdict = static_cast<LoginVerdict>(value);
    const bool unknown = verdict == LoginVerdict::kUnknownUser;
    const bool accepted = verdict == LoginVerdict::kAccepted;
    for (const bool ignore_unknown : {false, true}) {
      Options options;
      options.ignore_unknown_user = ignore_unknown;
      EXPECT_EQ(IsWorthALine(Stage::kAuthentication, verdict, options),
                !(unknown && ignore_unknown))
          << value;
      EXPECT_EQ(IsWorthALine(Stage::kAccount, verdict, options), !unknown && !accepted) << value;
      EXPECT_EQ(IsWorthALine(Stage::kOldPassword, verdict, options), !unknown && !accepted)
          << value;
      EXPECT_EQ(IsWorthALine(Stage::kNewPassword, verdict, options), !unknown) << value;
      options.debug = true;
      EXPECT_TRUE(IsWorthALine(Stage::kAuthentication, verdict, options)) << value;
      EXPECT_TRUE(IsWorthALine(Stage::kAccount, verdict, options)) << value;
    }
  }
}

TEST(JournalTest, TheLongestLineFitsWithItsReason) {
  const std::string longest(5000, '\n');
  LoginRequest request;
  request.name = request.rhost = request.tty = longest;
  LoginAnswer answer;
  answer.verdict = LoginVerdict::kPasswordMustChange;
  std::memset(answer.reason, 'r', sizeof answer.reason - 1);
  char text[kMaxLine];
  LineWriter line(text);
  ComposeLine(line, Stage::kAccount, request, answer, {});
  EXPECT_TRUE(line.text().ends_with(std::string(": ") + answer.reason)) << text;
}

class LocalNameTest : public testing::Test {
 protected:
  LocalNameTest()
      : path_(std::filesystem::temp_directory_path() /
              ("sqlmap-passwd-" + std::to_string(getpid()))) {}
  ~LocalNameTest() override { std::filesystem::remove(path_); }

  LocalName Find(std::string_view name, std::string_view passwd) {
    std::ofstream(path_) << passwd;
    return FindLocalName(path_.c_str(), name);
  }

  std::filesystem::path path_;
};

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "toor:x:0:0::/root:/bin/sh\n"
    "\n"
    "# comment:x:5:5::/:\n"
    "broken line\n"
    "bad:x:abc:0::/:/bin/sh\n"
    "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
    "last-system:x:999:999::/:/bin/sh\n"
    "first-person:x:1000:1000::/:/bin/sh\n"
    "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    "far:x:4294967295:1::/:/bin/sh\n"
    "twice:x:1001:1001::/:/bin/sh\n"
    "twice:x:0:0::/:/bin/sh\n"
    "unended:x:7:7::/:/bin/sh";

TEST_F(LocalNameTest, SystemAccountsAreTheSystemsAndPeopleMayBeTheDatabases) {
  const std::pair<const char*, LocalName> cases[] = {
      {"root", LocalName::kSystem},
      {"toor", LocalName::kSystem},
      {"www-data", LocalName::kSystem},
      {"last-system", LocalName::kSystem},
      {"nobody", LocalName::kSystem},
      {"far", LocalName::kSystem},
      {"twice", LocalName::kSystem},
      {"unended", LocalName::kSystem},
      {"first-person", LocalName::kNone},
      {"stranger", LocalName::kNone},
      {"roo", LocalName::kNone},
      {"roott", LocalName::kNone},
      {"Root", LocalName::kNone},
      {"root:x:0", LocalName::kNone},
      {"", LocalName::kNone},
  };
  for (const auto& [name, expected] : cases) EXPECT_EQ(Find(name, kPasswd), expected) << name;
}

TEST_F(LocalNameTest, AnEmptyFileHasNobody) { EXPECT_EQ(Find("root", ""), LocalName::kNone); }

TEST_F(LocalNameTest, AFileThatCannotBeReadToItsEndSaysNothing) {
  EXPECT_EQ(FindLocalName("/nonexistent/passwd", "shop"), LocalName::kUnreadable);
  EXPECT_EQ(FindLocalName("/", "shop"), LocalName::kUnreadable);
  const std::string endless = "shop:x:1000:1000:" + std::string(100000, 'g') + ":/:/bin/sh\n";
  EXPECT_EQ(Find("root", endless + std::string(kPasswd)), LocalName::kUnreadable);
}

}  // namespace
}  // namespace sqlmap
