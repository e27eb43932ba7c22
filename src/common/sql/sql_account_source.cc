#include "common/sql/sql_account_source.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "common/account/rules.h"
#include "common/sql/sql_cursor.h"
#include "common/sql/wiped_string.h"

namespace sqlmap {
namespace {

// No exception leaves the source: without memory there is no answer.
template <class Work>
Answer Guarded(Work work) noexcept {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return Answer::Unavailable(Reason::kNoMemory);
  } catch (...) {
    return Answer::Unavailable(Reason::kServerError);
  }
}

Deadline CallDeadline() { return Deadline::In(QueryRunner::kCallBudgetMs); }

// A user that outlives its row.
struct OwnedUser {
  explicit OwnedUser(const UserRecord& user)
      : name(user.name),
        password(user.password),
        uid(user.uid),
        gid(user.gid),
        gecos(user.gecos),
        home(user.home),
        shell(user.shell) {}
  UserRecord view() const { return {name, password, uid, gid, gecos, home, shell}; }

  std::string name, password;
  Uid uid;
  Gid gid;
  std::string gecos, home, shell;
};

struct OwnedAuthRow {
  std::string name;
  std::optional<WipedString> hash;
  std::string scheme, owner, services;
  bool enabled;

  explicit OwnedAuthRow(const AuthRow& row)
      : name(row.name),
        scheme(row.scheme),
        owner(row.owner),
        services(row.services),
        enabled(row.enabled) {
    if (row.hash) hash.emplace(*row.hash);
  }
  AuthRow view() const {
    return {name,    hash ? std::optional<std::string_view>(hash->view()) : std::nullopt,
            scheme,  owner,
            enabled, services};
  }
};

}  // namespace

SqlAccountSource::SqlAccountSource(QueryRunner& runner, std::string host)
    : runner_(runner),
      settings_(runner.settings()),
      reader_(settings_.accounts),
      complaints_(runner.log()),
      host_(std::move(host)) {}

// A name that is not in the form in which it would be served is nobody's: no answer is for another
// name than the one asked.
bool SqlAccountSource::Allowed(std::string_view name) const {
  return settings_.accounts.names.Allows(name) && reader_.Canonical(name) == name;
}

Answer SqlAccountSource::Outcome(QueryId id, const SqlError& error) {
  complaints_.OnError(id, error);
  return Answer::Unavailable(error.reason());
}

Answer SqlAccountSource::FindUserByName(std::string_view name, UserSink found) noexcept {
  return FindUserByName(name, CallDeadline(), found);
}

Answer SqlAccountSource::FindUserByName(std::string_view name, Deadline deadline,
                                        UserSink found) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kGetpwnam;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(name)) return Answer::Absent();
    bool done = false;
    RecordText text;
    const auto result = runner_.Run(kId, {.name = name, .host = host_}, deadline,
                                    [&](const FieldMap& fields, Row row) {
                                      const auto user = reader_.User(fields, row, text);
                                      if (!user) {
                                        complaints_.OnBadRow(kId, user.error());
                                        return true;
                                      }
                                      if (user->name != name) return true;
                                      found(*user);
                                      done = true;
                                      return false;
                                    });
    if (done) return Answer::Found();
    return result ? Answer::Absent() : Outcome(kId, result.error());
  });
}

Answer SqlAccountSource::FindUserById(Uid uid, UserSink found) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kGetpwuid;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    const auto stored = WithoutOffset(uid, settings_.accounts.uid_offset);
    if (!stored || !settings_.accounts.uid_rules().Allows(uid)) return Answer::Absent();
    std::optional<OwnedUser> best;
    std::size_t rows = 0;
    RecordText text;
    const auto result = runner_.Run(
        kId, {.uid = *stored, .host = host_}, CallDeadline(), [&](const FieldMap& fields, Row row) {
          ++rows;
          const auto user = reader_.User(fields, row, text);
          if (!user) {
            complaints_.OnBadRow(kId, user.error());
          } else if (user->uid == uid && (!best || AnswersForId(user->name, best->name))) {
            best.emplace(*user);
          }
          return true;
        });
    if (!result) return Outcome(kId, result.error());
    if (!best && rows > 1) {
      return Outcome(kId, {SqlError::Kind::kServer,
                           "getpwuid: none of " + std::to_string(rows) + " rows for uid " +
                               std::to_string(uid) +
                               " is an account, and the query's LIMIT may hide one that is"});
    }
    if (!best) return Answer::Absent();
    found(best->view());
    return Answer::Found();
  });
}

