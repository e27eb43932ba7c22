// A directory that becomes a process's root.
#ifndef SQLMAP_PAM_JAIL_H_
#define SQLMAP_PAM_JAIL_H_

#include <string_view>

#include "common/account/line_writer.h"
#include "pam/trusted_walk.h"

namespace sqlmap {

class Jail {
 public:
  // `path` outlives the jail.
  explicit Jail(std::string_view path) : walk_(path) {}

  // Finds the directory, which must be root's down to the last component, as sshd(8) has it for
  // ChrootDirectory: whoever can change a root directory can make any program in it believe
  // anything. If false, `why` says why.
  bool Find(LineWriter& why) noexcept;
  // Makes it the root and the working directory of this process. If false, the root has not
  // changed, and `why` says why. After Find.
  bool Enter(LineWriter& why) const noexcept;

 private:
  TrustedWalk walk_;
};

}  // namespace sqlmap

#endif  // SQLMAP_PAM_JAIL_H_
