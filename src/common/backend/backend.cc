#include "common/backend/backend.h"

#include <limits.h>
#include <unistd.h>

#include <utility>

namespace sqlmap {
namespace {

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

}  // namespace

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
      privileged_(servers_,
                  manner.privileged == nullptr ? privileged_credentials_ : *manner.privileged,
                  settings_.database.pool_size, manner.privileged_idle),
      runner_(settings_, servers_, identity_, privileged_, log),
      accounts_(runner_, HostName()),
      logins_(accounts_, settings_) {}

}  // namespace sqlmap
