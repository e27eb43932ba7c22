// TLS records wait and end as everything else does: OpenSSL's own socket BIO uses
// write(2), which raises SIGPIPE in the host, and read(2), which waits past the deadline.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <sys/types.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "common/sql/client_library/call_scope.h"

extern "C" {
ssize_t sqlmap_client_recv_record(int fd, void* buffer, size_t size, int flags);
ssize_t sqlmap_client_send_record(int fd, const void* data, size_t size);
int sqlmap_client_SSL_set_fd(SSL* ssl, int fd);
int sqlmap_client_SSL_connect(SSL* ssl);
int sqlmap_client_SSL_read(SSL* ssl, void* buffer, int size);
int sqlmap_client_SSL_write(SSL* ssl, const void* data, int size);
}

using sqlmap::CallScope;
using sqlmap::TlsPeer;

namespace {

int FdOf(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int Write(BIO* bio, const char* data, int size) {
  const ssize_t sent = sqlmap_client_send_record(FdOf(bio), data, static_cast<size_t>(size));
  BIO_clear_retry_flags(bio);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int Read(BIO* bio, char* buffer, int size) {
  const ssize_t got = sqlmap_client_recv_record(FdOf(bio), buffer, static_cast<size_t>(size), 0);
  BIO_clear_retry_flags(bio);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long Control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int Create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// Made once, never freed: OpenSSL may use it until the process ends.
BIO_METHOD* Method() {
  static constinit std::atomic<BIO_METHOD*> known{nullptr};
  BIO_METHOD* method = known.load(std::memory_order_acquire);
  if (method != nullptr) return method;
  BIO_METHOD* const fresh =
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sqlmap socket");
  if (fresh == nullptr) return nullptr;
  BIO_meth_set_write(fresh, Write);
  BIO_meth_set_read(fresh, Read);
  BIO_meth_set_ctrl(fresh, Control);
  BIO_meth_set_create(fresh, Create);
  if (known.compare_exchange_strong(method, fresh, std::memory_order_acq_rel)) return fresh;
  BIO_meth_free(fresh);
  return method;
}

// A name, or an address: among the certificate's addresses, or its common name, as in many that
// people have made themselves.
bool IsFor(X509* certificate, const char* name) {
  const int as_address = X509_check_ip_asc(certificate, name, 0);
  const bool is_name = as_address == -2;
  return as_address == 1 ||
         X509_check_host(certificate, name, 0, is_name ? 0 : X509_CHECK_FLAG_NO_WILDCARDS,
                         nullptr) == 1;
}

// SSL_CTX_set_verify(3): called for each certificate, and last for the server's own.
int Judge(int sound, X509_STORE_CTX* context) {
  const CallScope* const scope = CallScope::Current();
  if (scope == nullptr) return 0;
  if (sound == 0 || X509_STORE_CTX_get_error_depth(context) != 0 ||
      scope->tls_peer() != TlsPeer::kNamed ||
      IsFor(X509_STORE_CTX_get_current_cert(context), scope->tls_name()))
    return sound;
  X509_STORE_CTX_set_error(context, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

// SSL_get_error(3) looks at the whole queue of the thread: an error that the host left there would
// be taken for ours.
void BeginOperation() {
  ERR_clear_error();
  if (CallScope* const scope = CallScope::Current()) scope->UseOpenSsl();
}

}  // namespace

// What is demanded of the certificate is looked at here, before the server hears who we are: what
// the library looks at differs between its releases. From 3.4 on its own callback lets anything
// pass, and afterwards any authority will do where it is not told to compare the name, and any name
// at an address of this host.
int sqlmap_client_SSL_connect(SSL* ssl) {
  BeginOperation();
  CallScope* const scope = CallScope::Current();
  if (scope == nullptr) return -1;
  if (scope->tls_peer() == TlsPeer::kAnybody) return SSL_connect(ssl);
  SSL_set_verify(ssl, SSL_VERIFY_PEER, Judge);
  SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
  const int result = SSL_connect(ssl);
  const long fault = SSL_get_verify_result(ssl);
  if (fault != X509_V_OK) scope->DoubtCertificate(X509_verify_cert_error_string(fault));
  // A host whose openssl.cnf allows it can be offered a method without certificates.
  const bool shown = SSL_get0_peer_certificate(ssl) != nullptr && fault == X509_V_OK;
  return result == 1 && !shown ? -1 : result;
}

int sqlmap_client_SSL_read(SSL* ssl, void* buffer, int size) {
  BeginOperation();
  return SSL_read(ssl, buffer, size);
}

int sqlmap_client_SSL_write(SSL* ssl, const void* data, int size) {
  BeginOperation();
  return SSL_write(ssl, data, size);
}

int sqlmap_client_SSL_set_fd(SSL* ssl, int fd) {
  BIO_METHOD* const method = Method();
  BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return 0;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a BIO has room for a pointer
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  SSL_set_bio(ssl, bio, bio);  // takes over the one reference, for both directions
  return 1;
}