Answer SqlAccountSource::FindGroup(QueryId id, const QueryArguments& arguments,
                                   std::string_view name, Gid gid, Deadline deadline,
                                   GroupSink found) {
  std::string group_name;
  std::string password;
  Gid group_gid = 0;
  std::string members;
  std::size_t member_count = 0;
  bool members_in_rows = false;
  RecordText text;
  const auto result = runner_.Run(id, arguments, deadline, [&](const FieldMap& fields, Row row) {
    const auto group = reader_.Group(fields, row, text);
    if (!group) {
      complaints_.OnBadRow(id, group.error());
      return true;
    }
    const bool asked = name.empty() ? group->gid == gid : group->name == name;
    if (!asked) return true;
    if (group_name.empty()) {
      group_name = group->name;
      password = group->password;
      group_gid = group->gid;
      members_in_rows = fields.Has(Field::kMember);
    } else if (group->name != group_name || group->gid != group_gid) {
      return true;
    }
    AppendMembers(id, fields.In(row, Field::kMember), group_name, members, member_count);
    return members_in_rows;
  });
  if (!result) return Outcome(id, result.error());
  if (group_name.empty()) return Answer::Absent();
  if (!members_in_rows) {
    if (auto read = ReadMembers(group_gid, deadline, members, member_count); !read) {
      return Outcome(QueryId::kMemsbygid, read.error());
    }
  }
  found({group_name, password, group_gid, {members, member_count}});
  return Answer::Found();
}

void SqlAccountSource::AppendMembers(QueryId id, Cell cell, const std::string& group,
                                     std::string& names, std::size_t& count) {
  if (cell && reader_.AppendMembers(*cell, names, count) != 0) {
    complaints_.OnBadRow(id, {group, "a member's name breaks the name rules of [accounts]"});
  }
}

std::expected<void, SqlError> SqlAccountSource::ReadMembers(Gid gid, Deadline deadline,
                                                            std::string& names,
                                                            std::size_t& count) {
  constexpr QueryId kId = QueryId::kMemsbygid;
  const auto stored = WithoutOffset(gid, settings_.accounts.uid_offset);
  if (!settings_.query(kId).configured() || !stored) return {};
  return runner_.Run(
      kId, {.gid = *stored, .host = host_}, deadline, [&](const FieldMap& fields, Row row) {
        if (row.empty()) {
          complaints_.OnBadRow(kId, {"gid " + std::to_string(gid), "a field is longer than 1 MiB"});
          return true;
        }
        const Cell member =
            fields.In(row, fields.Has(Field::kMember) ? Field::kMember : Field::kUserName);
        AppendMembers(kId, member, "gid " + std::to_string(gid), names, count);
        return true;
      });
}

Answer SqlAccountSource::FindGroupByName(std::string_view name, GroupSink found) noexcept {
  return FindGroupByName(name, CallDeadline(), found);
}

Answer SqlAccountSource::FindGroupByName(std::string_view name, Deadline deadline,
                                         GroupSink found) noexcept {
  return Guarded([&] {
    if (!settings_.query(QueryId::kGetgrnam).configured())
      return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(name)) return Answer::Absent();
    return FindGroup(QueryId::kGetgrnam, {.name = name, .host = host_}, name, 0, deadline, found);
  });
}

Answer SqlAccountSource::FindGroupById(Gid gid, GroupSink found) noexcept {
  return Guarded([&] {
    if (!settings_.query(QueryId::kGetgrgid).configured())
      return Answer::Unavailable(Reason::kNotConfigured);
    const auto stored = WithoutOffset(gid, settings_.accounts.uid_offset);
    if (!stored || !settings_.accounts.gid_rules().Allows(gid)) return Answer::Absent();
    return FindGroup(QueryId::kGetgrgid, {.gid = *stored, .host = host_}, {}, gid, CallDeadline(),
                     found);
  });
}

