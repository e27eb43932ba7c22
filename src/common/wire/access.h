// Who may ask what: decided by the credentials that the kernel vouches for, never by what a peer
// says of itself.
#ifndef SQLMAP_COMMON_WIRE_ACCESS_H_
#define SQLMAP_COMMON_WIRE_ACCESS_H_

#include <cstdint>
#include <optional>

#include "common/account/record.h"
#include "common/wire/protocol.h"

namespace sqlmap {

// Who connected: effective ids at the time of connect(2), as this process's namespaces show them.
struct Peer {
  Uid uid = 0;
  Gid gid = 0;
  std::int32_t pid = 0;
};

// SO_PEERCRED (unix(7)); nullopt if the kernel does not say, and then nothing is to be answered.
std::optional<Peer> PeerOf(int fd) noexcept;

enum class Access : std::uint8_t { kGranted, kOwnAccount, kDenied };

// What a peer with this uid may ask:
//
//   identity, lists of users and groups, status   everybody
//   shadow, ssh keys, refresh, flush, sessions    root
//   authenticate, check account, change           root; others for their own account only, and
//                                                 not kByRoot
//
// Keys are root's to ask about: accounts may share one uid, and the server's own user, who talks to
// the network, could stop a command of his at sshd and have it print any key.
//
// kOwnAccount: it depends on the account that is asked about; look up its uid, and go by IsOwn.
Access AccessTo(RequestKind kind, bool by_root, Uid peer) noexcept;

// Whether the account with this uid (nullopt: there is none, or nobody knows) is the peer's own. A
// name that does not exist is nobody's: the answer does not tell it from somebody else's.
constexpr bool IsOwn(std::optional<Uid> account, Uid peer) noexcept {
  return account.has_value() && *account == peer;
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_ACCESS_H_
