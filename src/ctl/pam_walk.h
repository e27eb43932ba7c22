// The stacks of pam.d(5): what a service runs, through all that it includes, as libpam reads it.
// Pure.
#ifndef SQLMAP_CTL_PAM_WALK_H_
#define SQLMAP_CTL_PAM_WALK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/pam_lines.h"

namespace sqlmap {

// Texts by their paths: the files of both directories, and what they include, wherever it is.
using PamTexts = std::map<std::string, std::string, std::less<>>;

// Where libpam may look for a file, in that order: at an absolute path, or in HostPaths'
// pam_directory, and then in its vendor_pam_directory.
std::vector<std::string> PamPathsFor(std::string_view name);

// The one of them that is there, else the first.
std::string PamPathOf(const PamTexts& texts, std::string_view name);

// The paths of the services by their names. A "common-..." is none, but a part of many; nor is what
// editors and dpkg leave behind, or what is hidden by a file of the same name.
std::map<std::string, std::string> PamServicesIn(const PamTexts& texts);
bool MayBePamService(std::string_view name);

enum class PamStepKind : std::uint8_t {
  kModule,
  kBroken,    // libpam understands it no further than its type, and has it fail
  kInclude,   // what follows, up to kEnd, is the included file's
  kSubstack,  // so, one level further down
  kEnd,       // of a file; the outermost has one, too
};

struct PamStep {
  PamStepKind kind;
  std::string path;  // of the file that it is in
  PamEntry entry;    // none at kEnd
  std::string type;  // "auth"; "" for an @include, and at kEnd
  int level = 0;     // how many substacks it is in
};

struct PamStack {
  std::vector<PamStep> steps;  // of all types, in their order
  // Included by name, and not in pam_directory. What is in vendor_pam_directory is followed all the
  // same: Debian's libpam looks for services alone there, others for what is included, too.
  std::vector<std::string> missing;
  // Why it is not known to its end: "/etc/pam.d/a: line 3 includes /etc/pam.d/a in itself"; "": it
  // is.
  std::string endless;
};

// The stack that begins with the file `path`, empty if that is not there. A file is not read in
// itself: libpam 1.5 does so until the process dies. No more than 16 files are read in each other,
// which is where newer ones end, and no more than 10,000 lines.
PamStack WalkPam(const PamTexts& texts, const std::string& path);

// Of which it has lines: those of the others are the service other's.
std::set<std::string, std::less<>> TypesOf(const PamStack& stack);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_PAM_WALK_H_
