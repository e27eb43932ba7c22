#include "nss/sources.h"

#include "common/plugin/loader.h"

namespace sqlmap {

Answer AskSources(FunctionRef<Answer(AccountSource&)> question) noexcept {
  const DirectPlugin* plugin = nullptr;
  const Answer loaded = LoadDirectPlugin(plugin);
  return loaded.found() ? question(*plugin->accounts) : loaded;
}

}  // namespace sqlmap
