#include "common/plugin/loader.h"

#include <dlfcn.h>
#include <sys/auxv.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "common/account/trusted_path.h"
#include "common/process/generation.h"

namespace sqlmap {
namespace {

#ifndef SQLMAP_PLUGIN_FILE
#error "SQLMAP_PLUGIN_FILE names the plugin"
#endif

// Constant-initialised: the modules have no constructors. Two threads that race both load, and get
// the same handle.
constinit std::atomic<DirectPluginEntry> g_entry{nullptr};
constinit std::atomic<std::uint32_t> g_loading{0};  // generation of the process that is loading

DirectPluginEntry Load() {
  if (TrustOfFile(SQLMAP_PLUGIN_FILE) != PathTrust::kTrusted) return nullptr;
  // A child that was forked while another thread was in here finds a library whose constructors
  // have not run, and never will.
  const std::uint32_t self = ProcessGeneration::Current();
  const std::uint32_t loading = g_loading.exchange(self, std::memory_order_acq_rel);
  if (loading != 0 && loading != self) {
    g_loading.store(loading, std::memory_order_release);
    return nullptr;
  }
  void* const library = dlopen(SQLMAP_PLUGIN_FILE, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  void* const entry = library == nullptr ? nullptr : dlsym(library, kDirectPluginSymbol);
  // Or the host would take the message for its own.
  if (entry == nullptr) (void)dlerror();  // NOLINT(concurrency-mt-unsafe): thread-specific in glibc
  g_loading.store(0, std::memory_order_release);
  return reinterpret_cast<DirectPluginEntry>(entry);
}

}  // namespace

Answer LoadDirectPlugin(const DirectPlugin*& plugin) noexcept {
  const int saved = errno;
  if (getauxval(AT_SECURE) != 0) return Answer::Unavailable(Reason::kNotAllowed);
  DirectPluginEntry entry = g_entry.load(std::memory_order_acquire);
  if (entry == nullptr) {
    entry = Load();
    if (entry != nullptr) g_entry.store(entry, std::memory_order_release);
  }
  const DirectPlugin* const found = entry == nullptr ? nullptr : entry();
  errno = saved;
  if (found == nullptr || found->abi != kDirectPluginAbi || found->size != sizeof(DirectPlugin)) {
    return Answer::Unavailable(Reason::kNotConfigured);
  }
  plugin = found;
  return Answer::Found();
}

}  // namespace sqlmap
