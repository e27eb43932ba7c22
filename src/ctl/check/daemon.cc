#include "ctl/check/daemon.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <span>
#include <string_view>

#include "common/account/trusted_path.h"
#include "common/process/owned_fd.h"
#include "common/snapshot/control.h"
#include "common/snapshot/view.h"
#include "common/sql/rows.h"
#include "common/wire/access.h"
#include "common/wire/client.h"
#include "ctl/check/files.h"
#include "ctl/check/stopwatch.h"
#include "ctl/status/report.h"

namespace sqlmap {
namespace {

constexpr char kSocket[] = "socket";
constexpr char kReading[] = "reading";
constexpr char kControl[] = "control page";
constexpr char kSnapshot[] = "snapshot";
constexpr char kKept[] = "kept snapshot";
constexpr char kStart[] = "systemctl restart sqlmapd; its log says why if it does not stay";

// A file of root's, mapped for reading.
class Mapped {
 public:
  explicit Mapped(const std::string& path) {
    const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    struct stat status {};
    if (!fd.valid() || fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ == 0) return;
    void* const at = mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at != MAP_FAILED) memory_ = static_cast<const char*>(at);
  }
  ~Mapped() {
    if (memory_ != nullptr) munmap(const_cast<char*>(memory_), size_);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;

  std::span<const char> bytes() const {
    return memory_ == nullptr ? std::span<const char>() : std::span(memory_, size_);
  }

 private:
  const char* memory_ = nullptr;
  std::size_t size_ = 0;
};

class Check {
 public:
  Check(const HostPaths& paths, const Settings* settings, Findings& findings)
      : paths_(paths), settings_(settings), to_(findings) {}

  void Run() {
    const bool runs = Socket();
    const auto generation = Control(runs);
    if (settings_ != nullptr && !settings_->snapshot.enabled) {
      return to_.Ok(kSnapshot, "switched off: each account is asked of the database");
    }
    if (generation.value_or(0) != 0) {
      const std::string directory = paths_.control.substr(0, paths_.control.rfind('/'));
      Snapshot(kSnapshot, directory + "/snapshot." + std::to_string(*generation), *generation);
    } else if (runs && generation) {
      to_.Error(kSnapshot, "nothing has been published yet",
                "sqlmapctl refresh --wait says what keeps it");
    }
    Snapshot(kKept, paths_.persistent_snapshot, 0);
  }

 private:
  bool direct() const { return settings_ != nullptr && settings_->direct.enabled; }

  // Whether somebody listens there who may.
  bool Socket() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (paths_.socket.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, paths_.socket.c_str(), paths_.socket.size() + 1);
    const OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid() ||
        (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno != EAGAIN)) {
      const std::string what = "nobody listens at " + paths_.socket;
      if (direct()) {
        to_.Ok(kSocket, what + "; direct mode is on");
      } else {
        to_.Error(kSocket, what, "systemctl start sqlmapd");
      }
      return false;
    }
    const auto peer = PeerOf(fd.get());
    if (TrustOfSocketPath(paths_.socket.c_str()) != PathTrust::kTrusted || !peer ||
        peer->uid != 0) {
      to_.Error(kSocket, "who listens is not root, or the directory is not root's alone",
                "see who that is: ss -xlp; then " + std::string(kStart));
      return false;
    }
    Answers();
    return true;
  }

  void Answers() {
    const Stopwatch watch;
    SocketControl control(paths_.socket.c_str(), kLookUpBudgetMs);
    std::string said;
    const Answer answer = control.Status([&](std::string_view text) { said = text; });
    if (!answer.found()) {
      return to_.Error(kSocket, "sqlmapd does not answer" + (said.empty() ? "" : ": " + said),
                       kStart);
    }
    const std::string took = watch.Text();
    const StatusReport report = ParseStatus(said);
    to_.Ok(kSocket, "sqlmapd " + ValueOf(report, "version") + ", pid " + ValueOf(report, "pid") +
                        ", answers within " + took);
    Refreshes(report);
  }

  static std::string ValueOf(const StatusReport& report, std::string_view key) {
    const auto found = std::ranges::find_if(
        report, [key](const StatusLine& line) { return line.key->key == key; });
    return found == report.end() ? "?" : found->value;
  }

