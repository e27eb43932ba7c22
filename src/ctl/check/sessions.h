// The servers of the configuration, each signed in to on its own, with both accounts.
#ifndef SQLMAP_CTL_CHECK_SESSIONS_H_
#define SQLMAP_CTL_CHECK_SESSIONS_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"
#include "common/sql/connection.h"
#include "ctl/check/grants.h"

namespace sqlmap {

// How the error begins where a server's name does not resolve in time,
inline constexpr std::string_view kNameTimeout = "its name does not resolve within ";
// and where the process that looked it up is dead.
inline constexpr std::string_view kNameUnknown = "the process that looked its name up came";

// A new connection to this server and no other, as sqlmapd makes them. Ends within
// connect_timeout_ms for its name and the greeting, and as long for the rest.
std::expected<std::unique_ptr<Connection>, SqlError> SignIn(const ServerAddress& server,
                                                            const DatabaseSettings& settings,
                                                            const Credentials& credentials,
                                                            Connection::Use use);

// As one of the two accounts.
std::expected<std::unique_ptr<Connection>, SqlError> SignInAs(AccountRole role,
                                                              const ServerAddress& server,
                                                              const Settings& settings,
                                                              Connection::Use use);

// One server, and who is signed in there.
struct Session {
  ServerAddress address;
  bool reads = false;                      // it is one of database.servers
  bool writes = false;                     // it is one of database.writers, or there are none
  std::unique_ptr<Connection> identity;    // null: it did not let us in, or nobody asks it so
  std::unique_ptr<Connection> privileged;  // likewise

  Connection* Of(AccountRole role) const {
    return role == AccountRole::kIdentity ? identity.get() : privileged.get();
  }
  // What hangs once is not waited for again.
  void GiveUp() {
    identity.reset();
    privileged.reset();
  }
};
using Sessions = std::vector<Session>;

// Every server once, connected to nobody yet.
Sessions ServersOf(const DatabaseSettings& settings);

// The first that is signed in to as this account, of those that read, or that write; null: none.
const Session* FirstFor(const Sessions& sessions, AccountRole role, bool writes);

// What a statement of our own words gives, at most 1,000 rows.
using TextRow = std::vector<std::optional<std::string>>;
std::expected<std::vector<TextRow>, SqlError> Ask(Connection& connection, std::string_view sql,
                                                  Deadline deadline);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_SESSIONS_H_
