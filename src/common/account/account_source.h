// AccountSource: whoever can answer for accounts. The SQL layer, the snapshot, the socket client
// and the tests' fake are one.
//
// The interface crosses the border between libnss_sqlmap.so.2, which has neither exceptions nor
// RTTI nor an allocator, and the private plugin, which has all three. Hence: noexcept everywhere,
// records as views, no ownership across the border but a cursor's, and nothing that a caller must
// free.
#ifndef SQLMAP_COMMON_ACCOUNT_ACCOUNT_SOURCE_H_
#define SQLMAP_COMMON_ACCOUNT_ACCOUNT_SOURCE_H_

#include <span>
#include <string_view>

#include "common/account/answer.h"
#include "common/account/function_ref.h"
#include "common/account/record.h"

namespace sqlmap {

// A walk over all users, groups or shadow rows. One thread at a time; may be handed from one thread
// to another.
template <class Record>
class Cursor {
 public:
  // Moves to the next row and describes it in `record`, whose text lives until the next call of
  // Next or Close. Found: a row. Absent: the end, reached because the source said so. Unavailable:
  // the walk broke off; it stays broken. Rows that break the rules are skipped, never returned, and
  // never end the walk.
  virtual Answer Next(Record& record) noexcept = 0;
  // Ends the walk and frees the cursor. Safe in a child after fork, where it closes without a word
  // to the server.
  virtual void Close() noexcept = 0;

 protected:
  ~Cursor() = default;
};

// Thread safe. Every call ends within the source's deadline, and leaves errno, signals and
// cancellation state as they were. A `found` callback runs before the call returns, in the calling
// thread; what it is given lives until it returns. It may run several times, if
// what it was given was replaced meanwhile: then the last run counts, and none if the answer is not
// found. It must not call the source again.
class AccountSource {
 public:
  using UserSink = FunctionRef<void(const UserRecord&)>;
  using GroupSink = FunctionRef<void(const GroupRecord&)>;
  using ShadowSink = FunctionRef<void(const ShadowRecord&)>;
  using GidsSink = FunctionRef<void(std::span<const Gid>)>;

  virtual Answer FindUserByName(std::string_view name, UserSink found) noexcept = 0;
  // Of several accounts with one uid always the same one: the shortest name, then the first in byte
  // order.
  virtual Answer FindUserById(Uid uid, UserSink found) noexcept = 0;
  virtual Answer FindGroupByName(std::string_view name, GroupSink found) noexcept = 0;
  virtual Answer FindGroupById(Gid gid, GroupSink found) noexcept = 0;
  // The user's groups, without duplicates; the primary group may or may not be among them. Absent:
  // no memberships.
  virtual Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept = 0;
  // For root only: Unavailable(kNotAllowed) in a process that may not read the secrets.
  virtual Answer FindShadow(std::string_view name, ShadowSink found) noexcept = 0;

  // Opens a walk. Found: `cursor` is set and the caller must Close it. Anything else: `cursor` is
  // untouched.
  virtual Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept = 0;
  virtual Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept = 0;
  virtual Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept = 0;

 protected:
  ~AccountSource() = default;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_ACCOUNT_SOURCE_H_
