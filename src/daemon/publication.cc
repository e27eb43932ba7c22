#include "daemon/publication.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/process/monotonic.h"
#include "daemon/directories.h"
#include "daemon/error_text.h"
#include "daemon/generations.h"
#include "daemon/load_settings.h"

namespace sqlmap {
namespace {

std::int64_t MonotonicSeconds() { return MonotonicMs() / 1000; }

}  // namespace

void Publication::OpenControl() {
  control_.reset();
  if (const auto there = EnsureDirectory(paths_.run); !there)
    return log_.Write(LogLevel::kError, "no control page: " + there.error());
  auto control = ControlPageWriter::Open(paths_.control());
  if (!control) return log_.Write(LogLevel::kError, "no control page: " + control.error());
  struct stat status {};
  if (lstat(paths_.control().c_str(), &status) == 0) {
    control_device_ = status.st_dev;
    control_inode_ = status.st_ino;
  }
  control_.emplace(*std::move(control));
  control_->SetNameRules(RequestedNames(settings_.accounts));
  control_->SetLists(settings_.accounts.enumerate);
}

bool Publication::ControlInPlace() const {
  struct stat status {};
  return control_ && lstat(paths_.control().c_str(), &status) == 0 &&
         status.st_dev == control_device_ && status.st_ino == control_inode_;
}

void Publication::Resume() {
  OpenControl();
  const std::uint64_t current = control_ ? control_->generation() : 0;
  const std::uint64_t next = NextGeneration(paths_, current);
  last_generation_ = next - 1;
  if (!PublishesSnapshots(settings_)) return Withdraw();
  auto publisher = PublisherProcess::Start({-1, current, next}, paths_, Rules(-1));
  if (!publisher) return log_.Write(LogLevel::kError, "no publisher: " + publisher.error());
  pollfd ended{publisher->fd(), POLLIN, 0};
  if (poll(&ended, 1, static_cast<int>(kPatienceMs)) != 1) publisher->Kill();
  const PublishResult result = publisher->Finish();
  if (result.published()) return Show(result);
  // What is there is not sound: nobody shall use it.
  if (control_) control_->Publish(0, false);
  log_.Write(LogLevel::kInfo, std::string("no snapshot is left from before: ") + result.text);
}

void Publication::OnSettings() {
  if (!control_) return;
  control_->SetNameRules(RequestedNames(settings_.accounts));
  control_->SetLists(settings_.accounts.enumerate);
  if (!PublishesSnapshots(settings_)) Withdraw();
}

// Files in paths.run stay: the next generation shall be larger than theirs.
void Publication::Withdraw() {
  facts_.reset();
  generation_ = 0;
  if (control_) control_->Withdraw();
  if (unlink(paths_.persistent().c_str()) != 0 && errno != ENOENT) {
    log_.Write(LogLevel::kWarning,
               paths_.persistent() + ": " + ErrorText() + "; it is not to be used, remove it");
  }
}

// What was published once is not lost as a whole because a local account has got one of its ids:
// the next read leaves that row out.
SnapshotRules Publication::Rules(int memory) const {
  const AccountSettings& accounts = settings_.accounts;
  SnapshotRules rules{accounts.names, accounts.uid_rules(), accounts.gid_rules()};
  if (memory < 0) rules.uids.local = rules.gids.local = nullptr;
  return rules;
}

bool Publication::Begin(OwnedFd memory, Done done) {
  if (busy()) return false;
  last_generation_ = std::max(last_generation_ + 1, NextGeneration(paths_, generation_));
  auto publisher = PublisherProcess::Start({memory.get(), generation_, last_generation_}, paths_,
                                           Rules(memory.get()));
  if (!publisher) {
    log_.Write(LogLevel::kError, "no publisher: " + publisher.error());
    return false;
  }
  publisher_.emplace(*std::move(publisher));
  memory_ = std::move(memory);
  done_ = std::move(done);
  loop_.WatchTime(patience_, kPatienceMs, [this] { publisher_->Kill(); });
  loop_.WatchIo(on_end_, publisher_->fd(), EPOLLIN, [this](std::uint32_t) {
    on_end_.End();
    patience_.End();
    const PublishResult result = publisher_->Finish();
    publisher_.reset();
    memory_ = OwnedFd();
    const Done tell = std::exchange(done_, nullptr);
    if (result.published() && PublishesSnapshots(settings_)) {
      Show(result);
    } else {
      log_.Write(LogLevel::kError, std::string("not published: ") + result.text);
    }
    if (tell) tell(result.published());
  });
  return true;
}

void Publication::Show(const PublishResult& result) {
  facts_ = result.facts;
  generation_ = result.generation;
  last_generation_ = std::max(last_generation_, generation_);
  if (!ControlInPlace()) OpenControl();
  ShowInControl();
  if (result.text[0] != '\0') log_.Write(LogLevel::kWarning, Describe() + ": " + result.text);
  if (const std::string error = RemoveOldGenerations(paths_, generation_); !error.empty())
    log_.Write(LogLevel::kWarning, "an old snapshot cannot be removed: " + error);
}

void Publication::ShowInControl() {
  if (control_) control_->Publish(generation_, true);
  backend_down_ = false;
}

std::string Publication::Describe() const {
  if (!facts_) return "no snapshot";
  return "snapshot " + std::to_string(generation_) + " of " + std::to_string(facts_->users) +
         " users and " + std::to_string(facts_->groups) + " groups";
}

void Publication::Beat(std::uint32_t down_seconds) {
  if (!control_) return;
  if (const bool down = down_seconds != 0; down != backend_down_) {
    control_->SetBackendDown(down ? time(nullptr) - std::int64_t{down_seconds} : 0);
    backend_down_ = down;
  }
  control_->Beat(MonotonicSeconds());
}

void Publication::Confirm() {
  if (control_ && generation_ != 0 && !busy())
    control_->ConfirmUntil(MonotonicSeconds() + kConfirmedSeconds);
}

void Publication::Retire() {
  if (control_) control_->Retire();
}

bool Publication::Mend(Done restored) {
  if (!ControlInPlace()) {
    log_.Write(LogLevel::kWarning, paths_.control() + " is not there any more");
    OpenControl();
    if (generation_ != 0) ShowInControl();
  }
  if (generation_ == 0 || busy() || access(paths_.snapshot(generation_).c_str(), F_OK) == 0)
    return true;
  log_.Write(LogLevel::kWarning, paths_.snapshot(generation_) + " is not there any more");
  // At once, and the database need not be there.
  if (Begin(OwnedFd(), std::move(restored))) return true;
  facts_.reset();
  generation_ = 0;
  return false;
}

}  // namespace sqlmap
