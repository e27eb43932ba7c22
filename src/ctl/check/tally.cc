#include "ctl/check/tally.h"

#include <algorithm>
#include <numeric>

#include "common/password/verify.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::size_t kExamples = 3;
// Of rows that are to be mended one by one.
constexpr std::size_t kMostBadRows = 20;

std::string Counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

// Some of many, with a remark that there are more.
class Examples {
 public:
  explicit Examples(std::size_t most = kExamples) : most_(most) {}

  void Add(const std::string& example) {
    if (++count_ <= most_) text_ += (text_.empty() ? "" : ", ") + example;
  }
  std::size_t count() const { return count_; }
  std::string text() const { return text_ + (count_ > most_ ? ", ..." : ""); }

 private:
  const std::size_t most_;
  std::string text_;
  std::size_t count_ = 0;
};

std::string WithoutNumbers(std::string_view text) {
  std::string words;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) words += c;
  }
  return words;
}

std::string Listed(const std::map<std::string_view, std::size_t>& counts) {
  std::string list;
  for (const auto& [scheme, count] : counts) {
    list.append(list.empty() ? "" : ", ").append(std::to_string(count)).append(" ").append(scheme);
  }
  return list;
}

bool IsStrong(PasswordScheme scheme) {
  return kPasswordSchemes[static_cast<std::size_t>(scheme)].strength == SchemeStrength::kStrong;
}

// What a login would say of this row before it computes anything.
PasswordCheck Look(const AuthRow& row, const AuthSettings& settings) {
  const PasswordPolicy policy{settings.schemes, settings.plain_hash_scheme, false};
  // Longer than any password may be: the answer is the scheme, and no time is spent.
  static const std::string too_long(4096, 'x');
  Work none = Work::None();
  const PasswordCheck check = VerifyPassword(too_long, row.hash, policy, row.scheme, none);
  if (check.outcome != PasswordOutcome::kPasswordTooLong || !IsStrong(*check.scheme)) return check;
  // A strong scheme also looks at the hash's form, and then finds that it may not work at all.
  return VerifyPassword("x", row.hash, policy, row.scheme, none);
}

// A shell that says "no login", which stands in no list on purpose.
bool IsNoShell(std::string_view shell) {
  const std::string_view name = shell.substr(shell.rfind('/') + 1);
  return name == "nologin" || name == "false" || name == "true";
}

}  // namespace

void BadRows::Add(const BadRow& row) {
  std::string words = WithoutNumbers(row.why);
  if (kinds_.size() >= kMostKinds && !kinds_.contains(words)) words = "...";
  Kind& kind = kinds_[words];
  if (kind.count++ == 0) kind.why = words == "..." ? "other mistakes" : row.why;
  if (kind.names.size() <= kMostBadRows) kind.names.push_back(row.name);
}

void BadRows::Report(const std::string& query, Findings& findings) const {
  for (const auto& [words, kind] : kinds_) {
    Examples names(kMostBadRows);
    for (const std::string& name : kind.names) names.Add(name);
    findings.Warning(query,
                     Counted(kind.count, "row is left out: ", "rows are left out: ") + kind.why +
                         " (" + names.text() + ")",
                     "mend the rows, or leave them out in the view");
  }
}

void NameTally::Add(std::string_view name, std::uint32_t id) {
  entries_.push_back({id, static_cast<std::uint32_t>(text_.size())});
  text_.append(name).push_back('\0');
}

std::vector<std::uint32_t> NameTally::Ids() const {
  std::vector<std::uint32_t> ids;
  ids.reserve(entries_.size());
  for (const Entry& entry : entries_) ids.push_back(entry.id);
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

std::vector<std::uint32_t> NameTally::Places() const {
  std::vector<std::uint32_t> places(entries_.size());
  std::iota(places.begin(), places.end(), 0U);
  return places;
}

std::vector<std::uint32_t> NameTally::ById() const {
  std::vector<std::uint32_t> order = Places();
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return id(a) != id(b) ? id(a) < id(b) : name(a) < name(b);
  });
  return order;
}

void NameTally::ReportNames(Findings& findings) const {
  std::vector<std::uint32_t> order = Places();
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) { return name(a) < name(b); });
  const bool users = what_ == "uid";
  const std::string subject = users ? "user names" : "group names";
  Examples twice;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const bool same = name(order[i]) == name(order[i - 1]);
    const bool first = i == 1 || name(order[i - 1]) != name(order[i - 2]);
    if (same && first) twice.Add(std::string(name(order[i])));
  }
  if (twice.count() == 0) return findings.Ok(subject, "each is there once");
  findings.Error(
      subject,
      Counted(twice.count(), "name is", "names are") + " there more than once: " + twice.text(),
      users ? "give each account a name of its own: only one of its rows counts"
            : "give each group a name of its own, and let its rows stand together");
}

