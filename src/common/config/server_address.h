// One entry of database.servers.
#ifndef SQLMAP_COMMON_CONFIG_SERVER_ADDRESS_H_
#define SQLMAP_COMMON_CONFIG_SERVER_ADDRESS_H_

#include <expected>
#include <string>
#include <string_view>

#include "common/config/settings.h"

namespace sqlmap {

// "/path/of/socket" (at most 107 bytes, as sun_path has it), "host", "host:port", "192.0.2.1",
// "[2001:db8::1]" and
// "[2001:db8::1]:port". The error says what is wrong. No name is resolved here.
std::expected<ServerAddress, std::string> ParseServerAddress(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_SERVER_ADDRESS_H_
