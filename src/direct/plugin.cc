// The one symbol that the modules look for.
#include "common/plugin/direct_plugin.h"
#include "common/process/call_guard.h"
#include "direct/facade.h"

namespace sqlmap {
namespace {

// Constant-initialised: there is no guard that a forked child could find half way.
constinit EngineHolder g_holder;
constinit AccountFacade g_accounts(g_holder);
constinit LoginFacade g_logins(g_holder);
constinit const DirectPlugin g_plugin{.accounts = &g_accounts, .logins = &g_logins};

}  // namespace
}  // namespace sqlmap

extern "C" __attribute__((visibility("default"))) const sqlmap::DirectPlugin*
sqlmap_direct_plugin() noexcept {
  using namespace sqlmap;
  const CallGuard guard;
  try {
    return g_holder.Current() == nullptr ? nullptr : &g_plugin;
  } catch (...) {
    return nullptr;
  }
}
