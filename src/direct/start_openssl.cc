#include "direct/start_openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <atomic>
#include <cstdio>

#include "common/account/trusted_path.h"
#include "common/password/digest.h"
#include "common/sql/client_library/fork_gate.h"

namespace sqlmap {
namespace {

constinit std::atomic<bool> g_started{false};

bool LoadSystemConfiguration() {
  char path[256];
  const int length =
      std::snprintf(path, sizeof path, "%s/openssl.cnf", X509_get_default_cert_area());
  if (length <= 0 || static_cast<std::size_t>(length) >= sizeof path) return false;
  if (TrustOfFile(path) != PathTrust::kTrusted) return false;
  OPENSSL_INIT_SETTINGS* const settings = OPENSSL_INIT_new();
  if (settings == nullptr) return false;
  const bool loaded = OPENSSL_INIT_set_config_filename(settings, path) == 1 &&
                      OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, settings) == 1;
  OPENSSL_INIT_free(settings);
  return loaded;
}

}  // namespace

void StartOpenSsl() noexcept {
  if (g_started.load(std::memory_order_acquire)) return;
  ForkGate::Enter();
  if (!LoadSystemConfiguration()) OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  OPENSSL_init_ssl(0, nullptr);
  FetchDigests();
  ERR_clear_error();
  ForkGate::Leave();
  g_started.store(true, std::memory_order_release);
}

}  // namespace sqlmap