  // Whether what is published is as new as the configuration wants it.
  void Refreshes(const StatusReport& report) {
    if (settings_ == nullptr || !settings_->snapshot.enabled) return;
    const std::string state = ValueOf(report, "refresh");
    if (state == "failed" || state == "held_back") {
      return to_.Error(kReading, "the last one failed: " + ValueOf(report, "refresh_error"),
                       state == "failed" ? "see the servers and queries above; what was read last "
                                           "stands meanwhile"
                                         : "sqlmapctl refresh --force, if that is right");
    }
    const auto checked = ParseUnsigned(ValueOf(report, "checked_time"));
    if (!checked) return;
    const std::int64_t age = std::time(nullptr) - std::int64_t{*checked};
    const std::uint32_t every = settings_->snapshot.refresh_seconds;
    // It takes its time if a reading takes long: see refresh_schedule.h.
    const double longest =
        3.0 * every + 25 * std::atof(ValueOf(report, "last_read_seconds").c_str());
    const std::string what =
        "the database was asked " + AgeText(age) + " ago, every " + std::to_string(every) + " s";
    if (static_cast<double>(age) > longest) return to_.Error(kReading, what + " is meant", kStart);
    to_.Ok(kReading, what);
  }

  // The generation that the control page names, 0 if none; nullopt: it could not be read.
  std::optional<std::uint64_t> Control(bool runs) {
    const Mapped mapped(paths_.control);
    if (mapped.bytes().empty()) {
      if (runs) to_.Error(kControl, paths_.control + " is not there", kStart);
      return std::nullopt;
    }
    if (const Ownership wrong = OwnershipOf(paths_.control); !wrong.what.empty()) {
      to_.Error(kControl, paths_.control + " " + wrong.what, wrong.remedy);
      return std::nullopt;
    }
    struct stat status {};
    if (stat(paths_.control.c_str(), &status) != 0 || (status.st_mode & S_IROTH) == 0) {
      to_.Error(kControl, "not everybody may read " + paths_.control,
                "chmod 0644 " + paths_.control);
      return std::nullopt;
    }
    const auto* const page = reinterpret_cast<const ControlPage*>(mapped.bytes().data());
    if (mapped.bytes().size() != kControlSize || page->magic != kControlMagic ||
        page->version != kControlVersion) {
      to_.Error(kControl, paths_.control + " is not one of this version", kStart);
      return std::nullopt;
    }
    const std::uint64_t generation = page->generation.load();
    Flags(*page, runs, generation);
    return generation;
  }

  void Flags(const ControlPage& page, bool runs, std::uint64_t generation) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const std::int64_t silent = now.tv_sec - page.heartbeat.load();
    const std::uint32_t flags = page.flags.load();
    if ((flags & control::kBackendDown) != 0) {
      const std::int64_t since = std::time(nullptr) - page.backend_down_since.load();
      return to_.Error(kControl,
                       "sqlmapd has had no answer from the database for " + AgeText(since),
                       "see the servers above; what was read last stands meanwhile");
    }
    if (runs && silent > kHeartbeatSeconds) {
      return to_.Error(kControl, "sqlmapd has given no sign of life for " + AgeText(silent),
                       kStart);
    }
    const char* const state = runs ? ", sqlmapd is alive" : ", sqlmapd is not running";
    to_.Ok(kControl, "generation " + std::to_string(generation) + state);
  }

  void Snapshot(const char* subject, const std::string& path, std::uint64_t generation) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) {
      return to_.Error(subject, path + ": " + std::system_category().message(errno),
                       direct() ? "let sqlmapd make it, or set [snapshot] enabled = false"
                                : "sqlmapctl refresh --wait --force makes it");
    }
    if (const Ownership wrong = OwnershipOf(path); !wrong.what.empty())
      return to_.Error(subject, path + " " + wrong.what, wrong.remedy);
    const Mapped mapped(path);
    const auto view = SnapshotView::Of(mapped.bytes());
    if (!view || (generation != 0 && view->generation() != generation)) {
      return to_.Error(subject, path + " is damaged, or of another version",
                       "delete it: sqlmapd makes it anew");
    }
    const snapshot::Header& header = view->header();
    const std::int64_t age = std::time(nullptr) - static_cast<std::int64_t>(header.created);
    to_.Ok(subject, std::to_string(header.sections[0].records) + " users and " +
                        std::to_string(header.sections[1].records) + " groups, made " +
                        AgeText(age) + " ago");
  }

  const HostPaths& paths_;
  const Settings* const settings_;
  Findings& to_;
};

}  // namespace

std::string AgeText(std::int64_t seconds) {
  if (seconds < 120) return std::to_string(seconds < 0 ? 0 : seconds) + " s";
  if (seconds < 7'200) return std::to_string(seconds / 60) + " min";
  if (seconds < 172'800) return std::to_string(seconds / 3'600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

void CheckDaemon(const HostPaths& paths, const Settings* settings, Findings& findings) {
  Check(paths, settings, findings).Run();
}

}  // namespace sqlmap
