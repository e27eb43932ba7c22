// What the client library's system calls are to do for the call that this thread is making: until
// when they may wait, which connected socket a connect takes, and whether anything may be sent or
// closed at all.
#ifndef SQLMAP_COMMON_SQL_CLIENT_LIBRARY_CALL_SCOPE_H_
#define SQLMAP_COMMON_SQL_CLIENT_LIBRARY_CALL_SCOPE_H_

#include <cstddef>
#include <cstdint>

#include "common/process/owned_fd.h"

namespace sqlmap {

// Whose certificate a server has to show: anybody's, one of the authorities' that the library was
// given, or such a one for the name, or the address, by which the server is called.
enum class TlsPeer : std::uint8_t { kAnybody, kOfAuthority, kNamed };

// Lives on the stack around each call of the library. Scopes nest. A system call of the library
// outside any scope fails.
class CallScope {
 public:
  enum class Mode : std::uint8_t {
    kTalk,    // normal
    kSilent,  // frees what the library holds, without sending, closing or shutting down: the
              // descriptor is not ours
  };

  // `deadline_ms` is on the monotonic clock. `connected_fd` is what a connect in this scope gets,
  // -1 for none; the library owns it from then on (TakeConnected).
  CallScope(std::int64_t deadline_ms, Mode mode, int connected_fd = -1) noexcept;
  ~CallScope();
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;

  // False if the process has no room for one more thread-specific key: then nothing may be called.
  static bool Available() noexcept;
  static CallScope* Current() noexcept;

  std::int64_t deadline_ms() const { return deadline_ms_; }
  bool silent() const { return mode_ == Mode::kSilent; }
  // What the connection's descriptor meant when it was opened: the library, which closes it after
  // an error, closes it only if it still means that.
  void Over(const DescriptorIdentity& identity) { identity_ = &identity; }
  bool StillOurs() const { return identity_ == nullptr || identity_->Same(); }
  // Look at each receive, too, in this scope and those inside it: for rows that are read long after
  // the connection was looked at.
  void LookAtEachReceive() { look_at_each_receive_ = true; }
  bool MayReceive() const { return !look_at_each_receive_ || StillOurs(); }
  // Nothing goes out in the clear in this scope, but for one packet: the client's wish to begin
  // TLS. The library itself signs in without TLS where the server's greeting, which anybody on the
  // way can write, offers none, and an authentication plugin takes the wish for TLS for TLS. `name`
  // outlives the scope.
  void DemandTls(TlsPeer peer, const char* name) {
    clear_text_ = ClearText::kUntilTls;
    tls_peer_ = peer;
    tls_name_ = name;
  }
  TlsPeer tls_peer() const { return tls_peer_; }
  const char* tls_name() const { return tls_name_; }
  // What OpenSSL said against the server's certificate, for ever; null if nothing.
  void DoubtCertificate(const char* why) { certificate_fault_ = why; }
  const char* certificate_fault() const { return certificate_fault_; }
  bool MaySendInClear(const void* packet, std::size_t size) noexcept;
  void SentInClear() noexcept;
  bool held_back_clear_text() const { return clear_text_ == ClearText::kHeldBack; }
  // How much of `size` bytes may be received in the clear at once. One, before TLS: what the
  // library had in its buffer beside the greeting, it would take for an answer that TLS brought.
  // None afterwards.
  std::size_t MayReceiveInClear(std::size_t size) const noexcept;
  // From now on, whatever the library writes there: `limit` is its connection's for the size of a
  // packet, and outlives the scope.
  void LimitPackets(unsigned long* limit, unsigned long bytes) {
    packet_limit_ = limit;
    packet_bytes_ = bytes;
    ApplyPacketLimit();
  }
  // Before the library learns the size of a packet.
  void ApplyPacketLimit() const {
    if (packet_limit_ != nullptr) *packet_limit_ = packet_bytes_;
  }
  // OpenSSL is called from here to the end of this scope, but for its waits: no fork meanwhile
  // (fork_gate.h). Its errors go when the outermost scope ends.
  void UseOpenSsl() noexcept;
  static bool ThreadIsInOpenSsl() noexcept;
  // Around a wait.
  class Outside {
   public:
    Outside() noexcept;
    ~Outside();
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;

   private:
    CallScope* inside_;
  };
  // The descriptor, once; -1 afterwards.
  int TakeConnected() noexcept;
  bool connected_fd_taken() const { return connected_fd_ < 0; }

 private:
  // The scope of this thread that is in OpenSSL, or null.
  static CallScope* InOpenSsl() noexcept;
  void Enter() noexcept;
  void Leave() noexcept;

  enum class ClearText : std::uint8_t { kAll, kUntilTls, kNone, kHeldBack };

  std::int64_t deadline_ms_;
  Mode mode_;
  ClearText clear_text_ = ClearText::kAll;
  TlsPeer tls_peer_ = TlsPeer::kAnybody;
  const char* tls_name_ = nullptr;
  const char* certificate_fault_ = nullptr;
  int connected_fd_;
  bool used_openssl_ = false;
  std::uint32_t in_openssl_ = 0;  // the generation of the process that is, else 0
  CallScope* outer_;
  unsigned long* packet_limit_ = nullptr;
  unsigned long packet_bytes_ = 0;
  const DescriptorIdentity* identity_ = nullptr;
  bool look_at_each_receive_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_CLIENT_LIBRARY_CALL_SCOPE_H_
