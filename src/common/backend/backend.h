// One configuration at work: its servers, pools and sources. The one place where the SQL layer and
// the decisions about logins meet; the plugin and the daemon each make theirs of it.
#ifndef SQLMAP_COMMON_BACKEND_BACKEND_H_
#define SQLMAP_COMMON_BACKEND_BACKEND_H_

#include <optional>
#include <string>
#include <vector>

#include "common/account/log.h"
#include "common/backend/login.h"
#include "common/backend/ssh_keys.h"
#include "common/config/settings.h"
#include "common/sql/dial.h"
#include "common/sql/pool.h"
#include "common/sql/query_runner.h"
#include "common/sql/server_list.h"
#include "common/sql/sql_account_source.h"

namespace sqlmap {

// gethostname(2): :host, and who this host is.
std::string HostName();

// An account of the database whose password the process keeps.
class KeptCredentials final : public CredentialSource {
 public:
  // Both must outlive it. An empty user: there is no such account.
  KeptCredentials(const std::string& user, const std::string& password)
      : user_(user), password_(password) {}
  bool Get(Credentials& credentials) noexcept override;

 private:
  const std::string& user_;
  const std::string& password_;
};

class Backend {
 public:
  // How a process is to treat the database.
  struct Manner {
    Dial::Names names;             // who resolves the names of servers
    Pool::Idle privileged_idle;    // what becomes of privileged connections after a call, those
                                   // to writers too
    CredentialSource* privileged;  // not owned; null: settings.privileged, which is kept then
  };

  // `log` must outlive it. Connects to nobody.
  Backend(Settings settings, const Manner& manner, Log& log);
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  SqlAccountSource& accounts() { return accounts_; }
  SqlLoginGate& logins() { return logins_; }
  SshKeys& ssh_keys() { return ssh_keys_; }
  const Settings& settings() const { return settings_; }
  // How it fares with the database. Thread safe.
  struct Report {
    const char* pool;  // "accounts", "privileged", "writes"
    Pool::Report report;
  };
  std::vector<Report> Describe();
  Latency& queries() { return runner_.latency(); }
  // For a backend that has been replaced.
  void CloseIdle() {
    identity_.CloseIdle();
    privileged_.CloseIdle();
    writers_.CloseIdle();
  }

 private:
  CredentialSource& PrivilegedCredentials(const Manner& manner) {
    return manner.privileged == nullptr ? privileged_credentials_ : *manner.privileged;
  }

  Settings settings_;  // as it was given, until the end
  KeptCredentials identity_credentials_;
  KeptCredentials privileged_credentials_;
  ServerList servers_;
  std::optional<ServerList> writer_servers_;  // if they are others
  Pool identity_;
  Pool privileged_;
  Pool writers_;
  QueryRunner runner_;
  SqlAccountSource accounts_;
  SqlLoginGate logins_;
  SshKeys ssh_keys_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_BACKEND_H_
