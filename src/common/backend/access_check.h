// The account stage's rules: fetches what they ask for and lets src/common/login judge.
#ifndef SQLMAP_COMMON_BACKEND_ACCESS_CHECK_H_
#define SQLMAP_COMMON_BACKEND_ACCESS_CHECK_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/log.h"
#include "common/account/login_gate.h"
#include "common/config/settings.h"
#include "common/login/access.h"
#include "common/sql/sql_account_source.h"

namespace sqlmap {

// Thread safe.
class AccessCheck {
 public:
  // How long the gid of a group of the database is remembered: so long it may take until a group
  // that was renamed or renumbered there counts as it is. That there is none is not remembered.
  static constexpr std::int64_t kRememberedSeconds = 60;

  // All must outlive the check. `log` hears, once for each, of groups that exist nowhere.
  AccessCheck(SqlAccountSource& accounts, const Settings& settings, Log& log);

  // What JudgeAccess says, of what the database says until the deadline; nullopt: there are no
  // rules.
  std::optional<LoginAnswer> Ask(const LoginRequest& request, Deadline deadline) noexcept;

 private:
  struct Group {
    explicit Group(std::string its_name) : name(std::move(its_name)) {}

    const std::string name;
    // Its gid, and in the lower half until which second; 0: none.
    std::atomic<std::uint64_t> remembered{0};
    std::atomic<bool> missed{false};  // that has been logged
  };
  using Groups = std::deque<Group>;

  LoginAnswer Judge(const LoginRequest& request, Deadline deadline);
  // The account's own group and its memberships. What could not be asked is said in `unknown`.
  std::vector<Gid> GidsOf(std::string_view name, Deadline deadline, std::string_view& unknown);
  // All of them, whether or not their gids could be asked.
  std::vector<ListedGroup> Listed(Groups& groups, Deadline deadline, std::string_view& unknown);
  // The host's group of that name, else the database's. nullopt: there is none.
  std::optional<Gid> GidOf(Group& group, Deadline deadline, std::string_view& unknown);

  SqlAccountSource& accounts_;
  const Settings& settings_;
  Log& log_;
  const std::vector<std::string> allow_users_;
  const std::vector<std::string> deny_users_;
  Groups allow_groups_;
  Groups deny_groups_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_ACCESS_CHECK_H_
