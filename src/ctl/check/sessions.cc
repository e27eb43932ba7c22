#include "ctl/check/sessions.h"

#include <netdb.h>

#include <algorithm>
#include <utility>

#include "common/sql/dial.h"
#include "ctl/check/seen_in_time.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostRows = 1000;

// getaddrinfo(3) takes as long as it likes: somebody else tries first. Whoever has just answered
// does so again.
Seen LookUpName(const std::string& host, Deadline deadline) {
  const auto look_up = [&host](std::size_t) {
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, nullptr, &found) == 0) freeaddrinfo(found);
    return '.';
  };
  return SeenInTime(1, look_up, deadline);
}

SqlError Unresolved(const Seen& seen, std::uint32_t patience_ms) {
  if (seen.ended)
    return {SqlError::Kind::kUnreachable, std::string(kNameUnknown) + " to its end too early"};
  return {SqlError::Kind::kTimeout,
          std::string(kNameTimeout) + std::to_string(patience_ms) + " ms"};
}

}  // namespace

std::expected<std::unique_ptr<Connection>, SqlError> SignIn(const ServerAddress& server,
                                                            const DatabaseSettings& settings,
                                                            const Credentials& credentials,
                                                            Connection::Use use) {
  const Deadline greeting = Deadline::In(settings.connect_timeout_ms);
  if (!server.is_socket()) {
    const Seen seen = LookUpName(server.host, greeting);
    if (seen.words.empty()) return std::unexpected(Unresolved(seen, settings.connect_timeout_ms));
  }
  auto dial = Dial::Start(server, Dial::Names::kDns, 0, greeting, settings.socket_uid);
  if (!dial) return std::unexpected(std::move(dial.error()));
  const auto greeted = dial->AwaitGreeting(greeting);
  if (!greeted) return std::unexpected(greeted.error());
  if (!*greeted) {
    return std::unexpected(
        SqlError{SqlError::Kind::kTimeout,
                 "no greeting within " + std::to_string(settings.connect_timeout_ms) + " ms"});
  }
  return Connection::Open(*std::move(dial), server, settings, credentials, use,
                          Deadline::In(settings.connect_timeout_ms));
}

std::expected<std::unique_ptr<Connection>, SqlError> SignInAs(AccountRole role,
                                                              const ServerAddress& server,
                                                              const Settings& settings,
                                                              Connection::Use use) {
  const bool identity = role == AccountRole::kIdentity;
  const Credentials credentials(
      identity ? settings.database.user : settings.privileged.user,
      identity ? settings.database.password : settings.privileged.password);
  return SignIn(server, settings.database, credentials, use);
}

Sessions ServersOf(const DatabaseSettings& settings) {
  Sessions sessions;
  const auto place = [&](const ServerAddress& address) -> Session& {
    const auto found = std::ranges::find(sessions, address, &Session::address);
    if (found != sessions.end()) return *found;
    sessions.emplace_back();
    sessions.back().address = address;
    return sessions.back();
  };
  for (const ServerAddress& address : settings.servers) place(address).reads = true;
  const auto& writers = settings.writers.empty() ? settings.servers : settings.writers;
  for (const ServerAddress& address : writers) place(address).writes = true;
  return sessions;
}

const Session* FirstFor(const Sessions& sessions, AccountRole role, bool writes) {
  const auto found = std::ranges::find_if(sessions, [&](const Session& session) {
    return (writes ? session.writes : session.reads) && session.Of(role) != nullptr;
  });
  return found == sessions.end() ? nullptr : &*found;
}

std::expected<std::vector<TextRow>, SqlError> Ask(Connection& connection, std::string_view sql,
                                                  Deadline deadline) {
  auto statement = connection.Prepare({std::string(sql), {}}, deadline);
  if (!statement) return std::unexpected(std::move(statement.error()));
  if (auto executed = (*statement)->Execute({}, deadline); !executed)
    return std::unexpected(std::move(executed.error()));
  std::vector<TextRow> rows;
  for (;;) {
    auto row = (*statement)->Fetch(deadline);
    if (!row) return std::unexpected(std::move(row.error()));
    if (!*row || rows.size() == kMostRows) break;
    TextRow text;
    for (const Cell& cell : **row)
      text.push_back(cell ? std::optional<std::string>(*cell) : std::nullopt);
    rows.push_back(std::move(text));
  }
  (*statement)->Finish(deadline);
  return rows;
}

}  // namespace sqlmap
