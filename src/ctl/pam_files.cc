#include "ctl/pam_files.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "ctl/host.h"
#include "ctl/text_file.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

// Appends the paths of what may be a service's, or a part of many.
std::error_code List(const std::string& directory, std::vector<std::string>& paths) {
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (MayBePamService(name) || name.starts_with("common-")) paths.push_back(at->path());
  }
  return error;
}

}  // namespace

PamFiles ReadPamFiles() {
  const HostPaths host;
  PamFiles files;
  std::vector<std::string> paths;
  (void)List(host.vendor_pam_directory, paths);  // many hosts have none
  if (const auto error = List(host.pam_directory, paths)) files.error = error.message();
  while (!paths.empty()) {
    const std::string path = std::move(paths.back());
    paths.pop_back();
    if (files.texts.contains(path) || files.unread.contains(path)) continue;
    auto text = ReadTextFile(path);
    std::error_code none;
    if (!text && fs::is_regular_file(path, none)) files.unread.emplace(path, text.error());
    if (!text) continue;
    for (const PamEntry& entry : PamEntriesOf(*text)) {
      if (!entry.Included().empty())
        std::ranges::move(PamPathsFor(entry.Included()), std::back_inserter(paths));
    }
    files.texts.emplace(path, *std::move(text));
  }
  return files;
}

}  // namespace sqlmap
