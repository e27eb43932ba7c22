#include "common/account/rules.h"

#include <algorithm>
#include <array>

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
    "_apt",    "adm",         "audio",   "avahi",  "backup",   "bin",        "crontab",
    "daemon",  "dialout",     "disk",    "docker", "games",    "gnats",      "google-sudoers",
    "incus",   "incus-admin", "input",   "irc",    "kmem",     "kvm",        "libvirt",
    "list",    "lp",          "lpadmin", "lxd",    "mail",     "man",        "messagebus",
    "mysql",   "netdev",      "news",    "nobody", "nogroup",  "operator",   "plugdev",
    "polkitd", "postgres",    "proxy",   "render", "root",     "sambashare", "sgx",
    "shadow",  "sshd",        "sudo",    "sync",   "sys",      "tape",       "tty",
    "utmp",    "uucp",        "video",   "wheel",  "www-data",
};

// A perfect hash of them, since each look-up asks: length and three bytes tell them apart, and the
// compiler looks for the factor.
constexpr std::size_t kSlots = 256;
constexpr std::size_t kLongestSystemName =
    std::ranges::max_element(kSystemNames, {}, &std::string_view::size)->size();

// `name` is not empty.
constexpr std::size_t SlotOf(std::string_view name, std::uint32_t factor) {
  const auto byte = [&](std::size_t at) {
    return std::uint32_t{static_cast<unsigned char>(name[at])};
  };
  const std::uint32_t mixed = byte(0) | byte(name.size() / 2) << 8 | byte(name.size() - 1) << 16 |
                              static_cast<std::uint32_t>(name.size()) << 24;
  return (mixed * factor) >> 24;
}

struct SystemNameTable {
  std::uint32_t factor = 1;
  std::array<std::uint8_t, kSlots> numbers{};  // in kSystemNames, from 1 on; 0: none

  consteval SystemNameTable() {
    while (!Fill()) factor += 0x9e3779b8;  // stays odd
  }
  constexpr bool Fill() {
    numbers = {};
    for (std::size_t i = 0; i < std::size(kSystemNames); ++i) {
      std::uint8_t& number = numbers[SlotOf(kSystemNames[i], factor)];
      if (number != 0) return false;
      number = static_cast<std::uint8_t>(i + 1);
    }
    return true;
  }
};
constexpr SystemNameTable kSystemNameTable;

constexpr std::array<bool, 256> kMayStandInNames = [] {
  std::array<bool, 256> may{};
  for (unsigned byte = 0; byte < may.size(); ++byte)
    may[byte] = MayStandInNames(static_cast<unsigned char>(byte));
  return may;
}();

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
  bool good = true;
  bool digits_only = true;
  for (const char c : name) {
    good &= kMayStandInNames[static_cast<unsigned char>(c)];
    digits_only &= c >= '0' && c <= '9';
  }
  return good && !digits_only;
}

bool NameRules::Allows(std::string_view name) const {
  if (!CanBeName(name) || name.size() > max || !first.Contains(static_cast<unsigned char>(name[0])))
    return false;
  return std::all_of(name.begin() + 1, name.end(),
                     [this](char c) { return rest.Contains(static_cast<unsigned char>(c)); });
}

bool NameRules::AllowsGroup(std::string_view name) const {
  return Allows(name) && !IsSystemGroupName(name);
}

bool IsSystemName(std::string_view name) {
  if (name.starts_with("systemd-")) return true;
  if (name.empty() || name.size() > kLongestSystemName) return false;
  const std::size_t number = kSystemNameTable.numbers[SlotOf(name, kSystemNameTable.factor)];
  return number != 0 && kSystemNames[number - 1] == name;
}

bool IsSystemGroupName(std::string_view name) { return name == "admin" || IsSystemName(name); }

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
