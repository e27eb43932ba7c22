#include "ctl/check/homes.h"

#include <sys/stat.h>

#include "ctl/check/seen_in_time.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostExamples = 3;

enum Word : char { kThere = 'd', kMissing = 'm', kNoDirectory = 'f' };

// A view of text that is followed by a NUL.
char LookAt(std::string_view home) {
  struct stat status {};
  if (lstat(home.data(), &status) != 0) return kMissing;
  return S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode) ? kThere : kNoDirectory;
}

}  // namespace

HomesSeen LookAtHomes(const std::vector<std::string_view>& homes, Deadline deadline) {
  const auto [words, ended] = SeenInTime(
      homes.size(), [&](std::size_t i) { return LookAt(homes[i]); }, deadline);
  HomesSeen seen;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == kThere) {
      ++seen.there;
      continue;
    }
    ++(words[i] == kMissing ? seen.missing : seen.no_directory);
    if (seen.examples.size() < kMostExamples) seen.examples.emplace_back(homes[i]);
  }
  if (words.size() < homes.size()) {
    seen.last = homes[words.size()];
    seen.hung = !ended;
  }
  return seen;
}

}  // namespace sqlmap
