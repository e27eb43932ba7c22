// doc/pam.md and the code say the same: each option and each return code has its row, and no other.
#include <gtest/gtest.h>
#include <security/_pam_types.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "common/account/verdict_words.h"
#include "pam/messages.h"
#include "pam/options.h"
#include "pam/status.h"

namespace sqlmap {
namespace {

using Cells = std::vector<std::string>;

std::string Trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" `");
  const std::size_t end = text.find_last_not_of(" `");
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

// The rows of the first table below a heading, without its head.
std::vector<Cells> Table(const std::string& heading) {
  std::ifstream page(SQLMAP_TEST_PAM_PAGE);
  std::string line;
  while (std::getline(page, line) && line != "## " + heading) {
  }
  std::vector<Cells> rows;
  while (std::getline(page, line) && !line.starts_with("## ")) {
    if (line.starts_with("|-")) continue;
    if (!line.starts_with("| ")) {
      if (!rows.empty()) break;
      continue;
    }
    Cells cells;
    std::istringstream text(line.substr(2));
    for (std::string cell; std::getline(text, cell, '|');) cells.push_back(Trimmed(cell));
    rows.push_back(cells);
  }
  EXPECT_GT(rows.size(), 2U) << heading;
  if (!rows.empty()) rows.erase(rows.begin());
  return rows;
}

const std::map<std::string, int> kCodes = {
    {"PAM_SUCCESS", PAM_SUCCESS},
    {"PAM_USER_UNKNOWN", PAM_USER_UNKNOWN},
    {"PAM_AUTH_ERR", PAM_AUTH_ERR},
    {"PAM_PERM_DENIED", PAM_PERM_DENIED},
    {"PAM_ACCT_EXPIRED", PAM_ACCT_EXPIRED},
    {"PAM_AUTHTOK_EXPIRED", PAM_AUTHTOK_EXPIRED},
    {"PAM_NEW_AUTHTOK_REQD", PAM_NEW_AUTHTOK_REQD},
    {"PAM_CRED_INSUFFICIENT", PAM_CRED_INSUFFICIENT},
    {"PAM_MAXTRIES", PAM_MAXTRIES},
    {"PAM_AUTHTOK_ERR", PAM_AUTHTOK_ERR},
    {"PAM_CRED_UNAVAIL", PAM_CRED_UNAVAIL},
    {"PAM_AUTHINFO_UNAVAIL", PAM_AUTHINFO_UNAVAIL},
    {"PAM_TRY_AGAIN", PAM_TRY_AGAIN},
};

TEST(PamPage, EachOptionHasItsRowAndNoOther) {
  std::set<std::string> options;
  ForEachOption([&](std::string_view word, bool valued) {
    options.insert(std::string(word) + (valued ? "=" : ""));
  });
  std::set<std::string> shown;
  for (const Cells& row : Table("Options"))
    shown.insert(row[0].substr(0, row[0].find('=') + (row[0].find('=') != std::string::npos)));
  EXPECT_EQ(shown, options);
}

TEST(PamPage, ShownOptionsAreTakenAsTheyAreShown) {
  for (const Cells& row : Table("Options")) {
    std::istringstream words(row[0]);
    for (std::string word; words >> word;) {
      while (word.ends_with(',') || word.ends_with('`')) word.pop_back();
      if (word.starts_with('`')) word.erase(0, 1);
      const char* const text = word.c_str();
      bool faulty = false;
      ReadOptions({&text, 1}, [&](const OptionFault&) { faulty = true; });
      EXPECT_FALSE(faulty) << word;
    }
  }
}

TEST(PamPage, EachVerdictHasItsRowWithTheCodesOfEachStage) {
  std::map<std::string, Cells> rows;
  for (const Cells& row : Table("Return codes")) {
    ASSERT_EQ(row.size(), 5U) << row[0];
    EXPECT_TRUE(rows.emplace(row[0], row).second) << row[0] << " twice";
  }
  for (int value = 0; value <= static_cast<int>(LoginVerdict::kUnavailable); ++value) {
    const auto verdict = static_cast<LoginVerdict>(value);
    const auto row = rows.find(std::string(WordsFor(verdict)));
    ASSERT_NE(row, rows.end()) << WordsFor(verdict);
    const int codes[] = {StatusOf(verdict, {}), StatusOf(verdict, {}),
                         StatusOfChange(verdict, Stage::kOldPassword, {}),
                         StatusOfChange(verdict, Stage::kNewPassword, {})};
    for (std::size_t stage = 0; stage < 4; ++stage) {
      const std::string& shown = row->second[stage + 1];
      if (shown == "-") continue;
      const auto code = kCodes.find(shown);
      ASSERT_NE(code, kCodes.end()) << shown;
      EXPECT_EQ(code->second, codes[stage]) << row->first << ", stage " << stage;
    }
    rows.erase(row);
  }
  EXPECT_TRUE(rows.empty()) << rows.begin()->first << " is no verdict";
}

TEST(PamPage, EachMessageIsShownAsItIs) {
  std::set<std::string> said;
  for (const Stage stage :
       {Stage::kAuthentication, Stage::kAccount, Stage::kOldPassword, Stage::kSession}) {
    for (int value = 0; value <= static_cast<int>(LoginVerdict::kUnavailable); ++value) {
      LoginAnswer answer;
      answer.verdict = static_cast<LoginVerdict>(value);
      answer.days_left = 3;
      answer.offline = true;
      char text[kMaxMessage];
      LineWriter line(text);
      if (ComposeMessage(line, stage, answer) != MessageKind::kNone) said.insert(text);
    }
  }
  std::set<std::string> shown;
  for (const Cells& row : Table("What the person is told")) shown.insert(row[1]);
  EXPECT_EQ(shown, said);
}

}  // namespace
}  // namespace sqlmap
