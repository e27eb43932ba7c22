// Space for a file that will be stored into through a mapping.
#ifndef SQLMAP_COMMON_SNAPSHOT_ALLOCATE_H_
#define SQLMAP_COMMON_SNAPSHOT_ALLOCATE_H_

#include <fcntl.h>
#include <sys/types.h>

#include <cerrno>

namespace sqlmap::snapshot {

// Gives the file blocks up to `size`, so that no store fails. Returns an errno, 0 if it worked.
inline int Allocate(int fd, off_t size) {
  int error = 0;
  do {
    error = posix_fallocate(fd, 0, size);
  } while (error == EINTR);  // of tmpfs
  return error;
}

}  // namespace sqlmap::snapshot

#endif  // SQLMAP_COMMON_SNAPSHOT_ALLOCATE_H_
