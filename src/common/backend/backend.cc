#include "common/backend/backend.h"

#include <limits.h>
#include <unistd.h>

#include <utility>

namespace sqlmap {
std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

// Whom writes go to. Without writers of their own, one health is known of each server.
ServerList& WriterServers(std::optional<ServerList>& own, ServerList& readers,
                          const DatabaseSettings& database, Dial::Names names, Log& log) {
  if (database.writers.empty()) return readers;
  return own.emplace(database, database.writers, names, log);
}

bool KeptCredentials::Get(Credentials& credentials) noexcept {
  if (user_.empty()) return false;
  try {
    credentials.user = user_;
    credentials.password = password_;
    return true;
  } catch (...) {
    return false;
  }
}

Backend::Backend(Settings settings, const Manner& manner, Log& log)
    : settings_(std::move(settings)),
      identity_credentials_(settings_.database.user, settings_.database.password),
      privileged_credentials_(settings_.privileged.user, settings_.privileged.password),
      servers_(settings_.database, settings_.database.servers, manner.names, log),
      identity_(servers_, identity_credentials_, settings_.database.pool_size, Pool::Idle::kKept),
      privileged_(servers_, PrivilegedCredentials(manner), settings_.database.pool_size,
                  manner.privileged_idle),
      writers_(WriterServers(writer_servers_, servers_, settings_.database, manner.names, log),
               PrivilegedCredentials(manner), settings_.database.pool_size, manner.privileged_idle,
               Connection::Use::kWrites),
      runner_(settings_, {servers_, identity_, privileged_},
              {writer_servers_ ? *writer_servers_ : servers_, writers_}, log),
      accounts_(runner_, HostName()),
      logins_(accounts_, settings_, log),
      ssh_keys_(accounts_, log) {}

std::vector<Backend::Report> Backend::Describe() {
  return {{"accounts", identity_.Describe()},
          {"privileged", privileged_.Describe()},
          {"writes", writers_.Describe()}};
}

}  // namespace sqlmap
