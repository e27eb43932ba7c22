// pam_sqlmap(8) has the options of the code, and the codes and stages of doc/pam.md, which
// tests/pam holds against the module.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "page.h"
#include "pam/options.h"
#include "pam_page.h"

namespace sqlmap {
namespace {

const std::string kPage = ManualSource("pam_sqlmap.8");

// "auth, password" of "nodelay (auth, password)".
std::string InParentheses(const std::string& text) {
  const std::size_t begin = text.find('(');
  return begin == std::string::npos ? ""
                                    : text.substr(begin + 1, text.find(')', begin) - begin - 1);
}

// "mkhome=" of "mkhome=_DIRECTORY_".
std::string OptionName(const std::string& word) {
  const std::size_t end = word.find('=');
  return end == std::string::npos ? word : word.substr(0, end + 1);
}

TEST(PamSqlmapPage, HasEachOptionOfTheModuleAndNoOther) {
  std::set<std::string> known;
  ForEachOption([&](std::string_view word, bool valued) {
    known.insert(std::string(word) + (valued ? "=" : ""));
  });
  std::map<std::string, std::string> stages;
  for (const Entry& entry : EntriesOf(PartOf(kPage, "# OPTIONS"))) {
    const std::string name = OptionName(entry.term.substr(0, entry.term.find(' ')));
    EXPECT_TRUE(stages.emplace(name, InParentheses(entry.term)).second) << name << " twice";
    EXPECT_FALSE(entry.text.empty()) << name;
  }
  std::set<std::string> shown;
  for (const auto& [name, unused] : stages) shown.insert(name);
  EXPECT_EQ(shown, known);
  for (const Cells& row : PageTable("Options")) {
    const std::string name = OptionName(WordsOf(row[0])[0]);
    EXPECT_EQ(stages[name], row[1]) << name;
  }
}

TEST(PamSqlmapPage, HasTheReturnCodeOfEachVerdictInEachStage) {
  using Codes = std::map<std::string, std::set<std::string>>;  // of "verdict, stage"
  const std::string stages[] = {"auth", "account", "old password", "new password"};
  Codes expected;
  for (const Cells& row : PageTable("Return codes")) {
    for (std::size_t i = 0; i < 4; ++i) {
      if (row[i + 1] != "-") expected[row[0] + ", " + stages[i]].insert(row[i + 1]);
    }
  }
  Codes shown;
  for (const Entry& entry : EntriesOf(PartOf(kPage, "# RETURN VALUES"))) {
    std::string text = entry.text;
    for (char& c : text) c = c == '\n' ? ' ' : c;
    for (std::size_t at = text.find('_'); at != std::string::npos; at = text.find('_', at)) {
      const std::size_t end = text.find("_ (", at + 1);
      const std::size_t close = text.find(')', at);
      if (end == std::string::npos || end > close) break;  // of another kind
      std::istringstream list(text.substr(end + 3, close - end - 3));
      for (std::string stage; std::getline(list >> std::ws, stage, ',');)
        shown[text.substr(at + 1, end - at - 1) + ", " + stage].insert(entry.term);
      at = close;
    }
  }
  EXPECT_EQ(shown, expected);
}

}  // namespace
}  // namespace sqlmap
