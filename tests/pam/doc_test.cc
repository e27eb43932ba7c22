// doc/pam.md and the code say the same: each option and each return code has its row, and no other.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "common/account/verdict_words.h"
#include "pam/messages.h"
#include "pam/options.h"
#include "pam/status.h"
#include "pam_page.h"

namespace sqlmap {
namespace {

TEST(PamPage, EachOptionHasItsRowAndNoOther) {
  std::set<std::string> options;
  ForEachOption([&](std::string_view word, bool valued) {
    options.insert(std::string(word) + (valued ? "=" : ""));
  });
  std::set<std::string> shown;
  for (const Cells& row : PageTable("Options"))
    shown.insert(row[0].substr(0, row[0].find('=') + (row[0].find('=') != std::string::npos)));
  EXPECT_EQ(shown, options);
}

TEST(PamPage, ShownOptionsAreTakenAsTheyAreShown) {
  for (const Cells& row : PageTable("Options")) {
    for (const std::string& word : WordsOf(row[0])) {
      const char* const text = word.c_str();
      bool faulty = false;
      ReadOptions({&text, 1}, [&](const OptionFault&) { faulty = true; });
      EXPECT_FALSE(faulty) << word;
    }
  }
}

TEST(PamPage, EachVerdictHasItsRowWithTheCodesOfEachStage) {
  std::map<std::string, Cells> rows;
  for (const Cells& row : PageTable("Return codes")) {
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
      EXPECT_EQ(CodeNamed(shown), codes[stage]) << row->first << ", stage " << stage;
    }
    rows.erase(row);
  }
  EXPECT_TRUE(rows.empty()) << rows.begin()->first << " is no verdict";
}

TEST(PamPage, EachMessageIsShownAsItIs) {
  std::set<std::string> said = {kNoNewPassword};
  for (const Stage stage : {Stage::kAuthentication, Stage::kAccount, Stage::kOldPassword,
                            Stage::kNewPassword, Stage::kSession}) {
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
  for (const Cells& row : PageTable("What the person is told")) shown.insert(row[1]);
  EXPECT_EQ(shown, said);
}

}  // namespace
}  // namespace sqlmap
