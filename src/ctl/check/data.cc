#include "ctl/check/data.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/backend/backend.h"
#include "common/sql/rows.h"
#include "ctl/check/homes.h"
#include "ctl/check/servers.h"
#include "ctl/check/stopwatch.h"
#include "ctl/check/subordinate_ids.h"
#include "ctl/check/tally.h"
#include "ctl/text_file.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kRowPatienceMs = 10'000;
constexpr std::int64_t kListMs = 60'000;
constexpr std::size_t kMostRows = 10'000'000;
constexpr std::size_t kMostPasswords = 1'000;
constexpr std::int64_t kPasswordsMs = 10'000;
constexpr std::size_t kMostHomes = 100'000;
constexpr std::int64_t kHomesMs = 5'000;
constexpr char kShells[] = "/etc/shells";
constexpr char kSubuid[] = "/etc/subuid";
constexpr char kSubgid[] = "/etc/subgid";

class Check {
 public:
  Check(const Settings& settings, Screen& screen, Findings& findings)
      : settings_(settings),
        screen_(screen),
        to_(findings),
        reader_(settings.accounts),
        host_(HostName()) {}

  std::optional<Sample> Run(const Sessions& sessions) {
    const Session* const reader = FirstFor(sessions, AccountRole::kIdentity, false);
    if (reader == nullptr) return std::nullopt;
    const bool users = Users(*reader);
    const bool groups = Groups(*reader);
    const Session* const privileged = FirstFor(sessions, AccountRole::kPrivileged, false);
    if (privileged != nullptr) {
      Shadows(*privileged);
      Passwords(*privileged);
    }
    AllTogether(users && users_.size() > 0, groups);
    if (sample_.user.empty() && sample_.group.empty()) return std::nullopt;
    return sample_;
  }

 private:
  using Visit = std::function<void(const FieldMap& fields, Row row)>;

