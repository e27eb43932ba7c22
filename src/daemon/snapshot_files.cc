#include "daemon/snapshot_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "common/process/owned_fd.h"
#include "common/snapshot/check.h"
#include "common/snapshot/layout.h"
#include "daemon/error_text.h"

namespace sqlmap {
namespace {

constexpr char kUnfinished[] = ".snapshot.new";

std::unexpected<std::string> Failed(const std::string& what) {
  return std::unexpected(what + ": " + ErrorText());
}

// Removes a file, or an empty directory.
bool RemoveName(int directory, const char* name) {
  if (unlinkat(directory, name, 0) == 0 || errno == ENOENT) return true;
  return errno == EISDIR && unlinkat(directory, name, AT_REMOVEDIR) == 0;
}

bool WriteAll(int fd, std::span<const char> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

// The same snapshot as another generation: no record depends on it, only the header's check.
snapshot::Header HeaderWith(std::span<const char> all, std::uint64_t generation) {
  snapshot::Header header{};
  std::memcpy(&header, all.data(), sizeof header);
  header.generation = generation;
  header.check = snapshot::CheckBefore(&header, sizeof header, 0);
  return header;
}

// Others need room there, too, in /run above all: as much stays free again, or a tenth of it all.
bool HasRoom(int fd, std::size_t size) {
  struct statvfs disk {};
  if (fstatvfs(fd, &disk) != 0) return false;
  const std::uint64_t kept = std::min<std::uint64_t>(size, disk.f_blocks * disk.f_frsize / 10);
  if (disk.f_blocks == 0 || size + kept <= disk.f_bavail * disk.f_frsize) return true;  // no limit
  errno = ENOSPC;
  return false;
}

bool Fill(int fd, const snapshot::Header& header, std::span<const char> all,
          Durability durability) {
  if (!HasRoom(fd, all.size())) return false;
  // A reader maps it: a block that is missing would kill him.
  if (const int error = posix_fallocate(fd, 0, static_cast<off_t>(all.size())); error != 0) {
    errno = error;
    return false;
  }
  return WriteAll(fd, {reinterpret_cast<const char*>(&header), sizeof header}) &&
         WriteAll(fd, all.subspan(sizeof header)) && fchmod(fd, 0444) == 0 &&
         (durability == Durability::kUntilReboot || fsync(fd) == 0);
}

bool MoveIntoPlace(int directory, const char* name) {
  if (renameat(directory, kUnfinished, directory, name) == 0) return true;
  return errno == EISDIR && unlinkat(directory, name, AT_REMOVEDIR) == 0 &&
         renameat(directory, kUnfinished, directory, name) == 0;
}

}  // namespace

FileBytes::~FileBytes() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

std::expected<FileBytes, std::string> FileBytes::OfSealedMemory(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return Failed("memory");
  if (status.st_size <= 0) return std::unexpected("the memory is empty");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const at = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return Failed("memory");
  return FileBytes({static_cast<const char*>(at), size});
}

std::expected<FileBytes, std::string> FileBytes::OfFile(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) return Failed(path);
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
      (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return std::unexpected(path + " is not a regular file of root's that nobody else can write to");
  }
  if (status.st_size <= 0) return std::unexpected(path + " is empty");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return Failed(path);
  FileBytes copy({static_cast<const char*>(at), size});
  for (std::size_t done = 0; done < size;) {
    const ssize_t got =
        pread(fd.get(), static_cast<char*>(at) + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failed(path);
    if (got == 0) return std::unexpected(path + " became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
  return copy;
}

std::expected<void, std::string> WriteSnapshotFile(const std::string& directory,
                                                   const std::string& name,
                                                   std::span<const char> snapshot,
                                                   std::uint64_t generation,
                                                   Durability durability) {
  const std::string path = directory + "/" + name;
  if (snapshot.size() < sizeof(snapshot::Header)) return std::unexpected(path + ": too short");
  const OwnedFd parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid()) return Failed(directory);
  if (!RemoveName(parent.get(), kUnfinished)) return Failed(directory + "/" + kUnfinished);
  const OwnedFd fd(openat(parent.get(), kUnfinished,
                          O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Failed(directory + "/" + kUnfinished);
  if (!Fill(fd.get(), HeaderWith(snapshot, generation), snapshot, durability) ||
      !MoveIntoPlace(parent.get(), name.c_str())) {
    auto failed = Failed(path + " (" + std::to_string(snapshot.size()) +
                         " bytes, beside what must stay free)");
    (void)RemoveName(parent.get(), kUnfinished);
    return failed;
  }
  if (durability == Durability::kOnDisk && fsync(parent.get()) != 0) return Failed(directory);
  return {};
}

}  // namespace sqlmap
