// The stacks of pam.d(5), each a service's file and those that it includes, and what becomes of
// them when some of these files change. Pure.
#ifndef SQLMAP_CTL_SETUP_PAM_STACKS_H_
#define SQLMAP_CTL_SETUP_PAM_STACKS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/pam_walk.h"

namespace sqlmap {

struct PamChanges {
  PamTexts before;
  PamTexts after;
  // Where those that change begin to: the beginning of a line in the text before.
  std::map<std::string, std::size_t, std::less<>> places;

  void Add(const std::string& path, std::string_view text_after);
};

// The paths of all files with a change in them or in what they include, however deep.
std::vector<std::string> ChangedStacks(const PamChanges& changes);

// The first line in front of a change, in the same stack, with a control like [success=3] that
// skips modules from there on, so that it would land elsewhere:
// "/etc/pam.d/sshd: line 2, \"auth [success=3 default=ignore] pam_unix.so\"". "" if there is none.
std::string JumpElsewhere(const PamChanges& changes);

// The first stack that the changes make ask sqlmap more than once: "/etc/pam.d/sshd: auth". "" if
// there is none.
std::string AskedTwice(const PamChanges& changes);

// Why the first stack that has no end has none, see PamStack; "" if all have.
std::string Endless(const PamTexts& texts);

// Whether a stack asks sqlmap, and does so in each of auth and account of which it has lines.
bool AsksSqlmap(const PamStack& stack);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_PAM_STACKS_H_
