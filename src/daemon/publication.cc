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
#include <vector>

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
  ShowRules();
}

void Publication::ShowRules() {
  const AccountSettings& accounts = settings_.accounts;
  const auto locals = [](const LocalIds& local, const IdRules& rules) {
    std::vector<std::uint32_t> ids = local.All();
    // What is outside is refused as it is.
    std::erase_if(ids, [&](std::uint32_t id) { return id < rules.min || id > rules.max; });
    return ids;
  };
  const std::vector<std::uint32_t> uids = locals(accounts.local_uids, accounts.uid_rules());
  const std::vector<std::uint32_t> gids = locals(accounts.local_gids, accounts.gid_rules());
  control_->SetIds({{accounts.min_uid, accounts.max_uid, accounts.allow_uids, uids},
                    {accounts.min_gid, accounts.max_gid, accounts.allow_gids, gids}});
  control_->SetNameRules(RequestedNames(accounts));
  control_->SetLists(accounts.enumerate);
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
  if (poll(&ended, 1, static_cast<int>(patience_ms_)) != 1) publisher->Kill();
  const PublishResult result = publisher->Finish();
  if (result.published()) return Show(result);
  Lose();
  log_.Write(LogLevel::kInfo, std::string("no snapshot from before is published: ") + result.text);
}

// No file is known to be sound. Processes go on with what they have mapped, and new ones with the
// persistent file if they can: each record has its own check, and what one of them misses it asks
// the daemon for. What is read next stands in its place.
void Publication::Lose() {
  facts_.reset();
  generation_ = 0;
  restore_after_ms_ = MonotonicMs() + kAgainMs;
  if (control_) control_->Publish(0, false);
}

void Publication::OnSettings() {
  if (control_) ShowRules();
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

bool Publication::Start(const PublisherProcess::Job& job,
                        std::function<void(const PublishResult&)> then) {
  auto publisher = PublisherProcess::Start(job, paths_, Rules(job.memory));
  if (!publisher) {
    log_.Write(LogLevel::kError, "no publisher: " + publisher.error());
    return false;
  }
  publisher_.emplace(*std::move(publisher));
  loop_.WatchTime(patience_, patience_ms_, [this] { publisher_->Kill(); });
  loop_.WatchIo(on_end_, publisher_->fd(), EPOLLIN, [this, then = std::move(then)](std::uint32_t) {
    on_end_.End();
    patience_.End();
    const PublishResult result = publisher_->Finish();
    publisher_.reset();
    then(result);
    // It has run into a change of the settings.
    if (!PublishesSnapshots(settings_)) Withdraw();
  });
  return true;
}

bool Publication::Begin(OwnedFd memory, Done done) {
  if (busy()) return false;
  if (!publisher_) return StartPublishing(std::move(memory), std::move(done));
  // What it writes is about to be old.
  waiting_ = Waiting{std::move(memory), std::move(done)};
  publisher_->Kill();
  return true;
}

bool Publication::StartPublishing(OwnedFd memory, Done done) {
  last_generation_ = std::max(last_generation_ + 1, NextGeneration(paths_, generation_));
  return Start({memory.get(), generation_, last_generation_},
               [this, done = std::move(done)](const PublishResult& result) {
                 const bool published = result.published() && PublishesSnapshots(settings_);
                 if (published) {
                   Show(result);
                 } else {
                   log_.Write(LogLevel::kError, std::string("not published: ") + result.text);
                 }
                 if (done) done(published);
               });
}

void Publication::Show(const PublishResult& result) {
  facts_ = result.facts;
  generation_ = result.generation;
  last_generation_ = std::max(last_generation_, generation_);
  kept_ = result.survives_reboot;
  if (kept_) {
    kept_as_ = FileStamp::Of(paths_.persistent());
    keep_error_.clear();
  } else if (result.text[0] != '\0') {
    keep_error_ = result.text;
    keep_after_ms_ = MonotonicMs() + kAgainMs;
  }
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

// From when it was asked: the answer may have waited for us, or for a child that was held up. The
// page counts whole seconds, and all of the last one counts.
void Publication::Confirm(std::int64_t asked_ms) {
  if (!control_) return;
  const std::int64_t until = std::min(MonotonicMs(), asked_ms) / 1000 + kConfirmedSeconds - 1;
  const bool stands = asked_ms > 0 && generation_ != 0 && !busy();
  control_->ConfirmUntil(stands ? until : 0);
}

void Publication::Retire() {
  if (control_) control_->Retire();
}

bool Publication::Mend(Done restored) {
  if (!ControlInPlace()) {
    log_.Write(LogLevel::kWarning, paths_.control() + " is not there any more");
    OpenControl();
    if (generation_ != 0) ShowInControl();
    if (control_ && !PublishesSnapshots(settings_)) control_->Withdraw();
  }
  if (busy()) return true;
  if (generation_ == 0) {
    // There may be room by now, and the database may be away.
    if (PublishesSnapshots(settings_) && MonotonicMs() >= restore_after_ms_ &&
        FileStamp::Of(paths_.persistent()).there()) {
      (void)BeginRestoring(std::move(restored));
    }
    return true;
  }
  if (access(paths_.snapshot(generation_).c_str(), F_OK) == 0) {
    MendPersistent();
    return true;
  }
  log_.Write(LogLevel::kWarning, paths_.snapshot(generation_) + " is not there any more");
  // At once, and the database need not be there.
  if (BeginRestoring(std::move(restored))) return true;
  Lose();
  return false;
}

bool Publication::BeginRestoring(Done restored) {
  return Begin(OwnedFd(), [this, restored = std::move(restored)](bool published) {
    const bool new_loss = !published && generation_ != 0;
    if (!published) Lose();
    if (published || new_loss) restored(published);
  });
}

// The child does not publish again what has not changed.
void Publication::MendPersistent() {
  if (publisher_) return;
  const FileStamp file = FileStamp::Of(paths_.persistent());
  if (kept_ && file == kept_as_) return;
  if (keep_error_.empty() && (kept_ || !file.there())) {
    keep_error_ = paths_.persistent() + " is not there any more, or was changed";
    log_.Write(LogLevel::kWarning, keep_error_);
  }
  kept_ = false;
  if (MonotonicMs() < keep_after_ms_) return;
  keep_after_ms_ = MonotonicMs() + kAgainMs;
  keeping_ = Start({-1, generation_, 0, true}, [this](const PublishResult& result) {
    keeping_ = false;
    if (auto next = std::exchange(waiting_, std::nullopt)) {
      if (!StartPublishing(std::move(next->memory), next->done)) next->done(false);
    } else {
      OnKept(result);
    }
  });
}

void Publication::OnKept(const PublishResult& result) {
  kept_ = result.survives_reboot;
  if (kept_) {
    kept_as_ = FileStamp::Of(paths_.persistent());
    if (!keep_error_.empty())
      log_.Write(LogLevel::kInfo, Describe() + ": will survive a reboot again");
    keep_error_.clear();
  } else if (keep_error_ != result.text) {
    keep_error_ = result.text;
    log_.Write(LogLevel::kWarning, Describe() + ": " + keep_error_);
  }
}

}  // namespace sqlmap
