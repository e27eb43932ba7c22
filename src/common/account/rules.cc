#include "common/account/rules.h"

#include <algorithm>

namespace sqlmap {
namespace {

constexpr bool MayStandInNames(unsigned char byte) {
  if (byte <= 0x20 || byte >= 0x7f) return false;
  return byte != ':' && byte != ',' && byte != '/' && byte != '*';
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

// Accounts and groups of the system itself, whether this host has them or not: privileged programs
// go by these names. Sorted.
constexpr std::string_view kSystemNames[] = {
    "_apt",       "adm",      "audio",    "avahi",  "backup",  "bin",        "crontab",  "daemon",
    "dialout",    "disk",     "docker",   "games",  "gnats",   "input",      "irc",      "kmem",
    "kvm",        "libvirt",  "list",     "lp",     "lpadmin", "lxd",        "mail",     "man",
    "messagebus", "mysql",    "netdev",   "news",   "nobody",  "nogroup",    "operator", "plugdev",
    "polkitd",    "postgres", "proxy",    "render", "root",    "sambashare", "sgx",      "shadow",
    "sshd",       "sudo",     "sync",     "sys",    "tape",    "tty",        "utmp",     "uucp",
    "video",      "wheel",    "www-data",
};

}  // namespace

bool ParseByteSet(std::string_view text, ByteSet& set) {
  if (text.empty()) return false;
  ByteSet parsed;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto low = static_cast<unsigned char>(text[i]);
    auto high = low;
    if (i + 2 < text.size() && text[i + 1] == '-') {
      high = static_cast<unsigned char>(text[i + 2]);
      i += 2;
    }
    if (high < low) return false;
    for (unsigned byte = low; byte <= high; ++byte) {
      if (!MayStandInNames(static_cast<unsigned char>(byte))) return false;
      parsed.Add(static_cast<unsigned char>(byte));
    }
  }
  set = parsed;
  return true;
}

NameRules NameRules::Default() {
  NameRules rules;
  ParseByteSet("a-z0-9_", rules.first);
  ParseByteSet("a-z0-9._@-", rules.rest);
  return rules;
}

bool CanBeName(std::string_view name) {
  if (name.empty() || name.size() > kNameMax || name[0] == '-') return false;
  if (name == "." || name == "..") return false;
  if (IsSystemName(name)) return false;
  bool digits_only = true;
  for (const char c : name) {
    if (!MayStandInNames(static_cast<unsigned char>(c))) return false;
    digits_only = digits_only && c >= '0' && c <= '9';
  }
  return !digits_only;
}

bool NameRules::Allows(std::string_view name) const {
  if (!CanBeName(name) || name.size() > max || !first.Contains(static_cast<unsigned char>(name[0])))
    return false;
  return std::all_of(name.begin() + 1, name.end(),
                     [this](char c) { return rest.Contains(static_cast<unsigned char>(c)); });
}

bool IsSystemName(std::string_view name) {
  return name.starts_with("systemd-") || std::find(std::begin(kSystemNames), std::end(kSystemNames),
                                                   name) != std::end(kSystemNames);
}

bool IsReservedId(std::uint32_t id) {
  return id == 0 || id == 65534 || id == 65535 || id >= 4294967294U;
}

bool IsCleanField(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == ':' || IsControl(c); });
}

bool IsCleanPath(std::string_view text) {
  return !text.empty() && text[0] == '/' && IsCleanField(text);
}

std::string_view LowerCase(std::string_view name, char* buffer) {
  std::transform(name.begin(), name.end(), buffer, [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return {buffer, name.size()};
}

}  // namespace sqlmap
