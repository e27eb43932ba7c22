#include "common/wire/access.h"

#include <sys/socket.h>

namespace sqlmap {

std::optional<Peer> PeerOf(int fd) noexcept {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 ||
      size != sizeof credentials) {
    return std::nullopt;
  }
  // What the kernel says of a socket that has no peer.
  if (credentials.uid == static_cast<uid_t>(-1)) return std::nullopt;
  return Peer{credentials.uid, credentials.gid, credentials.pid};
}

Access AccessTo(RequestKind kind, bool by_root, Uid peer) noexcept {
  if (by_root && peer != 0) return Access::kDenied;
  switch (kind) {
    case RequestKind::kUserByName:
    case RequestKind::kUserById:
    case RequestKind::kGroupByName:
    case RequestKind::kGroupById:
    case RequestKind::kGroupsOfUser:
    case RequestKind::kListUsers:
    case RequestKind::kListGroups:
    case RequestKind::kStatus:
      return Access::kGranted;
    case RequestKind::kShadowByName:
    case RequestKind::kListShadows:
    case RequestKind::kSshKeys:
    case RequestKind::kRefresh:
    case RequestKind::kFlush:
    case RequestKind::kOpenSession:
    case RequestKind::kCloseSession:
      return peer == 0 ? Access::kGranted : Access::kDenied;
    case RequestKind::kAuthenticate:
    case RequestKind::kCheckAccount:
    case RequestKind::kPrepareChange:
    case RequestKind::kChangePassword:
      return peer == 0 ? Access::kGranted : Access::kOwnAccount;
  }
  return Access::kDenied;
}

}  // namespace sqlmap
