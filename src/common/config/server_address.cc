#include "common/config/server_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace sqlmap {
namespace {

constexpr std::size_t kLongestSocket = sizeof(sockaddr_un{}.sun_path) - 1;
constexpr std::size_t kLongestHost = 253;  // RFC 1035

bool IsAddress(int family, std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return false;  // where inet_pton would stop
  in6_addr address;                                             // large enough for both families
  return inet_pton(family, std::string(text).c_str(), &address) == 1;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHostCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '.' || c == '-' ||
         c == '_';
}

// What is wrong with a host name or an IPv4 address, "" if nothing.
std::string CheckHost(std::string_view host) {
  if (host.empty()) return "has no host";
  if (host.size() > kLongestHost) return "has a host of more than 253 bytes";
  if (host.starts_with('-') || host.starts_with('.') ||
      !std::all_of(host.begin(), host.end(), IsHostCharacter)) {
    return "has a host that is neither a name nor an address";
  }
  const bool numeric =
      std::all_of(host.begin(), host.end(), [](char c) { return IsDigit(c) || c == '.'; });
  if (numeric && !IsAddress(AF_INET, host)) return "has a malformed IPv4 address";
  return {};
}

bool ParsePort(std::string_view text, std::uint16_t& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

std::expected<ServerAddress, std::string> ParseSocket(std::string_view text) {
  if (text.size() > kLongestSocket)
    return std::unexpected("is a socket path of more than 107 bytes");
  if (std::any_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; })) {
    return std::unexpected("is a socket path with a control character");
  }
  return ServerAddress{.socket = std::string(text), .host = {}};
}

}  // namespace

std::expected<ServerAddress, std::string> ParseServerAddress(std::string_view text) {
  if (text.starts_with('/')) return ParseSocket(text);
  std::string_view host = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::unexpected("has a '[' without a ']'");
    host = text.substr(1, bracket - 1);
    rest = text.substr(bracket + 1);
    if (!IsAddress(AF_INET6, host)) return std::unexpected("has a malformed IPv6 address");
    if (!rest.empty() && rest[0] != ':')
      return std::unexpected("has something other than a port behind the ']'");
  } else {
    if (IsAddress(AF_INET6, text)) return std::unexpected("is an IPv6 address without brackets");
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    rest = text.substr(colon);
    if (std::string wrong = CheckHost(host); !wrong.empty())
      return std::unexpected(std::move(wrong));
  }
  ServerAddress address{.socket = {}, .host = std::string(host)};
  if (!rest.empty() && !ParsePort(rest.substr(1), address.port)) {
    return std::unexpected("has a port that is not a number from 1 to 65535");
  }
  return address;
}

std::string ServerAddress::Describe() const {
  if (is_socket()) return socket;
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace sqlmap
