// The border between the modules and sqlmap/direct.so: one C symbol, one struct, two C++
// interfaces.
//
// The modules link neither a database client nor a crypto library. Only when a look-up really needs
// the database inside the asking process is the plugin dlopen'ed, once, and then never unloaded.
#ifndef SQLMAP_COMMON_PLUGIN_DIRECT_PLUGIN_H_
#define SQLMAP_COMMON_PLUGIN_DIRECT_PLUGIN_H_

#include <cstdint>

#include "common/account/account_source.h"
#include "common/account/login_gate.h"

namespace sqlmap {

// Grows with every change of this border, of the records, or of the two interfaces: a module and a
// plugin of different packages refuse each other instead of misreading each other.
inline constexpr std::uint32_t kDirectPluginAbi = 3;

struct DirectPlugin {
  std::uint32_t abi = kDirectPluginAbi;
  std::uint32_t size = sizeof(DirectPlugin);
  AccountSource* accounts = nullptr;  // never null; lives as long as the process
  LoginGate* logins = nullptr;        // never null; lives as long as the process
};

// What direct.so exports under the name kDirectPluginSymbol. Returns null if direct mode is
// switched off or the configuration is unusable (the plugin has logged why). The answer may change
// from null to non-null as files change: ask again, at most once a call. Thread safe, noexcept.
using DirectPluginEntry = const DirectPlugin* (*)() noexcept;
inline constexpr char kDirectPluginSymbol[] = "sqlmap_direct_plugin";

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PLUGIN_DIRECT_PLUGIN_H_
