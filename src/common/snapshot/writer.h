// Writes a snapshot file. For the daemon's side: it allocates.
#ifndef SQLMAP_COMMON_SNAPSHOT_WRITER_H_
#define SQLMAP_COMMON_SNAPSHOT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/account/record.h"
#include "common/snapshot/layout.h"

namespace sqlmap {

struct SnapshotSummary {
  std::uint64_t file_size = 0;
  std::uint32_t users = 0;
  std::uint32_t groups = 0;
  std::uint32_t memberships = 0;  // names that are in a group
  // Rows that did not get in. The first row of a name counts, the others are duplicates.
  std::uint32_t duplicate_users = 0;
  std::uint32_t duplicate_groups = 0;
  std::uint32_t refused = 0;    // a field over 65535 bytes, or one with a NUL; an empty name
  std::string first_duplicate;  // names for the log, "" if there is none
  std::string first_refused;
  std::uint32_t shared_uids = 0;  // users that have their uid together with one that answers for it
};

// One file. Users first, then groups; the memberships follow from the groups' members.
//
// Records go to the file as they come. While Finish works, the file is mapped. The memory on top of
// it is 16 bytes for each membership, and the owners. An error (a full disk, say) is remembered,
// makes all that follows do nothing, and is what Finish returns; the file is then worth nothing.
//
// Rows that have no end, of a view that joins without ON or of a server that is somebody else's by
// now, are such an error. The file never gets larger than `most_bytes`: a row whose record, with
// the indices' room for it, would not fit is not written any more. Neither does the memory on top;
// and no more than a row for each kUnit of `most_bytes` is refused.
class SnapshotWriter {
 public:
  struct Facts {
    std::uint64_t generation;  // not 0
    std::uint64_t created;     // seconds since 1970
    std::uint64_t seed;        // random
    bool listed = true;        // accounts.enumerate
  };

  // `fd` is an empty regular file or memfd that is open for reading and writing. It stays the
  // caller's, and must stay open until Finish has returned. `most_bytes`: kMaxFileSize at most.
  explicit SnapshotWriter(int fd, std::uint64_t most_bytes = snapshot::kMostPublished);
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;

  // False: there has been an error, and further rows are of no use. The password field is written
  // as
  // "*" or "!" if it is that, and as "x" otherwise: no hash gets into the file.
  bool AddUser(const UserRecord& user);
  bool AddGroup(const GroupRecord& group);
  // Of several users with this uid, the one of this name answers for it. Without that, or if none
  // of them is called so, the shortest, then first, name does.
  bool SetOwner(Uid uid, std::string_view name);

  std::expected<SnapshotSummary, std::string> Finish(const Facts& facts);

 private:
  bool Append(std::string_view head, std::initializer_list<std::string_view> strings);
  bool Flush();
  bool Fail(const char* what, int error);
  bool TooLarge();
  bool Fits();
  bool Refuse(std::string_view name);
  bool Complete(const Facts& facts);

  const int fd_;
  const std::uint64_t most_bytes_;
  std::string buffer_;
  std::uint64_t written_;  // offset of the first byte that is still in the buffer
  snapshot::Section users_{};
  snapshot::Section groups_{};
  std::unordered_map<Uid, std::string> owners_;
  std::uint64_t owners_bytes_ = 0;
  std::uint64_t member_names_ = 0;  // memberships, duplicates included
  SnapshotSummary summary_;
  std::string error_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_WRITER_H_
