// Work in a child process, which may hang, crash or change its mounts without harm to us.
#ifndef SQLMAP_CTL_SETUP_CHILD_H_
#define SQLMAP_CTL_SETUP_CHILD_H_

#include <functional>
#include <string>
#include <vector>

namespace sqlmap {

struct ChildResult {
  std::string said;
  bool in_time = true;
  int status = -1;  // the exit status; -1 if a signal ended it
};

// Runs `body` with a descriptor to write to; what it returns is the exit status. Standard input and
// output, and standard error, are /dev/null. If it says nothing for `patience_ms` it is killed.
// Whatever it has started ends with it. Throws Failure (kUnknown): there can be no such child.
ChildResult RunChild(const std::function<int(int out)>& body, int patience_ms);

// In the child: the program in its place, with standard output and error into `out` and nothing in
// the environment but a PATH and `environment`. Returns only on failure.
int Execute(int out, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment);

// In the child: mounts from now on are its own. False with errno.
bool EnterPrivateMounts();

// In the child: `from`, with what is mounted in it, stands at `path`, a file or a directory like
// it. False with errno.
bool MountOver(const std::string& from, const std::string& path);

// In the child: an empty directory of memory at `path`, with these permissions. False with errno.
bool MountEmpty(const std::string& path, const char* mode);

// In the child: nothing that is mounted until now can be written to; its sockets can be asked.
// False with errno, as before Linux 5.12.
bool MakeAllReadOnly();

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_CHILD_H_
