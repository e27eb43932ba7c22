#include "daemon/own_module.h"

#include <dlfcn.h>

namespace sqlmap {

bool SwitchOwnModuleOff(const char* library) {
  // By the name that glibc uses, so that it is the same copy. It stays loaded.
  void* const module = dlopen(library, RTLD_NOW | RTLD_NODELETE);
  if (module == nullptr) return false;
  const auto never_here = reinterpret_cast<void (*)()>(dlsym(module, "_nss_sqlmap_never_here"));
  if (never_here == nullptr) return false;
  never_here();
  return true;
}

}  // namespace sqlmap
