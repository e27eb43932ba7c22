#include "pam_page.h"

#include <gtest/gtest.h>
#include <security/_pam_types.h>

#include <fstream>
#include <map>
#include <sstream>

namespace sqlmap {
namespace {

std::string Trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" `");
  const std::size_t end = text.find_last_not_of(" `");
  return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

}  // namespace

std::vector<Cells> PageTable(std::string_view heading) {
  std::ifstream page(SQLMAP_TEST_PAM_PAGE);
  std::string line;
  while (std::getline(page, line) && line != "## " + std::string(heading)) {
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

std::vector<std::string> WordsOf(const std::string& cell) {
  std::vector<std::string> words;
  std::istringstream text(cell);
  for (std::string word; text >> word;) {
    while (word.ends_with(',') || word.ends_with('`')) word.pop_back();
    if (word.starts_with('`')) word.erase(0, 1);
    words.push_back(word);
  }
  return words;
}

int CodeNamed(const std::string& name) {
  static const std::map<std::string, int> kCodes = {
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
  const auto code = kCodes.find(name);
  if (code != kCodes.end()) return code->second;
  ADD_FAILURE() << "no code: " << name;
  return -1;
}

}  // namespace sqlmap
