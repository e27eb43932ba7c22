// The modules' end of the socket: sqlmapd as an AccountSource and as a LoginGate.
//
// For every process of the host: libc alone, no allocator, no exceptions, nothing kept between
// calls. A question is a connection of its own, on a close-on-exec descriptor above 2 that is
// closed before the answer is handed out. Works with any descriptor closed, in any thread, after
// any fork; raises no signal, is not ended by one, and leaves errno and the thread's cancellation
// state alone.
//
//   no daemon             kNotConfigured, and no_daemon(): no socket, nobody listens, or not in a
//                         directory that is root's alone (trusted_path.h)
//   may not connect       kNotAllowed
//   no descriptor, memory kNoMemory
//   over the budget       kTimeout: however the time went, also while the daemon's backlog was full
//   it hung up            kUnreachable
//   not protocol.h        kServerError
//   anything else         the daemon's own answer
#ifndef SQLMAP_COMMON_WIRE_CLIENT_H_
#define SQLMAP_COMMON_WIRE_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <string_view>

#include "common/account/account_source.h"
#include "common/account/id_kind.h"
#include "common/account/login_gate.h"
#include "common/wire/protocol.h"

namespace sqlmap {

// Milliseconds for a whole call, connecting included; and for a password, whose hash may be costly
// on purpose and wait for others. The server spends no more than the first on its database.
inline constexpr int kLookUpBudgetMs = 900;
inline constexpr int kAuthenticateBudgetMs = 15'000;

// `path` is absolute, at most 107 bytes, and outlives the client. A budget shorter than the default
// is for a daemon that is known to hang. Cheap to make: a few words on the caller's stack.
class SocketClient {
 public:
  constexpr explicit SocketClient(const char* path = kSocketPath,
                                  int budget_ms = kLookUpBudgetMs) noexcept
      : path_(path), budget_ms_(budget_ms) {}
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  // The last call found that there is no daemon on this host: somebody else may be asked. After an
  // unavailable without it, the daemon's word (or silence) stands.
  bool no_daemon() const noexcept { return no_daemon_.load(std::memory_order_relaxed); }

 protected:
  ~SocketClient() = default;

  const char* const path_;
  const int budget_ms_;
  std::atomic<bool> no_daemon_{false};
};

// Thread safe. Names and ids are not compared with what was asked:
// that is the caller's. A list is read whole when it is opened, into pages of its own, which a
// child may go on reading after a fork.
//
// Whoever answers talks to the network and may be somebody else's by now: an answer with an id that
// `may_have` forbids is none (kServerError). It is asked when the answer is there.
class SocketSource final : public AccountSource, public SocketClient {
 public:
  constexpr explicit SocketSource(const char* path = kSocketPath, int budget_ms = kLookUpBudgetMs,
                                  IdRule may_have = MayHaveAllButReserved) noexcept
      : SocketClient(path, budget_ms), may_have_(may_have) {}

  Answer FindUserByName(std::string_view name, UserSink found) noexcept override;
  Answer FindUserById(Uid uid, UserSink found) noexcept override;
  Answer FindGroupByName(std::string_view name, GroupSink found) noexcept override;
  Answer FindGroupById(Gid gid, GroupSink found) noexcept override;
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override;
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override;
  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override;
  Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept override;
  Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept override;

 private:
  const IdRule may_have_;
};

// Thread safe. The password goes from the caller's memory to the kernel: no copy of it is made
// here.
class SocketGate final : public LoginGate, public SocketClient {
 public:
  constexpr explicit SocketGate(const char* path = kSocketPath, int budget_ms = kLookUpBudgetMs,
                                int authenticate_budget_ms = kAuthenticateBudgetMs) noexcept
      : SocketClient(path, budget_ms), authenticate_budget_ms_(authenticate_budget_ms) {}

  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;

 private:
  const int authenticate_budget_ms_;
};

// sqlmapctl's questions. `text` is called at most once: with the daemon's report if the answer is
// found; if it is unavailable, with what the daemon said to it, if anything. A report is made
// printable; keys come as they are.
class SocketControl final : public SocketClient {
 public:
  using SocketClient::SocketClient;
  using TextSink = FunctionRef<void(std::string_view)>;

  // `flags`: request_flag::kWait, kForce. Waiting needs a budget to match.
  Answer Refresh(std::uint16_t flags, TextSink text) noexcept;
  Answer Status(TextSink text) noexcept;
  // Answered when that is done: needs a budget as for waiting. "": everything.
  Answer Flush(std::string_view name, TextSink text) noexcept;
  // The lines that authorise keys of an account. Absent: there are none.
  Answer SshKeys(std::string_view name, TextSink text) noexcept;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_CLIENT_H_
