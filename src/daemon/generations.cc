#include "daemon/generations.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/process/owned_fd.h"
#include "common/snapshot/layout.h"
#include "daemon/error_text.h"

namespace sqlmap {
namespace {

// A number beyond is not one that we gave: no daemon publishes so often.
constexpr std::uint64_t kLargest = std::uint64_t{1} << 62;

// 0: it is no name of a snapshot.
std::uint64_t GenerationIn(std::string_view name) {
  constexpr std::string_view kPrefix = DaemonPaths::kSnapshotPrefix;
  if (!name.starts_with(kPrefix)) return 0;
  name.remove_prefix(kPrefix.size());
  std::uint64_t generation = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), generation);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && std::to_string(generation) == name ? generation : 0;
}

std::vector<std::uint64_t> Published(const DaemonPaths& paths) {
  std::vector<std::uint64_t> generations;
  std::error_code error;
  for (std::filesystem::directory_iterator at(paths.run, error), end; !error && at != end;
       at.increment(error)) {
    if (const std::uint64_t generation = GenerationIn(at->path().filename().string());
        generation != 0) {
      generations.push_back(generation);
    }
  }
  return generations;
}

std::uint64_t GenerationOfFile(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  snapshot::Header header{};
  if (!fd.valid() || pread(fd.get(), &header, sizeof header, 0) != sizeof header ||
      header.magic != snapshot::kMagic) {
    return 0;
  }
  return header.generation;
}

}  // namespace

std::uint64_t NextGeneration(const DaemonPaths& paths, std::uint64_t published) {
  std::vector<std::uint64_t> seen = Published(paths);
  seen.push_back(GenerationOfFile(paths.persistent()));
  seen.push_back(published);
  std::uint64_t newest = 0;
  for (const std::uint64_t generation : seen) {
    if (generation < kLargest) newest = std::max(newest, generation);
  }
  return newest + 1;
}

std::string RemoveOldGenerations(const DaemonPaths& paths, std::uint64_t published) {
  const std::vector<std::uint64_t> seen = Published(paths);
  std::uint64_t before = 0;
  for (const std::uint64_t generation : seen) {
    if (generation < published) before = std::max(before, generation);
  }
  std::string error;
  for (const std::uint64_t generation : seen) {
    if (generation == published || generation == before) continue;
    const std::string path = paths.snapshot(generation);
    if (unlink(path.c_str()) != 0 && (errno != EISDIR || rmdir(path.c_str()) != 0))
      error = path + ": " + ErrorText();
  }
  return error;
}

}  // namespace sqlmap
