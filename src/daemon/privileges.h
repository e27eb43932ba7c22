// How root's privileges are given up for good.
#ifndef SQLMAP_DAEMON_PRIVILEGES_H_
#define SQLMAP_DAEMON_PRIVILEGES_H_

#include <sys/types.h>

#include <expected>
#include <string>

#include "common/config/settings.h"

namespace sqlmap {

struct ServiceUser {
  uid_t uid = 0;
  gid_t gid = 0;
};

// Reads the file, and asks nobody: getpwnam(3) would ask us. Never root, nor root's group. The
// error says what to do.
std::expected<ServiceUser, std::string> FindServiceUser(const std::string& passwd_file,
                                                        const char* name = kServiceUser);

// For whoever holds secrets, before it reads them: no core dump, and nobody traces it.
void ProtectSelf();

// For a process of one thread that has root's privileges. Afterwards it is `user` in every respect,
// in no other group, without any capability (bounding, ambient and inheritable set included), gains
// none by execve(2), cannot be traced or dump core, and dies with its parent, which is `parent`.
// All of that has been looked at again. The error says what could not be done: then exit.
std::expected<void, std::string> BecomeUser(ServiceUser user, pid_t parent);

// The same, but it stays root. That is no small thing: most files of the system are root's, and
// their owner needs no capability to change them. For code that believes nothing that a stranger
// says.
std::expected<void, std::string> DropCapabilities(pid_t parent);

// For a process of one thread that is to read what a stranger has written. Afterwards it can
// compute on the memory that it has, have more of it, write to the descriptors that it has, and
// exit: the kernel refuses every other system call (seccomp(2)) with EPERM, whoever it runs as. It
// cannot be traced or dump core, and dies with its parent, which is `parent`.
std::expected<void, std::string> KeepToMemory(pid_t parent);

// Closes every descriptor from `first` on but these two (-1: none).
void CloseAllBut(int kept, int also_kept, int first = 3);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_PRIVILEGES_H_