void NameTally::ReportIds(std::span<const std::uint32_t> meant, Findings& findings) const {
  const std::vector<std::uint32_t> order = ById();
  const std::string what(what_);
  Examples shared;
  Examples as_meant;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i + 1;
    Examples names;
    names.Add(std::string(name(order[i])));
    // One account whose row is there twice shares its id with nobody.
    while (end < order.size() && id(order[end]) == id(order[i])) {
      if (name(order[end]) != name(order[end - 1])) names.Add(std::string(name(order[end])));
      ++end;
    }
    if (names.count() > 1) {
      const bool allowed = std::ranges::find(meant, id(order[i])) != meant.end();
      (allowed ? as_meant : shared).Add(std::to_string(id(order[i])) + " (" + names.text() + ")");
    }
    i = end;
  }
  if (shared.count() > 0) {
    return findings.Warning(
        what + "s",
        Counted(shared.count(), (what + " is").c_str(), (what + "s are").c_str()) +
            " shared: " + shared.text(),
        what_ == "uid" ? "if that is meant, as for the sites of one Aegir, name it in [accounts] "
                         "allow_uids; else to the kernel they are one account"
                       : "to the kernel they are one group: give each a gid of its own");
  }
  if (as_meant.count() > 0)
    return findings.Ok(what + "s", "shared as allow_" + what + "s says: " + as_meant.text());
  findings.Ok(what + "s", "each is there once");
}

void NameTally::Report(std::span<const std::uint32_t> meant, Findings& findings) const {
  ReportNames(findings);
  ReportIds(meant, findings);
}

std::set<std::string, std::less<>> ShellsIn(std::string_view text) {
  std::set<std::string, std::less<>> shells;
  for (const std::string_view line : LinesOf(text)) {
    const auto words = WordsOf(line);
    if (!words.empty() && words[0].starts_with('/')) shells.emplace(words[0]);
  }
  return shells;
}

void ShellTally::Report(const std::set<std::string, std::less<>>& allowed,
                        Findings& findings) const {
  Examples missing;
  std::size_t accounts = 0;
  for (const auto& [shell, count] : shells_) {
    if (allowed.contains(shell) || IsNoShell(shell)) continue;
    missing.Add(shell + " (" + Counted(count, "account)", "accounts)"));
    accounts += count;
  }
  if (missing.count() == 0) return findings.Ok("shells", "all are in /etc/shells, or say no login");
  findings.Warning("shells",
                   Counted(accounts, "account has", "accounts have") +
                       " one that is not in /etc/shells: " + missing.text(),
                   "add it there if FTP servers and chsh shall take it, or mend the rows");
}

void HashTally::Add(const AuthRow& row) {
  ++rows_;
  const PasswordCheck check = Look(row, settings_);
  if (check.outcome == PasswordOutcome::kNoPassword) {
    ++locked_;
  } else if (!check.scheme || check.outcome == PasswordOutcome::kUnknownScheme) {
    ++unknown_;
  } else if (check.outcome == PasswordOutcome::kSchemeNotAllowed) {
    ++refused_[NameOf(*check.scheme)];
  } else if (IsStrong(*check.scheme)) {
    ++good_;
  } else {
    ++weak_[NameOf(*check.scheme)];
  }
}

void HashTally::End() {
  ++asked_;
  if (rows_ == 0) ++without_row_;
  if (rows_ > settings_.max_rows) ++too_many_rows_;
}

void HashTally::Report(std::size_t accounts, Findings& findings) const {
  const std::string subject = "passwords";
  std::string what = "of " + Counted(asked_, "account", "accounts");
  if (asked_ < accounts) what += " out of " + std::to_string(accounts);
  what += ": " + Counted(good_, "strong hash", "strong hashes");
  if (locked_ > 0) what += ", " + std::to_string(locked_) + " locked or NULL";
  if (without_row_ > 0) what += ", " + std::to_string(without_row_) + " without a row";
  findings.Ok(subject, what);
  if (unknown_ > 0) {
    findings.Warning(subject,
                     Counted(unknown_, "hash is", "hashes are") +
                         " not recognised, or cut off: no password opens that",
                     "sqlmapctl auth NAME says whose; see [auth] plain_hash_scheme, and whether "
                     "the column is long enough");
  }
  if (!refused_.empty()) {
    findings.Warning(subject, "refused by [auth] schemes: " + Listed(refused_),
                     "have these passwords set anew, or add the scheme there");
  }
  if (!weak_.empty()) {
    findings.Warning(subject, "accepted, though weak: " + Listed(weak_),
                     "have these passwords set anew, then take the scheme out of [auth] schemes");
  }
  if (too_many_rows_ > 0) {
    findings.Warning(
        subject,
        Counted(too_many_rows_, "account has", "accounts have") + " more rows than [auth] max_rows",
        "raise it, or let auth return fewer: the rest is never tried");
  }
}

void ReportGroups(std::span<const std::uint32_t> used, std::span<const std::uint32_t> there,
                  const LocalIds& local, Findings& findings) {
  Examples missing;
  for (const std::uint32_t gid : used) {
    if (!std::ranges::binary_search(there, gid) && local.OwnerOf(gid).empty())
      missing.Add(std::to_string(gid));
  }
  if (missing.count() == 0) return findings.Ok("primary groups", "all are there");
  findings.Warning("primary groups",
                   Counted(missing.count(), "gid is", "gids are") + " nobody's: " + missing.text(),
                   "add the groups: ls shows a number, and some programs refuse such accounts");
}

}  // namespace sqlmap
