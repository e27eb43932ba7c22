// Writes a whole list to a client that asked for it, row by row, as fast as he reads.
#ifndef SQLMAP_DAEMON_LIST_WRITER_H_
#define SQLMAP_DAEMON_LIST_WRITER_H_

#include "common/account/account_source.h"
#include "common/process/owned_fd.h"
#include "common/wire/protocol.h"

namespace sqlmap {

// For a worker's thread: blocks until the list is written, or the client has read nothing for a
// second, or is gone, or it has taken a minute in all. `kind` is one of the three lists. What is in
// memory at a time does not grow with the list.
void WriteList(AccountSource& accounts, RequestKind kind, OwnedFd client) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_LIST_WRITER_H_
