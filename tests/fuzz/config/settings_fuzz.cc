// Whatever the two files hold: no crash, no leak, and either sound Settings or mistakes that can be
// shown.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "common/config/settings.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsPrintable(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

void CheckSettings(const sqlmap::Settings& settings) {
  Require(!settings.database.servers.empty());
  Require(!settings.database.name.empty());
  Require(settings.database.query_timeout_ms <= 1000 &&
          settings.database.connect_timeout_ms <= 1000);
  Require(settings.database.pool_size >= 1);
  Require(settings.accounts.min_uid >= 1 && settings.accounts.min_uid <= settings.accounts.max_uid);
  Require(settings.accounts.min_gid >= 1 && settings.accounts.min_gid <= settings.accounts.max_gid);
  Require(settings.privileged.configured() || settings.privileged.password.empty());
  for (const std::uint32_t id : settings.accounts.allow_uids) Require(!sqlmap::IsReservedId(id));
  for (const sqlmap::QueryDescription& query : sqlmap::QueryDescriptions()) {
    for (const sqlmap::QueryParameter parameter : settings.query(query.id).parameters) {
      Require(query.parameters.Contains(parameter));
    }
  }
}

}  // namespace

// The byte 0xff, which no TOML holds, parts the configuration from the secrets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t part = input.find('\xff');
  const std::string_view config = input.substr(0, part);
  const std::string_view secrets = part == std::string_view::npos ? "" : input.substr(part + 1);
  const bool world_readable = size % 2 == 1;
  const auto settings =
      sqlmap::ParseSettings({config, "config", world_readable}, {secrets, "secrets", false});
  if (settings) {
    CheckSettings(*settings);
    return 0;
  }
  Require(!settings.error().empty());
  for (const sqlmap::SettingsError& error : settings.error()) {
    Require(!error.what.empty() && error.what.size() < 4096 && IsPrintable(error.what));
  }
  return 0;
}