Answer SqlAccountSource::FindGroupsOfUser(std::string_view name, GidsSink found) noexcept {
  return FindGroupsOfUser(name, CallDeadline(), found);
}

Answer SqlAccountSource::FindGroupsOfUser(std::string_view name, Deadline deadline,
                                          GidsSink found) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kGidsbymem;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(name)) return Answer::Absent();
    std::vector<Gid> gids;
    const auto result = runner_.Run(
        kId, {.name = name, .host = host_}, deadline, [&](const FieldMap& fields, Row row) {
          if (fields.Has(Field::kUserName)) {
            const Cell member = row.empty() ? Cell{} : fields.In(row, Field::kUserName);
            if (!member || reader_.Canonical(*member) != name) return true;
          }
          const auto gid = reader_.GroupOfUser(fields, row);
          if (gid) {
            gids.push_back(*gid);
          } else {
            complaints_.OnBadRow(kId, gid.error());
          }
          return true;
        });
    if (!result) return Outcome(kId, result.error());
    std::sort(gids.begin(), gids.end());
    gids.erase(std::unique(gids.begin(), gids.end()), gids.end());
    if (gids.empty()) return Answer::Absent();
    found(gids);
    return Answer::Found();
  });
}

Answer SqlAccountSource::FindShadow(std::string_view name, ShadowSink found) noexcept {
  return FindShadow(name, CallDeadline(), found);
}

Answer SqlAccountSource::FindShadow(std::string_view name, Deadline deadline, ShadowSink found,
                                    Asked asked) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kGetspnam;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(name)) return Answer::Absent();
    bool done = false;
    RecordText text;
    const auto result = runner_.Run(
        kId, {.name = name, .host = host_}, deadline,
        [&](const FieldMap& fields, Row row) {
          const auto shadow = reader_.Shadow(fields, row, text);
          if (!shadow) {
            complaints_.OnBadRow(kId, shadow.error());
            return true;
          }
          if (shadow->name != name) return true;
          found(*shadow);
          done = true;
          return false;
        },
        asked);
    if (done) return Answer::Found();
    return result ? Answer::Absent() : Outcome(kId, result.error());
  });
}

Answer SqlAccountSource::FindAuthRows(const LoginRequest& request, Deadline deadline,
                                      FunctionRef<void(std::span<const AuthRow>)> found,
                                      Asked asked) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kAuth;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(request.name)) return Answer::Absent();
    std::vector<OwnedAuthRow> rows;
    rows.reserve(settings_.auth.max_rows + 1);
    RecordText text;
    const QueryArguments arguments{.name = request.name,
                                   .service = request.service,
                                   .rhost = request.rhost,
                                   .tty = request.tty,
                                   .host = host_};
    const auto result = runner_.Run(
        kId, arguments, deadline,
        [&](const FieldMap& fields, Row row) {
          const auto auth = reader_.Auth(fields, row, text);
          if (!auth) {
            complaints_.OnBadRow(kId, auth.error());
            return true;
          }
          if (auth->name == request.name) rows.emplace_back(*auth);
          return rows.size() <= settings_.auth.max_rows;
        },
        asked);
    if (!result) return Outcome(kId, result.error());
    if (rows.empty()) return Answer::Absent();
    std::vector<AuthRow> views;
    views.reserve(rows.size());
    for (const OwnedAuthRow& row : rows) views.push_back(row.view());
    found(views);
    return Answer::Found();
  });
}

Answer SqlAccountSource::FindAccess(const LoginRequest& request, Deadline deadline,
                                    FunctionRef<void(bool allowed)> found) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kAccess;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(request.name)) return Answer::Absent();
    bool any = false;
    bool allowed = true;
    const QueryArguments arguments{.name = request.name,
                                   .service = request.service,
                                   .rhost = request.rhost,
                                   .tty = request.tty,
                                   .host = host_};
    const auto result = runner_.Run(kId, arguments, deadline, [&](const FieldMap& fields, Row row) {
      // A row that cannot be read says nothing, and so it does not say yes.
      if (row.empty()) {
        any = true;
        allowed = false;
        return false;
      }
      // The server compares names more generously than we do: that one is somebody else's.
      if (fields.Has(Field::kUserName)) {
        const Cell name = fields.In(row, Field::kUserName);
        if (!name || reader_.Canonical(*name) != request.name) return true;
      }
      any = true;
      if (fields.Has(Field::kAllowed) && fields.In(row, Field::kAllowed) != "1") allowed = false;
      return allowed;
    });
    if (!result) return Outcome(kId, result.error());
    if (!any) return Answer::Absent();
    found(allowed);
    return Answer::Found();
  });
}

