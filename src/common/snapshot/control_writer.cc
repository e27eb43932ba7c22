#include "common/snapshot/control_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>

#include "common/process/owned_fd.h"
#include "common/snapshot/allocate.h"

namespace sqlmap {
namespace {

constexpr mode_t kMode = 0644;

std::string Error(const char* what, const std::string& path, int error = errno) {
  return std::string(what) + " " + path + ": " + std::system_category().message(error);
}

std::expected<ControlPage*, std::string> Map(int fd, const std::string& path) {
  void* const mapped = mmap(nullptr, kControlSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) return std::unexpected(Error("mmap", path));
  madvise(mapped, kControlSize, MADV_DONTFORK);  // a child without rights must not have it
  return static_cast<ControlPage*>(mapped);
}

// A page of ours: a store into it cannot fail, and nobody else can change it.
bool IsOurs(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid() ||
      (status.st_mode & 07777) != kMode || status.st_nlink != 1 ||
      status.st_size != static_cast<off_t>(kControlSize)) {
    return false;
  }
  struct {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t size;
  } start{};
  return pread(fd, &start, sizeof start, 0) == sizeof start && start.magic == kControlMagic &&
         start.version == kControlVersion && start.size == kControlSize &&
         snapshot::Allocate(fd, kControlSize) == 0;
}

// An empty directory makes way.
bool MoveIntoPlace(const std::string& fresh, const std::string& path) {
  if (rename(fresh.c_str(), path.c_str()) == 0) return true;
  if (errno != EISDIR) return false;
  return (rmdir(path.c_str()) == 0 || errno == ENOENT) && rename(fresh.c_str(), path.c_str()) == 0;
}

std::expected<ControlPage*, std::string> Make(const std::string& path) {
  const std::string fresh = path + ".new";
  if (std::remove(fresh.c_str()) != 0 && errno != ENOENT)
    return std::unexpected(Error("cannot remove", fresh));
  const OwnedFd fd(
      open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!fd.valid()) return std::unexpected(Error("cannot create", fresh));
  if (const int error = snapshot::Allocate(fd.get(), kControlSize); error != 0)
    return std::unexpected(Error("cannot allocate", fresh, error));
  const auto page = Map(fd.get(), fresh);
  if (!page) return page;
  ::new (*page) ControlPage{};
  (*page)->size = kControlSize;
  (*page)->version = kControlVersion;
  (*page)->magic = kControlMagic;
  if (fchmod(fd.get(), kMode) != 0 || !MoveIntoPlace(fresh, path)) {
    const int error = errno;
    munmap(*page, kControlSize);
    unlink(fresh.c_str());
    return std::unexpected(Error("cannot put in place", path, error));
  }
  return page;
}

}  // namespace

std::expected<ControlPageWriter, std::string> ControlPageWriter::Open(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  const auto page = fd.valid() && IsOurs(fd.get()) ? Map(fd.get(), path) : Make(path);
  if (!page) return std::unexpected(page.error());
  ControlPageWriter writer(*page);
  writer.Retire();
  return writer;
}

ControlPageWriter::~ControlPageWriter() {
  if (page_ != nullptr) munmap(page_, kControlSize);
}

// What is said of lists goes on being true.
std::uint32_t ControlPageWriter::Lists() const noexcept {
  return page_->flags.load(std::memory_order_relaxed) & control::kNoLists;
}

void ControlPageWriter::Publish(std::uint64_t generation, bool complete) noexcept {
  page_->confirmed_until.store(0, std::memory_order_seq_cst);
  page_->flags.store(Lists() | (complete ? control::kComplete : 0), std::memory_order_relaxed);
  page_->generation.store(generation, std::memory_order_seq_cst);
}

void ControlPageWriter::Withdraw() noexcept {
  page_->confirmed_until.store(0, std::memory_order_seq_cst);
  page_->flags.store(Lists() | control::kWithdrawn, std::memory_order_relaxed);
  page_->generation.store(0, std::memory_order_seq_cst);
}

void ControlPageWriter::Beat(std::int64_t now) noexcept {
  page_->flags.fetch_and(~control::kRetired, std::memory_order_relaxed);
  page_->heartbeat.store(now, std::memory_order_release);
}

void ControlPageWriter::ConfirmUntil(std::int64_t until) noexcept {
  page_->confirmed_until.store(until, std::memory_order_release);
}

void ControlPageWriter::SetBackendDown(std::int64_t since_unix) noexcept {
  page_->backend_down_since.store(since_unix, std::memory_order_relaxed);
  if (since_unix != 0) {
    page_->flags.fetch_or(control::kBackendDown, std::memory_order_relaxed);
  } else {
    page_->flags.fetch_and(~control::kBackendDown, std::memory_order_relaxed);
  }
}

void ControlPageWriter::SetLists(bool allowed) noexcept {
  if (allowed) {
    page_->flags.fetch_and(~control::kNoLists, std::memory_order_relaxed);
  } else {
    page_->flags.fetch_or(control::kNoLists, std::memory_order_relaxed);
  }
}

void ControlPageWriter::Retire() noexcept {
  page_->confirmed_until.store(0, std::memory_order_seq_cst);
  page_->flags.fetch_or(control::kRetired, std::memory_order_relaxed);
}

}  // namespace sqlmap
