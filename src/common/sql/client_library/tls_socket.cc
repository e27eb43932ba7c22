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

// As RFC 6125 has it, but that an address may also be the certificate's common name, as in many
// that people have made themselves.
bool IsFor(SSL* ssl, const char* name) {
  X509* const certificate = SSL_get0_peer_certificate(ssl);
  return certificate != nullptr && (X509_check_host(certificate, name, 0, 0, nullptr) == 1 ||
                                    X509_check_ip_asc(certificate, name, 0) == 1);
}

// SSL_get_error(3) looks at the whole queue of the thread: an error that the host left there would
// be taken for ours.
void BeginOperation() {
  ERR_clear_error();
  if (sqlmap::CallScope* const scope = sqlmap::CallScope::Current()) scope->UseOpenSsl();
}

}  // namespace

// What is demanded of the certificate is looked at here: what the library looks at differs between
// its releases. From 3.4 on, any authority will do where it is not told to compare the name, and
// any name will do at an address of this host.
int sqlmap_client_SSL_connect(SSL* ssl) {
  BeginOperation();
  const sqlmap::CallScope* const scope = sqlmap::CallScope::Current();
  const sqlmap::TlsPeer peer = scope == nullptr ? sqlmap::TlsPeer::kNamed : scope->tls_peer();
  if (peer != sqlmap::TlsPeer::kAnybody) SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
  const int result = SSL_connect(ssl);
  if (result != 1 || peer != sqlmap::TlsPeer::kNamed) return result;
  if (scope != nullptr && scope->tls_name() != nullptr && IsFor(ssl, scope->tls_name())) return 1;
  SSL_set_verify_result(ssl, X509_V_ERR_HOSTNAME_MISMATCH);
  ERR_raise_data(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED, "the name differs");
  return -1;
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
