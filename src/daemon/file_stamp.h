// What tells that a file is not the one that it was.
#ifndef SQLMAP_DAEMON_FILE_STAMP_H_
#define SQLMAP_DAEMON_FILE_STAMP_H_

#include <cstdint>
#include <string>

namespace sqlmap {

struct FileStamp {
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed_ns = 0;

  // Of what a link leads to. All zero: there is none.
  static FileStamp Of(const std::string& path);
  bool there() const { return inode != 0; }
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_FILE_STAMP_H_