  static std::string Key(QueryId id) {
    return std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key);
  }

  // All rows of a list query, on a connection of its own. False: they did not all come, which has
  // been said, or the query is not there.
  bool List(QueryId id, AccountRole role, const Session& session, const Visit& visit) {
    if (!settings_.query(id).configured()) {
      to_.Ok(Key(id), "is not there: these rows are not looked at");
      return false;
    }
    const auto failed = [&](const SqlError& error) {
      to_.Error(Key(id), session.address.Describe() + ": " + WordsOf(error),
                RemedyFor(error, settings_, role));
      return false;
    };
    const Stopwatch watch;
    auto connection = SignInAs(role, session.address, settings_, Connection::Use::kStream);
    if (!connection) return failed(connection.error());
    const Deadline end = Deadline::In(kListMs);
    const Deadline soon = end.AtMost(kRowPatienceMs);
    const auto prepared = (*connection)->Prepared(id, settings_.query(id), soon);
    if (!prepared) {
      to_.Warning(Key(id), "not read: the query does not prepare, see there", "mend that first");
      return false;
    }
    Statement& statement = *(*prepared)->statement;
    if (auto executed = statement.Execute({.host = host_}, soon); !executed)
      return failed(executed.error());
    for (std::size_t rows = 0;; ++rows) {
      const auto row = statement.Fetch(end.AtMost(kRowPatienceMs));
      if (row && !*row) break;
      if (end.passed() || rows == kMostRows) {
        to_.Warning(Key(id),
                    "not all looked at: " + std::to_string(rows) + " rows within " + watch.Text(),
                    "see whether the list is meant to be so long, or why the server is slow");
        return false;
      }
      if (!row) return failed(row.error());
      visit((*prepared)->fields, **row);
      if (rows % 1024 == 0) screen_.Progress("reading " + Key(id) + ": " + std::to_string(rows));
    }
    statement.WipeRows();
    return true;
  }

  std::uint32_t Stored(std::uint32_t id) const {
    return WithoutOffset(id, settings_.accounts.uid_offset).value_or(id);
  }

  bool Users(const Session& session) {
    const Stopwatch watch;
    BadRows bad;
    const bool read = List(QueryId::kGetpwent, AccountRole::kIdentity, session,
                           [&](const FieldMap& fields, Row row) {
                             RecordText text;
                             const auto user = reader_.User(fields, row, text);
                             if (!user) return bad.Add(user.error());
                             Keep(*user);
                           });
    if (!read) return false;
    if (users_.size() == 0) {
      to_.Warning("users", "there are none", "see whether the view says who has an account");
    } else {
      to_.Ok("users", std::to_string(users_.size()) + " accounts, read within " + watch.Text());
    }
    bad.Report("getpwent", to_);
    return true;
  }

  void Keep(const UserRecord& user) {
    if (users_.size() == 0) {
      sample_.user = user.name;
      sample_.uid = Stored(user.uid);
    }
    users_.Add(user.name, user.uid);
    gids_.push_back(user.gid);
    shells_.Add(user.shell);
    if (users_.size() > kMostHomes) return;
    homes_at_.push_back(homes_.size());
    homes_.append(user.home).push_back('\0');
  }

  bool Groups(const Session& session) {
    const Stopwatch watch;
    BadRows bad;
    const bool read = List(QueryId::kGetgrent, AccountRole::kIdentity, session,
                           [&](const FieldMap& fields, Row row) {
                             RecordText text;
                             const auto group = reader_.Group(fields, row, text);
                             if (!group) return bad.Add(group.error());
                             Members(fields.In(row, Field::kMember), group->name, bad);
                             // The rows of one group stand together.
                             const auto before = groups_.size();
                             if (before > 0 && groups_.name(before - 1) == group->name &&
                                 groups_.id(before - 1) == group->gid) {
                               return;
                             }
                             groups_.Add(group->name, group->gid);
                           });
    if (!read) return false;
    if (groups_.size() > 0) {
      sample_.group = groups_.name(0);
      sample_.gid = Stored(groups_.id(0));
    }
    to_.Ok("groups", std::to_string(groups_.size()) + " groups, read within " + watch.Text());
    bad.Report("getgrent", to_);
    return true;
  }

  void Members(Cell cell, std::string_view group, BadRows& bad) {
    std::string names;
    std::size_t count = 0;
    if (cell && reader_.AppendMembers(*cell, names, count) != 0)
      bad.Add({std::string(group), "a member's name breaks the name rules of [accounts]"});
  }

  void Shadows(const Session& session) {
    BadRows bad;
    std::size_t good = 0;
    const bool read = List(QueryId::kGetspent, AccountRole::kPrivileged, session,
                           [&](const FieldMap& fields, Row row) {
                             RecordText text;
                             const auto shadow = reader_.Shadow(fields, row, text);
                             if (!shadow) return bad.Add(shadow.error());
                             ++good;
                             // shadow(5): these are no hash, and nothing opens an account by them.
                             if (shadow->hash.find_first_of("*!") != 0 && shadow->hash != "x")
                               sample_.hashes = true;
                           });
    if (!read) {
      sample_.hashes = settings_.query(QueryId::kGetspnam).configured();
      return;
    }
    to_.Ok("shadow", std::to_string(good) + " lines");
    bad.Report("getspent", to_);
  }

  // The query is for one account at a time: of many, as many as can be asked in seconds.
  void Passwords(const Session& session) {
    const QueryTemplate& query = settings_.query(QueryId::kAuth);
    if (!query.configured() || users_.size() == 0) return;
    auto connection =
        SignInAs(AccountRole::kPrivileged, session.address, settings_, Connection::Use::kLookups);
    if (!connection) return;  // just now it let us in: the next run says why not
    const Deadline end = Deadline::In(kPasswordsMs);
    const auto prepared = (*connection)->Prepared(QueryId::kAuth, query, end);
    if (!prepared) return;  // which the query's own line says
    HashTally tally(settings_.auth);
    BadRows bad;
    const std::size_t count = std::min(users_.size(), kMostPasswords);
    std::set<std::string_view> asked;  // whoever is there twice has all of his rows each time
    for (std::size_t i = 0; i < count && !end.passed(); ++i) {
      const std::string_view name = users_.name(i * users_.size() / count);
      if (!asked.insert(name).second) continue;
      const auto error = PasswordsOf(name, **prepared, tally, bad);
      if (error) {
        to_.Error("auth", session.address.Describe() + ": " + WordsOf(*error),
                  RemedyFor(*error, settings_, AccountRole::kPrivileged));
        return;
      }
      if (i % 16 == 0) screen_.Progress("reading auth: " + std::to_string(i));
    }
    tally.Report(users_.size(), to_);
    bad.Report("auth", to_);
  }

  // The hashes are looked at one by one where they were read, and wiped.
  std::optional<SqlError> PasswordsOf(std::string_view name, PreparedQuery& query, HashTally& tally,
                                      BadRows& bad) {
    const Deadline deadline = Deadline::In(settings_.database.query_timeout_ms);
    Statement& statement = *query.statement;
    if (auto executed = statement.Execute({.name = name, .host = host_}, deadline); !executed)
      return executed.error();
    tally.Begin();
    for (;;) {
      const auto row = statement.Fetch(deadline);
      if (!row) return row.error();
      if (!*row) break;
      RecordText text;
      const auto auth = reader_.Auth(query.fields, **row, text);
      if (!auth) {
        bad.Add(auth.error());
      } else if (auth->name == name) {
        tally.Add(*auth);
      }
    }
    tally.End();
    statement.WipeRows();
    if (statement.Finish(deadline)) return std::nullopt;
    return SqlError{SqlError::Kind::kTimeout, "the rows did not end in time"};
  }

  void AllTogether(bool users, bool groups) {
    if (users) users_.Report(settings_.accounts.allow_uids, to_);
    if (groups) groups_.Report(settings_.accounts.allow_gids, to_);
    if (users) SubordinateIds(users_, kSubuid);
    if (groups) SubordinateIds(groups_, kSubgid);
    if (!users) return;
    if (groups) {
      std::ranges::sort(gids_);
      gids_.erase(std::ranges::unique(gids_).begin(), gids_.end());
      ReportGroups(gids_, groups_.Ids(), settings_.accounts.local_gids, to_);
    }
    if (const auto text = ReadTextFile(kShells)) {
      shells_.Report(ShellsIn(*text), to_);
    } else {
      to_.Warning("shells", std::string(kShells) + ": " + text.error(), "write it: see shells(5)");
    }
    Homes();
  }

  // A host without the file has given none.
  void SubordinateIds(const NameTally& ids, const char* path) {
    if (const auto text = ReadTextFile(path)) {
      ReportSubordinateIds(ids, *text, settings_.accounts.local_uids, to_);
    } else if (access(path, F_OK) == 0) {
      to_.Warning(path, text.error(), "mend it: see subuid(5)");
    }
  }

  void Homes() {
    if (users_.size() > kMostHomes) {
      return to_.Ok("homes", "not looked at: more than " + std::to_string(kMostHomes));
    }
    screen_.Progress("looking at homes");
    std::vector<std::string_view> homes;
    homes.reserve(homes_at_.size());
    for (const std::size_t at : homes_at_) homes.emplace_back(homes_.data() + at);
    const HomesSeen seen = LookAtHomes(homes, Deadline::In(kHomesMs));
    std::string examples;
    for (const std::string& example : seen.examples)
      examples += (examples.empty() ? "" : ", ") + example;
    if (seen.hung) {
      to_.Warning("homes", "a look at " + seen.last + " did not end in time",
                  "see whether its file system hangs; those behind it were not looked at");
    } else if (!seen.last.empty()) {
      to_.Warning("homes", "the process that looked came to its end too early, at " + seen.last,
                  "see whether memory is short; those behind it were not looked at");
    }
    const std::size_t wrong = seen.missing + seen.no_directory;
    if (wrong == 0) {
      if (seen.last.empty()) to_.Ok("homes", std::to_string(seen.there) + " are there");
      return;
    }
    std::string what =
        "of " + std::to_string(homes.size()) + ": " + std::to_string(seen.missing) + " missing";
    if (seen.no_directory > 0) what += ", " + std::to_string(seen.no_directory) + " no directory";
    to_.Warning("homes", what + ": " + examples + (wrong > seen.examples.size() ? ", ..." : ""),
                "make them, or let a login do it: mkhome= of pam_sqlmap.so in doc/pam.md");
  }

  const Settings& settings_;
  Screen& screen_;
  Findings& to_;
  const RowReader reader_;
  const std::string host_;

  Sample sample_;
  NameTally users_{"uid"};
  NameTally groups_{"gid"};
  std::vector<std::uint32_t> gids_;
  ShellTally shells_;
  std::string homes_;  // each with a NUL
  std::vector<std::size_t> homes_at_;
};

}  // namespace

std::optional<Sample> CheckData(const Settings& settings, const Sessions& sessions, Screen& screen,
                                Findings& findings) {
  return Check(settings, screen, findings).Run(sessions);
}

}  // namespace sqlmap
