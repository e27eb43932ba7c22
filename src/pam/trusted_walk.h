// Down a path on which nobody but root can change anything, by descriptors: where it has arrived
// it stays, whatever is renamed meanwhile.
//
// Stricter than trusted_path.h, as sshd(8) is with ChrootDirectory: no link, no sticky directory.
#ifndef SQLMAP_PAM_TRUSTED_WALK_H_
#define SQLMAP_PAM_TRUSTED_WALK_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/account/line_writer.h"
#include "common/process/owned_fd.h"
#include "pam/text.h"

namespace sqlmap {

class TrustedWalk {
 public:
  enum class Step : std::uint8_t {
    kDone,
    kMissing,  // the next component does not exist; the walk is where it was, and may try again
    kRefused,  // it belongs to somebody else, can be written to by others, is no directory or a
               // link, or cannot be opened
  };

  // `path` is plain (plain_path.h), or "" for "/", and outlives the walk.
  explicit TrustedWalk(std::string_view path) : path_(path) {}

  // Opens "/" at first, then the next component. `why` says what was refused.
  Step Down(LineWriter& why) noexcept;
  // As far as `length` bytes of the path, the end of a component. If false, `why` says where it
  // ended.
  bool DownTo(std::size_t length, LineWriter& why) noexcept;
  bool DownToEnd(LineWriter& why) noexcept { return DownTo(path_.size(), why); }

  // Where the walk is, opened with O_PATH; -1 before the first step. The walk's own.
  int fd() const { return fd_.get(); }
  std::string_view here() const { return First(path_, done_); }
  std::string_view path() const { return path_; }
  // The component that the next step goes to; "" at the end.
  std::string_view next() const;

 private:
  Step Judge(OwnedFd directory, int error, std::string_view path, LineWriter& why) noexcept;

  const std::string_view path_;
  std::size_t done_ = 0;
  OwnedFd fd_;
};

}  // namespace sqlmap

#endif  // SQLMAP_PAM_TRUSTED_WALK_H_
