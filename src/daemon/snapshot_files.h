// The files of a snapshot: read into memory that cannot change, and written so that a reader, a
// crash or a full disk never meets half of one.
#ifndef SQLMAP_DAEMON_SNAPSHOT_FILES_H_
#define SQLMAP_DAEMON_SNAPSHOT_FILES_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>

namespace sqlmap {

// A mapping, which is its owner's.
class FileBytes {
 public:
  FileBytes(FileBytes&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  FileBytes& operator=(FileBytes&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~FileBytes();

  std::span<const char> bytes() const { return bytes_; }

  // Sealed memory, in place: nobody can change it.
  static std::expected<FileBytes, std::string> OfSealedMemory(int fd);
  // A copy of a regular file that belongs to us and that nobody else can write to.
  static std::expected<FileBytes, std::string> OfFile(const std::string& path);

 private:
  explicit FileBytes(std::span<const char> bytes) : bytes_(bytes) {}

  std::span<const char> bytes_;
};

enum class Durability : std::uint8_t {
  kUntilReboot,
  kOnDisk,  // returns when it would survive a loss of power
};

// `directory`/`name` becomes a copy of the snapshot, which has been examined, mode 0444, with
// another generation, in one step; what stood there before stays if that fails. It fails if neither
// as much nor a tenth of the disk would stay free. Anything there but a directory that is not empty
// makes way. One writer a directory at a time: what a killed one has left is removed.
std::expected<void, std::string> WriteSnapshotFile(const std::string& directory,
                                                   const std::string& name,
                                                   std::span<const char> snapshot,
                                                   std::uint64_t generation, Durability durability);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_SNAPSHOT_FILES_H_
