#include "common/login/access.h"

#include <algorithm>

#include "common/account/line_writer.h"

namespace sqlmap {
namespace {

bool Names(std::span<const std::string> users, std::string_view name) {
  return std::ranges::find(users, name) != users.end();
}

// Null: none of them is a group of the account.
const ListedGroup* FirstOf(std::span<const ListedGroup> groups, std::span<const Gid> gids) {
  const auto is_in = [&](const ListedGroup& group) {
    return group.gid.has_value() && std::ranges::find(gids, *group.gid) != gids.end();
  };
  const auto found = std::ranges::find_if(groups, is_in);
  return found == groups.end() ? nullptr : &*found;
}

LoginAnswer Judged(LoginVerdict verdict, std::string_view what, std::string_view why = {}) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter(answer.reason).Text(what).Text(why);
  return answer;
}

LoginAnswer GroupsUnknown(std::string_view why) {
  return Judged(LoginVerdict::kUndecided, "the groups that [access] asks for are not known: ", why);
}

}  // namespace

LoginAnswer JudgeAccess(const AccessRules& rules, std::string_view name,
                        const AccessFacts& facts) noexcept {
  using enum LoginVerdict;
  if (Names(rules.deny_users, name)) return Judged(kAccessDenied, "access.deny_users names it");
  const bool groups_known = facts.groups_unknown.empty();
  if (!rules.deny_groups.empty() && !groups_known) return GroupsUnknown(facts.groups_unknown);
  if (const ListedGroup* group = FirstOf(rules.deny_groups, facts.gids); group != nullptr) {
    LoginAnswer answer = Judged(kAccessDenied, {});
    LineWriter(answer.reason).Text("access.deny_groups names its group ").Foreign(group->name);
    return answer;
  }
  const bool any_allow_list = !rules.allow_users.empty() || !rules.allow_groups.empty();
  if (any_allow_list && !Names(rules.allow_users, name)) {
    if (!rules.allow_groups.empty() && !groups_known) return GroupsUnknown(facts.groups_unknown);
    if (FirstOf(rules.allow_groups, facts.gids) == nullptr) {
      return Judged(kAccessDenied,
                    "neither access.allow_users names it nor access.allow_groups "
                    "a group of its");
    }
  }
  switch (facts.row) {
    case AccessRow::kNotAsked:
    case AccessRow::kYes:
      return Judged(kAccepted, {});
    case AccessRow::kNone:
      return Judged(kAccessDenied, "the access query gave no row");
    case AccessRow::kNo:
      return Judged(kAccessDenied, "the access query gave a row whose column allowed is not 1");
    case AccessRow::kUnknown:
      break;
  }
  return Judged(kUndecided, "the access query failed: ", facts.row_unknown);
}

}  // namespace sqlmap
