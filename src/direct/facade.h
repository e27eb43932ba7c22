// What the modules see of the plugin: it keeps the engine alive for the length of a call or a walk,
// and the host's errno and cancellation state as they were.
#ifndef SQLMAP_DIRECT_FACADE_H_
#define SQLMAP_DIRECT_FACADE_H_

#include "common/account/account_source.h"
#include "common/account/login_gate.h"
#include "direct/engine.h"

namespace sqlmap {

class AccountFacade final : public AccountSource {
 public:
  constexpr explicit AccountFacade(EngineHolder& holder) noexcept : holder_(holder) {}

  Answer FindUserByName(std::string_view name, UserSink found) noexcept override;
  Answer FindUserById(Uid uid, UserSink found) noexcept override;
  Answer FindGroupByName(std::string_view name, GroupSink found) noexcept override;
  Answer FindGroupById(Gid gid, GroupSink found) noexcept override;
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override;
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override;
  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override;
  Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept override;
  Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept override;

 private:
  EngineHolder& holder_;
};

class LoginFacade final : public LoginGate {
 public:
  constexpr explicit LoginFacade(EngineHolder& holder) noexcept : holder_(holder) {}

  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;

 private:
  EngineHolder& holder_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_FACADE_H_
