// LoginGate for the time when no server answers: in front of the one that asks the database, it
// remembers what that one decided ([cache] offline_auth_seconds).
//
//   what the database decides          what becomes of what is remembered of the name
//   Authenticate: kAccepted            the password is remembered for this service, in the
//                                      background; another one that was remembered is forgotten
//   CheckAccount: kAccepted            the numbers of the shadow line, for this service
//   kWrongPassword                     forgotten if it is the remembered one, which was changed
//                                      elsewhere; what anybody else types changes nothing
//   kUnknownUser, kBlocked, kAccountExpired, kPasswordExpired, kPasswordMustChange,
//   kServiceNotAllowed, kAccessDenied  forgotten at once
//   ChangePassword, if it may have     forgotten at once
//   changed anything
//   anything else                      stays
//
// Where no server answers (LoginAnswer::no_server; one that answers with an error does answer), and
// only there, the remembered password is kAccepted for a service that let the name in with it, and
// another one is kWrongPassword; CheckAccount says what the remembered numbers mean today. Of what
// is not remembered the verdict stays kUnavailable. If the query `auth` or `access` asks for :rhost
// or :tty, those must be the same, too.
//
// An empty password is never remembered, nor is what another than root asked (LoginRequest::uid):
// that may only make this forget.
#ifndef SQLMAP_DAEMON_OFFLINE_GATE_H_
#define SQLMAP_DAEMON_OFFLINE_GATE_H_

#include <cstdint>

#include "common/account/login_gate.h"
#include "common/config/settings.h"
#include "daemon/offline_key.h"
#include "daemon/offline_memory.h"

namespace sqlmap {

// What decides, beside the database, whether a login is let in: what was remembered under other
// rules is of no use.
OfflineId OfflineRules(const Settings& settings, const OfflineKey& key);

class OfflineGate final : public LoginGate {
 public:
  // All must outlive the gate. `clock` is the memory's.
  OfflineGate(LoginGate& inner, OfflineMemory& memory, const Settings& settings,
              OfflineMemory::Clock clock);

  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    inner_.OpenSession(request, answer);
  }
  void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    inner_.CloseSession(request, answer);
  }

 private:
  OfflineId NameOf(const LoginRequest& request) const;
  OfflineId ScopeOf(const LoginRequest& request, OfflineStage stage) const;
  // What a verdict other than kAccepted says about the name.
  void Learn(const LoginRequest& request, LoginVerdict verdict) noexcept;
  void RecallLogin(const LoginRequest& request, LoginAnswer& answer) noexcept;
  void RecallAccount(const LoginRequest& request, LoginAnswer& answer) noexcept;

  LoginGate& inner_;
  OfflineMemory& memory_;
  const OfflineMemory::Clock clock_;
  bool by_rhost_ = false;
  bool by_tty_ = false;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_GATE_H_
