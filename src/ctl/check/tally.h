// What all rows together show and no single one does: names and ids that are there twice, groups
// that nobody has, shells that are none. Pure; a few dozen bytes for each account.
#ifndef SQLMAP_CTL_CHECK_TALLY_H_
#define SQLMAP_CTL_CHECK_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/auth_row.h"
#include "common/account/record.h"
#include "common/config/settings.h"
#include "common/sql/rows.h"
#include "ctl/check/finding.h"

namespace sqlmap {

// Rows that break the rules, by what is wrong with them.
class BadRows {
 public:
  void Add(const BadRow& row);
  // A warning for each, about the query; nothing if there are none.
  void Report(const std::string& query, Findings& findings) const;

 private:
  struct Kind {
    std::string why;  // the first one's own words
    std::size_t count = 0;
    std::vector<std::string> names;  // of some
  };
  static constexpr std::size_t kMostKinds = 20;

  std::map<std::string, Kind, std::less<>> kinds_;  // by the words without numbers
};

// Names and their ids: users or groups.
class NameTally {
 public:
  // `what`: "uid" or "gid".
  explicit NameTally(std::string_view what) : what_(what) {}

  void Add(std::string_view name, std::uint32_t id);
  std::size_t size() const { return entries_.size(); }
  std::string_view name(std::size_t i) const { return text_.data() + entries_[i].at; }
  std::uint32_t id(std::size_t i) const { return entries_[i].id; }
  std::string_view what() const { return what_; }
  // Ascending, each once.
  std::vector<std::uint32_t> Ids() const;
  // All places, by id, then by name.
  std::vector<std::uint32_t> ById() const;

  // `meant`: ids that may be shared, as the configuration says.
  void Report(std::span<const std::uint32_t> meant, Findings& findings) const;

 private:
  struct Entry {
    std::uint32_t id;
    std::uint32_t at;  // of the name, which ends with a NUL
  };
  std::vector<std::uint32_t> Places() const;
  void ReportNames(Findings& findings) const;
  void ReportIds(std::span<const std::uint32_t> meant, Findings& findings) const;

  const std::string_view what_;
  std::string text_;
  std::vector<Entry> entries_;
};

// Which shells the accounts have.
class ShellTally {
 public:
  void Add(std::string_view shell) {
    if (shells_.size() < kMost || shells_.contains(shell)) ++shells_[std::string(shell)];
  }
  // `allowed`: /etc/shells.
  void Report(const std::set<std::string, std::less<>>& allowed, Findings& findings) const;

 private:
  static constexpr std::size_t kMost = 1000;
  std::map<std::string, std::size_t, std::less<>> shells_;
};

// The paths in the text of shells(5).
std::set<std::string, std::less<>> ShellsIn(std::string_view text);

// What the rows of `auth` would come to in a login, by scheme. No hash is kept or computed.
class HashTally {
 public:
  explicit HashTally(const AuthSettings& settings) : settings_(settings) {}

  // The rows of one account stand between Begin and End.
  void Begin() { rows_ = 0; }
  void Add(const AuthRow& row);
  void End();
  // `accounts`: how many there are, of which those that were added are a sample.
  void Report(std::size_t accounts, Findings& findings) const;

 private:
  const AuthSettings& settings_;
  std::size_t rows_ = 0;
  std::size_t asked_ = 0;
  std::size_t without_row_ = 0;
  std::size_t too_many_rows_ = 0;
  std::size_t locked_ = 0;
  std::size_t unknown_ = 0;
  std::size_t good_ = 0;
  std::map<std::string_view, std::size_t> weak_;     // accepted
  std::map<std::string_view, std::size_t> refused_;  // by [auth] schemes
};

// Gids that accounts have as their own group and no group has: `used` and `there` are ascending.
void ReportGroups(std::span<const std::uint32_t> used, std::span<const std::uint32_t> there,
                  const LocalIds& local, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_TALLY_H_
