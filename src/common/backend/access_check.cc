#include "common/backend/access_check.h"

#include <string>

#include "common/account/line_writer.h"
#include "common/account/rules.h"
#include "common/backend/reason_words.h"
#include "common/process/monotonic.h"

namespace sqlmap {
namespace {

constexpr std::string_view kNoPrimaryGroup =
    "the query getpwnam, which tells an account's own group, is not configured";

// In the form in which names are served.
std::string Canonical(std::string name, const AccountSettings& accounts) {
  if (accounts.name_case == NameCase::kLower) LowerCase(name, name.data());
  return name;
}

std::vector<std::string> Canonical(const std::vector<std::string>& names,
                                   const AccountSettings& accounts) {
  std::vector<std::string> canonical;
  canonical.reserve(names.size());
  for (const std::string& name : names) canonical.push_back(Canonical(name, accounts));
  return canonical;
}

std::uint64_t NowSeconds() { return static_cast<std::uint64_t>(MonotonicMs() / 1000); }

}  // namespace

AccessCheck::AccessCheck(SqlAccountSource& accounts, const Settings& settings, Log& log)
    : accounts_(accounts),
      settings_(settings),
      log_(log),
      allow_users_(Canonical(settings.access.allow_users, settings.accounts)),
      deny_users_(Canonical(settings.access.deny_users, settings.accounts)) {
  for (const std::string& name : settings.access.allow_groups) allow_groups_.emplace_back(name);
  for (const std::string& name : settings.access.deny_groups) deny_groups_.emplace_back(name);
}

std::optional<LoginAnswer> AccessCheck::Ask(const LoginRequest& request,
                                            Deadline deadline) noexcept {
  if (!settings_.query(QueryId::kAccess).configured() && !settings_.access.configured()) {
    return std::nullopt;
  }
  try {
    return Judge(request, deadline);
  } catch (...) {
    LoginAnswer answer;
    answer.verdict = LoginVerdict::kUndecided;
    LineWriter(answer.reason).Text(WordsFor(Reason::kNoMemory));
    return answer;
  }
}

LoginAnswer AccessCheck::Judge(const LoginRequest& request, Deadline deadline) {
  AccessFacts facts;
  std::vector<Gid> gids;
  if (settings_.access.names_groups()) {
    gids = GidsOf(request.name, deadline, facts.groups_unknown);
    facts.gids = gids;
  }
  const std::vector<ListedGroup> deny = Listed(deny_groups_, deadline, facts.groups_unknown);
  const std::vector<ListedGroup> allow = Listed(allow_groups_, deadline, facts.groups_unknown);
  if (settings_.query(QueryId::kAccess).configured()) {
    const Answer answer = accounts_.FindAccess(request, deadline, [&facts](bool allowed) {
      facts.row = allowed ? AccessRow::kYes : AccessRow::kNo;
    });
    if (answer.absent()) facts.row = AccessRow::kNone;
    if (answer.unavailable()) {
      facts.row = AccessRow::kUnknown;
      facts.row_unknown = WordsFor(answer.reason);
    }
  }
  return JudgeAccess({allow_users_, deny_users_, allow, deny}, request.name, facts);
}

std::vector<Gid> AccessCheck::GidsOf(std::string_view name, Deadline deadline,
                                     std::string_view& unknown) {
  std::vector<Gid> gids;
  const Answer user = accounts_.FindUserByName(
      name, deadline, [&gids](const UserRecord& record) { gids.push_back(record.gid); });
  if (user.unavailable()) {
    unknown = user.reason == Reason::kNotConfigured ? kNoPrimaryGroup : WordsFor(user.reason);
    return gids;
  }
  const Answer groups =
      accounts_.FindGroupsOfUser(name, deadline, [&gids](std::span<const Gid> memberships) {
        gids.insert(gids.end(), memberships.begin(), memberships.end());
      });
  // Without that query accounts have no memberships.
  if (groups.unavailable() && groups.reason != Reason::kNotConfigured) {
    unknown = WordsFor(groups.reason);
  }
  return gids;
}

std::vector<ListedGroup> AccessCheck::Listed(Groups& groups, Deadline deadline,
                                             std::string_view& unknown) {
  std::vector<ListedGroup> listed;
  listed.reserve(groups.size());
  for (Group& group : groups) listed.push_back({group.name, GidOf(group, deadline, unknown)});
  return listed;
}

std::optional<Gid> AccessCheck::GidOf(Group& group, Deadline deadline, std::string_view& unknown) {
  if (const auto local = settings_.accounts.local_gids.IdOf(group.name)) return local;
  constexpr std::uint64_t kSeconds = 0xffffffffU;
  const std::uint64_t remembered = group.remembered.load(std::memory_order_relaxed);
  if ((remembered & kSeconds) > NowSeconds()) return static_cast<Gid>(remembered >> 32);
  if (!unknown.empty()) return std::nullopt;

  std::optional<Gid> gid;
  const Answer answer =
      accounts_.FindGroupByName(Canonical(group.name, settings_.accounts), deadline,
                                [&gid](const GroupRecord& record) { gid = record.gid; });
  if (answer.unavailable()) {
    unknown = WordsFor(answer.reason);
    return std::nullopt;
  }
  if (gid) {
    const std::uint64_t until = NowSeconds() + kRememberedSeconds;
    group.remembered.store((std::uint64_t{*gid} << 32) | (until & kSeconds),
                           std::memory_order_relaxed);
  } else if (!group.missed.exchange(true, std::memory_order_relaxed)) {
    char text[256];
    LineWriter line(text);
    line.Text("[access] names the group ").Foreign(group.name);
    line.Text(", which neither this host nor the database has: nobody is in it");
    log_.Write(LogLevel::kWarning, line.text());
  }
  return gid;
}

}  // namespace sqlmap
