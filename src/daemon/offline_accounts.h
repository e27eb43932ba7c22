// AccountSource for the time when no server answers: of an account that a server let in
// (OfflineGate), the numbers of the shadow line are remembered, too. Behind pam_sqlmap stands
// pam_unix, which refuses an account without one. Everything else is the database's alone.
#ifndef SQLMAP_DAEMON_OFFLINE_ACCOUNTS_H_
#define SQLMAP_DAEMON_OFFLINE_ACCOUNTS_H_

#include <cstdint>
#include <functional>
#include <utility>

#include "common/account/account_source.h"
#include "daemon/offline_memory.h"

namespace sqlmap {

class OfflineAccounts final : public AccountSource {
 public:
  // When a server last said anything: see SqlAccountSource::LastWordMs.
  using LastWord = std::function<std::int64_t()>;

  // Both references must outlive it.
  OfflineAccounts(AccountSource& inner, OfflineMemory& memory, LastWord last_word)
      : inner_(inner), memory_(memory), last_word_(std::move(last_word)) {}

  // While no server answers: the remembered line, with "*" for the hash.
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override;

  Answer FindUserByName(std::string_view name, UserSink found) noexcept override {
    return inner_.FindUserByName(name, found);
  }
  Answer FindUserById(Uid uid, UserSink found) noexcept override {
    return inner_.FindUserById(uid, found);
  }
  Answer FindGroupByName(std::string_view name, GroupSink found) noexcept override {
    return inner_.FindGroupByName(name, found);
  }
  Answer FindGroupById(Gid gid, GroupSink found) noexcept override {
    return inner_.FindGroupById(gid, found);
  }
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override {
    return inner_.FindGroupsOfUser(name, found);
  }
  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override {
    return inner_.ListUsers(cursor);
  }
  Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept override {
    return inner_.ListGroups(cursor);
  }
  Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept override {
    return inner_.ListShadows(cursor);
  }

 private:
  AccountSource& inner_;
  OfflineMemory& memory_;
  const LastWord last_word_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_ACCOUNTS_H_
