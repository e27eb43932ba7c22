// The functions that the private copy of the client library calls instead of libc's; see
// redirects.txt.
#include <dlfcn.h>
#include <fcntl.h>
#include <mysql.h>
#include <netdb.h>
#include <openssl/err.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "common/account/trusted_path.h"
#include "common/process/fork_lock.h"
#include "common/process/monotonic.h"
#include "common/process/owned_fd.h"
#include "common/sql/client_library/call_scope.h"
#include "common/sql/client_library/fork_gate.h"

namespace sqlmap {
namespace {

// Thread-specific data by key: a module must not have a TLS segment, and a thread keeps nothing
// between calls anyway. 0 is "not yet made"; the key is stored plus one.
constinit std::atomic<std::uint64_t> g_key_plus_one{0};

bool Key(pthread_key_t& key) {
  std::uint64_t known = g_key_plus_one.load(std::memory_order_acquire);
  if (known == 0) {
    pthread_key_t fresh = 0;
    if (pthread_key_create(&fresh, nullptr) != 0) return false;
    if (g_key_plus_one.compare_exchange_strong(known, std::uint64_t{fresh} + 1,
                                               std::memory_order_acq_rel)) {
      key = fresh;
      return true;
    }
    pthread_key_delete(fresh);
  }
  key = static_cast<pthread_key_t>(known - 1);
  return true;
}

}  // namespace

CallScope::CallScope(std::int64_t deadline_ms, Mode mode, int connected_fd) noexcept
    : deadline_ms_(deadline_ms),
      mode_(mode),
      connected_fd_(connected_fd),
      outer_(Current()),
      look_at_each_receive_(outer_ != nullptr && outer_->look_at_each_receive_) {
  pthread_key_t key = 0;
  if (Key(key)) pthread_setspecific(key, this);
}

CallScope::~CallScope() {
  // What the library left in the thread's queue of errors, the host's next SSL_get_error would take
  // for its own.
  if (used_openssl_) {
    if (outer_ != nullptr) {
      outer_->used_openssl_ = true;
    } else {
      ERR_clear_error();
    }
    if (in_openssl_ != 0) Leave();
  }
  pthread_key_t key = 0;
  if (Key(key)) pthread_setspecific(key, outer_);
}

bool CallScope::Available() noexcept {
  pthread_key_t key = 0;
  return Key(key);
}

void CallScope::UseOpenSsl() noexcept {
  used_openssl_ = true;
  if (InOpenSsl() == nullptr) Enter();
}

CallScope* CallScope::InOpenSsl() noexcept {
  CallScope* scope = Current();
  while (scope != nullptr && scope->in_openssl_ == 0) scope = scope->outer_;
  return scope;
}

bool CallScope::ThreadIsInOpenSsl() noexcept { return InOpenSsl() != nullptr; }

void CallScope::Enter() noexcept {
  ForkGate::Enter();
  in_openssl_ = ProcessGeneration::Current();
}

void CallScope::Leave() noexcept {
  // A child that a signal handler forked here was never counted.
  if (std::exchange(in_openssl_, 0) == ProcessGeneration::Current()) ForkGate::Leave();
}

CallScope::Outside::Outside() noexcept : inside_(InOpenSsl()) {
  if (inside_ != nullptr) inside_->Leave();
}

CallScope::Outside::~Outside() {
  if (inside_ != nullptr) inside_->Enter();
}

CallScope* CallScope::Current() noexcept {
  pthread_key_t key = 0;
  return Key(key) ? static_cast<CallScope*>(pthread_getspecific(key)) : nullptr;
}

// A packet's header, and an SSLRequest: capabilities with CLIENT_SSL among them, and 28 bytes more.
bool CallScope::MaySendInClear(const void* packet, std::size_t size) noexcept {
  if (clear_text_ == ClearText::kAll) return true;
  const auto* const bytes = static_cast<const unsigned char*>(packet);
  const bool request = size == 4 + 32 && bytes[0] == 32 && bytes[1] == 0 && bytes[2] == 0 &&
                       (bytes[5] & (CLIENT_SSL >> 8)) != 0;
  const bool may = request && clear_text_ == ClearText::kUntilTls;
  if (!may) clear_text_ = ClearText::kHeldBack;
  return may;
}

void CallScope::SentInClear() noexcept {
  if (clear_text_ == ClearText::kUntilTls) clear_text_ = ClearText::kNone;
}

std::size_t CallScope::MayReceiveInClear(std::size_t size) const noexcept {
  if (clear_text_ == ClearText::kAll) return size;
  return clear_text_ == ClearText::kUntilTls ? std::min<std::size_t>(size, 1) : 0;
}

int CallScope::TakeConnected() noexcept {
  const int fd = connected_fd_;
  connected_fd_ = -1;
  return fd;
}

}  // namespace sqlmap

using sqlmap::CallScope;
using sqlmap::ForkLock;

namespace {

bool Silent() {
  const CallScope* const scope = CallScope::Current();
  return scope == nullptr || scope->silent();
}

bool MayClose() {
  const CallScope* const scope = CallScope::Current();
  return scope != nullptr && !scope->silent() && scope->StillOurs();
}

// The library's mutexes hold our lock instead, in their own memory. A static one that was never
// initialised is all zero bytes, and so is a free ForkLock.
static_assert(sizeof(ForkLock) <= sizeof(pthread_mutex_t) &&
              alignof(ForkLock) <= alignof(pthread_mutex_t));
ForkLock* LockIn(pthread_mutex_t* mutex) { return reinterpret_cast<ForkLock*>(mutex); }

}  // namespace

