// A child's remembered logins, put together from what its parent handed over.
#ifndef SQLMAP_DAEMON_OFFLINE_LOGINS_H_
#define SQLMAP_DAEMON_OFFLINE_LOGINS_H_

#include <memory>
#include <utility>

#include "common/account/log.h"
#include "common/account/login_gate.h"
#include "common/config/settings.h"
#include "daemon/offline_accounts.h"
#include "daemon/offline_files.h"
#include "daemon/offline_gate.h"
#include "daemon/offline_memory.h"

namespace sqlmap {

class OfflineLogins {
 public:
  // Who asks the database.
  struct Inner {
    LoginGate& logins;
    AccountSource& accounts;
    OfflineAccounts::LastWord last_word;
  };
  // Null: nothing is to be remembered. What was handed over is wiped; what cannot be used of it is
  // logged, and as good as nothing. All references must outlive it.
  static std::unique_ptr<OfflineLogins> Make(OfflineBytes& bytes, const Settings& settings,
                                             const Inner& inner, const OfflineMemory::Clock& clock,
                                             OfflineMemory::Calls calls, Log& log);

  OfflineMemory& memory() { return memory_; }
  LoginGate& gate() { return gate_; }
  AccountSource& accounts() { return accounts_; }

 private:
  OfflineLogins(const OfflineKey& key, OfflineStore store, const Settings& settings,
                const Inner& inner, const OfflineMemory::Clock& clock, OfflineMemory::Calls calls,
                Log& log)
      : memory_(key, OfflineRules(settings, key), std::move(store), clock, std::move(calls), log,
                {}),
        gate_(inner.logins, memory_, settings, clock),
        accounts_(inner.accounts, memory_, inner.last_word) {}

  OfflineMemory memory_;
  OfflineGate gate_;
  OfflineAccounts accounts_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_LOGINS_H_