Answer SqlAccountSource::FindSshKeys(std::string_view name, Deadline deadline,
                                     FunctionRef<void(const SshKeyRows& rows)> found) noexcept {
  return Guarded([&] {
    constexpr QueryId kId = QueryId::kSshKeys;
    if (!settings_.query(kId).configured()) return Answer::Unavailable(Reason::kNotConfigured);
    if (!Allowed(name)) return Answer::Absent();
    SshKeyRows rows;
    std::size_t number = 0;
    std::size_t bytes = 0;
    const auto result = runner_.Run(
        kId, {.name = name, .host = host_}, deadline, [&](const FieldMap& fields, Row cells) {
          ++number;
          ++bytes;
          for (const Cell& cell : cells) bytes += cell ? cell->size() : 0;
          // No cells: a field is longer than 1 MiB.
          if (cells.empty() || number > SshKeyRows::kMost || bytes > SshKeyRows::kMostBytes) {
            rows.all_from = number;
            return false;
          }
          const Cell owner = fields.In(cells, Field::kUserName);
          const Cell text = fields.In(cells, Field::kSshKey);
          // The server compares names more generously than we do: that one is somebody else's.
          if (!owner) {
            complaints_.OnBadRow(kId, {"?", "username is NULL"});
          } else if (text && reader_.Canonical(*owner) == name) {
            rows.rows.push_back({number, std::string(*text)});
          }
          return true;
        });
    if (!result) return Outcome(kId, result.error());
    if (rows.rows.empty() && rows.all_from == 0) return Answer::Absent();
    found(rows);
    return Answer::Found();
  });
}

std::expected<void, SqlAccountSource::WriteError> SqlAccountSource::Write(
    QueryId id, QueryArguments arguments, std::optional<std::uint64_t> rows,
    Deadline deadline) noexcept {
  try {
    if (!settings_.query(id).configured()) {
      return std::unexpected(
          WriteError{{SqlError::Kind::kServer, "no query is configured for this"}});
    }
    arguments.host = host_;
    auto written = runner_.Write(id, arguments, rows, deadline);
    if (!written) complaints_.OnError(id, written.error().error);
    return written;
  } catch (...) {
    return std::unexpected(WriteError{{SqlError::Kind::kNoMemory, "out of memory"}, true});
  }
}

std::expected<TableReader, SqlError> SqlAccountSource::ReadTables() {
  return TableReader::Begin(runner_, reader_, complaints_, host_);
}

std::expected<std::string, SqlError> SqlAccountSource::Version() noexcept {
  try {
    std::optional<std::string> version;
    const auto result = runner_.Run(QueryId::kVersion, {.host = host_}, CallDeadline(),
                                    [&](const FieldMap&, Row row) {
                                      version = VersionIn(row);
                                      return false;
                                    });
    if (!result) return std::unexpected(result.error());
    if (!version) return std::unexpected(NoVersion());
    return *std::move(version);
  } catch (...) {
    return std::unexpected(SqlError{SqlError::Kind::kNoMemory, "out of memory"});
  }
}

Answer SqlAccountSource::ListUsers(Cursor<UserRecord>*& cursor) noexcept {
  return Guarded([&] { return OpenUserCursor(runner_, reader_, complaints_, host_, cursor); });
}

Answer SqlAccountSource::ListGroups(Cursor<GroupRecord>*& cursor) noexcept {
  return Guarded([&] {
    const auto members = [this](Gid gid, Deadline deadline, std::string& names,
                                std::size_t& count) {
      return ReadMembers(gid, deadline, names, count);
    };
    return OpenGroupCursor(runner_, reader_, complaints_, host_, members, cursor);
  });
}

Answer SqlAccountSource::ListShadows(Cursor<ShadowRecord>*& cursor) noexcept {
  return Guarded([&] { return OpenShadowCursor(runner_, reader_, complaints_, host_, cursor); });
}

}  // namespace sqlmap