extern "C" {
ssize_t sqlmap_client_recv_record(int fd, void* buffer, size_t size, int flags);
ssize_t sqlmap_client_send_record(int fd, const void* data, size_t size);

// No environment variable is believed, and no option file is ever found.
char* sqlmap_client_getenv(const char*) { return nullptr; }

int sqlmap_client_access(const char*, int) {
  errno = ENOENT;
  return -1;
}

// Certificates and keys: only the administrator's, never over exec, never on descriptors 0 to 2.
FILE* sqlmap_client_fopen(const char* path, const char* mode) {
  const bool reads = mode[0] == 'r' && std::strchr(mode, '+') == nullptr;
  if (!reads || sqlmap::TrustOfFile(path) != sqlmap::PathTrust::kTrusted) {
    errno = EACCES;
    return nullptr;
  }
  const int fd =
      sqlmap::AboveStandardStreams(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (fd < 0) return nullptr;
  FILE* const file = fdopen(fd, "r");
  if (file == nullptr) close(fd);
  return file;
}

// Our connections name their user; whoever asks NSS from inside NSS never comes back.
passwd* sqlmap_client_getpwuid(uid_t) { return nullptr; }
char* sqlmap_client_getlogin() { return nullptr; }
servent* sqlmap_client_getservbyname(const char*, const char*) { return nullptr; }

// The socket is connected before the library is called (dial.h); it only wants to see an address.
int sqlmap_client_getaddrinfo(const char*, const char* service, const addrinfo* hints,
                              addrinfo** result) {
  addrinfo numeric = *hints;
  numeric.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
  return getaddrinfo("127.0.0.1", service, &numeric, result);
}

char* sqlmap_client_setlocale(int, const char*) { return nullptr; }
sighandler_t sqlmap_client_signal(int, sighandler_t) { return SIG_DFL; }
int sqlmap_client_usleep(useconds_t) { return 0; }

// A server's version is looked at before there is one, where its first word is an error with the
// number of a progress report, 65535.
char* sqlmap_client_strstr(const char* text, const char* part) {
  return text == nullptr ? nullptr : const_cast<char*>(std::strstr(text, part));
}

// Authentication plugins: a server names the one that it wants, and the library loads it before it
// looks whether it may.
void* sqlmap_client_dlopen(const char* path, int) {
  const std::string_view name = path == nullptr ? "" : path;
  const bool known =
      name.ends_with("/caching_sha2_password.so") || name.ends_with("/client_ed25519.so");
  if (!known || sqlmap::TrustOfFile(path) != sqlmap::PathTrust::kTrusted) return nullptr;
  return dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

int sqlmap_client_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t*) {
  new (mutex) ForkLock;
  return 0;
}
int sqlmap_client_mutex_lock(pthread_mutex_t* mutex) {
  LockIn(mutex)->Lock();
  return 0;
}
int sqlmap_client_mutex_unlock(pthread_mutex_t* mutex) {
  LockIn(mutex)->Unlock();
  return 0;
}
int sqlmap_client_mutex_destroy(pthread_mutex_t*) { return 0; }

int sqlmap_client_socket(int, int, int) {
  CallScope* const scope = CallScope::Current();
  const int fd = scope == nullptr ? -1 : scope->TakeConnected();
  if (fd < 0) errno = EACCES;
  return fd;
}

int sqlmap_client_connect(int, const sockaddr*, socklen_t) { return 0; }

// Whatever the library believes its time-outs to be, the call's own deadline holds.
int sqlmap_client_poll(pollfd* fds, nfds_t count, int) {
  for (;;) {
    const CallScope* const scope = CallScope::Current();
    if (scope == nullptr || scope->silent()) {
      errno = EBADF;
      return -1;
    }
    const std::int64_t left = scope->deadline_ms() - sqlmap::MonotonicMs();
    if (left <= 0) return 0;
    const CallScope::Outside outside;
    const int ready = poll(fds, count, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready != -1 || errno != EINTR) return ready;
  }
}

ssize_t sqlmap_client_recv(int fd, void* buffer, size_t size, int flags) {
  const CallScope* const scope = CallScope::Current();
  const size_t most = scope == nullptr ? 0 : scope->MayReceiveInClear(size);
  if (most == 0) {
    errno = EPROTO;
    return -1;
  }
  return sqlmap_client_recv_record(fd, buffer, most, flags);
}

// What TLS will decrypt. The deadline holds for a server that never stops sending, too.
ssize_t sqlmap_client_recv_record(int fd, void* buffer, size_t size, int flags) {
  const CallScope* const scope = CallScope::Current();
  if (scope == nullptr || scope->silent()) return 0;
  if (sqlmap::MonotonicMs() >= scope->deadline_ms()) {
    errno = ETIMEDOUT;
    return -1;
  }
  if (!scope->MayReceive()) {
    errno = EBADF;
    return -1;
  }
  scope->ApplyPacketLimit();
  return recv(fd, buffer, size, flags | MSG_DONTWAIT);
}

ssize_t sqlmap_client_send(int fd, const void* data, size_t size, int) {
  CallScope* const scope = CallScope::Current();
  if (scope != nullptr && !scope->silent() && !scope->MaySendInClear(data, size)) {
    errno = EPROTO;
    return -1;
  }
  const ssize_t sent = sqlmap_client_send_record(fd, data, size);
  if (scope != nullptr && sent > 0) scope->SentInClear();
  return sent;
}

// What TLS has encrypted.
ssize_t sqlmap_client_send_record(int fd, const void* data, size_t size) {
  if (Silent()) return static_cast<ssize_t>(size);
  return send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int sqlmap_client_shutdown(int fd, int how) { return MayClose() ? shutdown(fd, how) : 0; }

int sqlmap_client_close(int fd) { return MayClose() ? close(fd) : 0; }

}  // extern "C"
