#include "daemon/offline_files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <expected>
#include <string_view>
#include <utility>

#include "common/config/secure_file.h"
#include "common/process/monotonic.h"
#include "daemon/directories.h"
#include "daemon/error_text.h"
#include "daemon/offline_key.h"
#include "daemon/offline_store.h"
#include "daemon/privileges.h"

namespace sqlmap {
namespace {

using Done = std::expected<void, std::string>;

constexpr char kUnfinished[] = ".offline.new";

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// In one step, for root's eyes, and so that it would survive a loss of power. One writer at a time:
// what a killed one has left is removed.
Done WriteSecret(const std::string& directory, const std::string& path, std::string_view bytes) {
  if (auto there = EnsureDirectory(directory); !there) return there;
  const std::string unfinished = directory + "/" + kUnfinished;
  const auto failed = [&] { return std::unexpected(path + ": " + ErrorText()); };
  if (unlink(unfinished.c_str()) != 0 && errno != ENOENT) return failed();
  const OwnedFd fd(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return failed();
  if (!WriteAll(fd.get(), bytes) || fsync(fd.get()) != 0 ||
      rename(unfinished.c_str(), path.c_str()) != 0) {
    auto failure = failed();
    (void)unlink(unfinished.c_str());
    return failure;
  }
  const OwnedFd parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent.valid() || fsync(parent.get()) != 0) return failed();
  return {};
}

Secret RandomKey() {
  Secret key;
  key.resize(OfflineKey::kBytes);
  // So few bytes come whole.
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) Wipe(key);
  return key;
}

}  // namespace

void OfflineFiles::Complain(const std::string& why) {
  if (why != complaint_) log_.Write(LogLevel::kWarning, why);
  complaint_ = why;
}

void OfflineFiles::Switch(bool on) {
  if (!on) {
    Wipe(bytes_.key);
    Wipe(bytes_.store);
    unwritten_ = false;
    again_.End();
    Remove();
  } else if (!on_) {
    Load();
  }
  on_ = on;
}

void OfflineFiles::Load() {
  auto key = ReadSecureFile(paths_.offline_key(), FilePrivacy::kSecret);
  if (key && key->text.size() == OfflineKey::kBytes) {
    bytes_.key.assign(key->text);
  } else {
    if (key || !key.error().missing) {
      log_.Write(LogLevel::kWarning,
                 paths_.offline_key() + ": " + (key ? "is no key" : key.error().what) +
                     "; there is a new one, and no login from before is remembered");
    }
    bytes_.key = RandomKey();
    if (const Done written = WriteSecret(paths_.state, paths_.offline_key(), bytes_.key); !written)
      Complain("remembered logins will not survive a restart: " + written.error());
  }
  auto store = ReadSecureFile(paths_.offline(), FilePrivacy::kSecret, kMostOfflineBytes);
  if (store) {
    bytes_.store.assign(store->text);
  } else if (!store.error().missing) {
    log_.Write(LogLevel::kWarning, paths_.offline() + ": " + store.error().what +
                                       "; no login from before is remembered");
  }
}

void OfflineFiles::Remove() {
  for (const std::string& path :
       {paths_.offline(), paths_.offline_key(), paths_.state + "/" + kUnfinished}) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT)
      Complain(path + ": " + ErrorText() + "; it is not to be there, remove it");
  }
}

bool OfflineFiles::Take(const OwnedFd& memory) {
  struct stat status {};
  if (fstat(memory.get(), &status) != 0 || status.st_size <= 0 ||
      static_cast<std::size_t>(status.st_size) > kMostOfflineBytes) {
    return false;
  }
  if (!on_) return true;  // from a child that is leaving
  Secret bytes;
  bytes.resize(static_cast<std::size_t>(status.st_size));
  // It lies in memory, and cannot change: all of it comes at once.
  if (pread(memory.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
    return false;
  bytes_.store.swap(bytes);
  unwritten_ = true;
  if (!writer_) Write();
  return true;
}

void OfflineFiles::Write() {
  again_.End();
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    Complain("remembered logins are not written: pipe: " + ErrorText());
    return loop_.WatchTime(again_, kAgainMs, [this] { Write(); });
  }
  error_ = OwnedFd(ends[0]);
  const OwnedFd say(ends[1]);
  const pid_t parent = getpid();
  auto process = Process::Fork([&] {
    try {
      CloseAllBut(say.get(), -1);
      Done done = DropCapabilities(parent);
      if (done) done = WriteSecret(paths_.state, paths_.offline(), bytes_.store);
      if (done) return 0;
      (void)WriteAll(say.get(), done.error());
    } catch (const std::exception& error) {
      (void)WriteAll(say.get(), error.what());
    }
    return 1;
  });
  if (!process) {
    Complain("remembered logins are not written: " + process.error());
    return loop_.WatchTime(again_, kAgainMs, [this] { Write(); });
  }
  unwritten_ = false;
  writer_.emplace(*std::move(process));
  loop_.WatchIo(on_end_, writer_->fd(), EPOLLIN, [this](std::uint32_t) { OnWritten(); });
}

void OfflineFiles::OnWritten() {
  on_end_.End();
  const int status = writer_->Wait();
  writer_.reset();
  if (!on_) return Remove();  // it ran into a change of the settings
  if (status == 0) {
    complaint_.clear();
    if (unwritten_) Write();
    return;
  }
  char text[512];
  const ssize_t size = read(error_.get(), text, sizeof text);
  Complain("remembered logins will not survive a restart: " +
           (size > 0 ? std::string(text, static_cast<std::size_t>(size)) : DescribeEnd(status)));
  unwritten_ = true;
  loop_.WatchTime(again_, kAgainMs, [this] { Write(); });
}

void OfflineFiles::Finish(std::int64_t patience_ms) {
  const std::int64_t until_ms = MonotonicMs() + patience_ms;
  // What it is at, and what came meanwhile.
  for (int i = 0; i < 2 && writer_; ++i) {
    pollfd ended{writer_->fd(), POLLIN, 0};
    const std::int64_t left_ms = std::max<std::int64_t>(until_ms - MonotonicMs(), 0);
    if (poll(&ended, 1, static_cast<int>(left_ms)) != 1) return;
    OnWritten();
  }
}

}  // namespace sqlmap
