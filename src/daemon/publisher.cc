#include "daemon/publisher.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "common/snapshot/layout.h"
#include "daemon/directories.h"
#include "daemon/error_text.h"
#include "daemon/examiner.h"
#include "daemon/privileges.h"
#include "daemon/snapshot_files.h"

namespace sqlmap {
namespace {

// Of the file in the directory's own terms.
constexpr std::string_view kPersistentName = "snapshot";

void AddText(PublishResult& result, std::string_view text) {
  if (text.empty()) return;
  std::size_t at = std::strlen(result.text);
  if (at != 0) {
    const std::size_t room = sizeof result.text - 1 - at;
    at += std::string_view("; ").copy(result.text + at, room);
  }
  at += text.copy(result.text + at, sizeof result.text - 1 - at);
  result.text[at] = '\0';
}

PublishResult Failure(std::string_view text) {
  PublishResult result;
  AddText(result, text);
  return result;
}

struct SoundFile {
  FileBytes bytes;
  Examined found;

  static std::expected<SoundFile, std::string> At(const std::string& path,
                                                  const SnapshotRules& rules) {
    auto bytes = FileBytes::OfFile(path);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    const auto found = Examine(bytes->bytes(), rules);
    if (!found) return std::unexpected(path + ": " + found.error());
    return SoundFile{*std::move(bytes), *found};
  }
};

std::expected<void, std::string> WriteTo(const std::string& directory, const std::string& name,
                                         std::span<const char> snapshot, std::uint64_t generation,
                                         Durability durability) {
  if (auto there = EnsureDirectory(directory); !there) return there;
  return WriteSnapshotFile(directory, name, snapshot, generation, durability);
}

PublishResult WriteToRun(std::span<const char> snapshot, const TableFacts& facts,
                         std::uint64_t generation, const DaemonPaths& paths) {
  const std::string name = DaemonPaths::kSnapshotPrefix + std::to_string(generation);
  if (const auto done = WriteTo(paths.run, name, snapshot, generation, Durability::kUntilReboot);
      !done) {
    return Failure(done.error());
  }
  PublishResult result;
  result.generation = generation;
  result.facts = facts;
  return result;
}

void WriteToState(std::span<const char> snapshot, std::uint64_t generation,
                  const DaemonPaths& paths, PublishResult& result) {
  const auto done =
      WriteTo(paths.state, std::string(kPersistentName), snapshot, generation, Durability::kOnDisk);
  result.survives_reboot = done.has_value();
  if (!done) AddText(result, "will not survive a reboot: " + done.error());
}

bool Tell(int pipe, const PublishResult& result) {
  return write(pipe, &result, sizeof result) == sizeof result;
}

// False: there is nothing left, and `result` is as it was.
bool Hear(int pipe, PublishResult& result) {
  PublishResult next;
  if (read(pipe, &next, sizeof next) != sizeof next) return false;
  result = next;
  return true;
}

PublishResult Do(const PublisherProcess::Job& job, const DaemonPaths& paths,
                 const SnapshotRules& rules, int pipe) noexcept {
  try {
    if (job.keep) return Keep(job.current, paths, rules);
    if (job.memory < 0) return Restore(job.current, job.next, paths, rules);
    return Publish(job.memory, job.next, paths, rules,
                   [&](const PublishResult& result) { (void)Tell(pipe, result); });
  } catch (const std::exception& error) {
    return Failure(error.what());
  }
}

}  // namespace

bool IsSealedMemory(int fd) {
  constexpr int kNeeded = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals >= 0 && (seals & kNeeded) == kNeeded;
}

PublishResult Publish(int memory, std::uint64_t generation, const DaemonPaths& paths,
                      const SnapshotRules& rules, FunctionRef<void(const PublishResult&)> out) {
  if (!IsSealedMemory(memory)) return Failure("the new snapshot is not in sealed memory");
  const auto bytes = FileBytes::OfSealedMemory(memory);
  if (!bytes) return Failure("the new snapshot: " + bytes.error());
  if (const std::size_t size = bytes->bytes().size(); size > snapshot::kMostPublished) {
    return Failure("the new snapshot is refused: " + std::to_string(size) +
                   " bytes are more than " + std::to_string(snapshot::kMostPublished));
  }
  const auto found = Examine(bytes->bytes(), rules);
  if (!found) return Failure("the new snapshot is refused: " + found.error());
  PublishResult result = WriteToRun(bytes->bytes(), found->facts, generation, paths);
  if (!result.published()) return result;
  out(result);
  WriteToState(bytes->bytes(), generation, paths, result);
  return result;
}

PublishResult Restore(std::uint64_t current, std::uint64_t next, const DaemonPaths& paths,
                      const SnapshotRules& rules) {
  PublishResult unsound;
  if (current != 0) {
    const auto file = SoundFile::At(paths.snapshot(current), rules);
    if (file && file->found.generation == current) {
      PublishResult result;
      result.generation = current;
      result.facts = file->found.facts;
      return result;
    }
    AddText(unsound, file ? paths.snapshot(current) + " is another generation" : file.error());
  }
  const auto file = SoundFile::At(paths.persistent(), rules);
  if (!file) {
    AddText(unsound, file.error());
    return unsound;
  }
  PublishResult result = WriteToRun(file->bytes.bytes(), file->found.facts, next, paths);
  result.survives_reboot = true;
  AddText(result, unsound.text);
  return result;
}

PublishResult Keep(std::uint64_t current, const DaemonPaths& paths, const SnapshotRules& rules) {
  const auto file = SoundFile::At(paths.snapshot(current), rules);
  if (!file) return Failure(file.error());
  PublishResult result;
  result.generation = current;
  result.facts = file->found.facts;
  const auto kept = SoundFile::At(paths.persistent(), rules);
  if (kept && kept->found.facts == result.facts) {
    result.survives_reboot = true;
  } else {
    WriteToState(file->bytes.bytes(), current, paths, result);
  }
  return result;
}

std::expected<PublisherProcess, std::string> PublisherProcess::Start(const Job& job,
                                                                     const DaemonPaths& paths,
                                                                     const SnapshotRules& rules) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::unexpected("pipe: " + ErrorText());
  OwnedFd read_end(ends[0]);
  OwnedFd write_end(ends[1]);
  const pid_t parent = getpid();
  auto process = Process::Fork([&] {
    CloseAllBut(write_end.get(), job.memory);
    const auto dropped = DropCapabilities(parent);
    const PublishResult result =
        dropped ? Do(job, paths, rules, write_end.get()) : Failure(dropped.error());
    return Tell(write_end.get(), result) ? 0 : 1;
  });
  if (!process) return std::unexpected(std::move(process.error()));
  return PublisherProcess(*std::move(process), std::move(read_end));
}

PublishResult PublisherProcess::Finish() {
  // No more than a pipe takes at once: the process never waited for us.
  static_assert(2 * sizeof(PublishResult) <= PIPE_BUF);
  const int status = process_.Wait();
  PublishResult result;
  while (Hear(result_.get(), result)) {
  }
  if (status != 0) AddText(result, "the publisher " + DescribeEnd(status));
  return result;
}

}  // namespace sqlmap
