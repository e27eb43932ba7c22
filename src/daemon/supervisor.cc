#include "daemon/supervisor.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "common/config/root_files.h"
#include "common/process/monotonic.h"
#include "daemon/directories.h"

namespace sqlmap {
namespace {

constexpr int kSignals[] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};
constexpr std::int64_t kTickMs = 1'000;
constexpr std::int64_t kParting = 1'000;  // ms that a child is given beyond what it is told

// The child serves thousands of clients. Without a service manager there is room for a thousand
// descriptors only, unless somebody asks for more.
void RaiseDescriptorLimit() {
  constexpr rlim_t kWanted = 8192;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = std::max(before, std::min(limit.rlim_max, kWanted));
  if (limit.rlim_cur != before) (void)setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Supervisor::Supervisor(Options options, Settings settings, DaemonLog& log)
    : options_(std::move(options)),
      log_(log),
      settings_(std::move(settings)),
      local_(LocalStamp::Of(options_.paths)),
      publication_(loop_, options_.paths, settings_, log, options_.publisher_ms),
      offline_(loop_, options_.paths, log) {}

int Supervisor::Run() {
  try {
    return Serve();
  } catch (const std::exception& error) {
    Say(LogLevel::kError, std::string("sqlmapd cannot go on: ") + error.what());
    return EXIT_FAILURE;
  }
}

int Supervisor::Serve() {
  if (const auto prepared = Prepare(); !prepared) {
    Say(LogLevel::kError, prepared.error());
    return EXIT_FAILURE;
  }
  facts_.start_time = time(nullptr);
  WatchSignals();
  (void)sd_event_set_watchdog(loop_.get(), true);
  ticked_ms_ = MonotonicMs();
  loop_.WatchTime(tick_, kTickMs, [this] { Tick(); });
  StartChild();
  return loop_.Run();
}

std::expected<void, std::string> Supervisor::Prepare() {
  const DaemonPaths& paths = options_.paths;
  RaiseDescriptorLimit();
  (void)signal(SIGPIPE, SIG_IGN);
  auto user = FindServiceUser(paths.passwd);
  if (!user) return std::unexpected(std::move(user.error()));
  user_ = *user;
  if (auto there = EnsureDirectory(paths.run); !there) return there;
  auto lock = LockInstance(paths.lock());
  if (!lock) return std::unexpected(std::move(lock.error()));
  lock_ = *std::move(lock);
  publication_.Resume();
  offline_.Switch(settings_.cache.offline_auth_seconds != 0);
  auto listener = Listener::Open(paths.socket());
  if (!listener) return std::unexpected("no socket: " + listener.error());
  listener_.emplace(*std::move(listener));
  return {};
}

void Supervisor::WatchSignals() {
  sigset_t ours;
  sigemptyset(&ours);
  for (const int number : kSignals) sigaddset(&ours, number);
  pthread_sigmask(SIG_BLOCK, &ours, nullptr);
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    loop_.WatchSignal(signals_[i], kSignals[i], [this](int number) {
      if (number == SIGHUP) {
        Reload();
      } else if (number == SIGUSR1) {
        if (current_ != nullptr) (void)current_->channel.Send({MessageKind::kRefresh, 0, 0});
      } else {
        Stop();
      }
    });
  }
}

// The old one, if there is one, serves until the new one has shown that it lives, see OnAlive.
bool Supervisor::TakeOver() {
  if (stopping_) return false;
  (void)listener_->Renew();
  auto started = ChildProcess::Start(
      {options_.run_child, user_, settings_, listener_->fd(), publication_.facts(),
       options_.foreground, publication_.generation(), offline_.bytes(), facts_, flushes_.value()});
  if (!started) {
    Say(LogLevel::kError, "a child cannot be started: " + started.error());
    return false;
  }
  ChildProcess& child = **started;
  children_.push_back(*std::move(started));
  loop_.WatchIo(child.on_end, child.process.fd(), EPOLLIN,
                [this, &child](std::uint32_t) { OnEnd(child); });
  loop_.WatchIo(child.on_message, child.channel.fd(), EPOLLIN,
                [this, &child](std::uint32_t) { OnMessage(child); });
  restart_.End();
  current_ = &child;
  return true;
}

void Supervisor::StartChild() {
  if (!TakeOver())
    loop_.WatchTime(restart_, std::max(restarts_.DelayMs(0), kTickMs), [this] { StartChild(); });
}

void Supervisor::SendAway(ChildProcess& child, std::int64_t patience_ms) {
  // It leaves before it is made to.
  const std::int64_t parting_ms = std::max<std::int64_t>(patience_ms - kParting, 0);
  (void)child.channel.Send({MessageKind::kDrain, static_cast<std::uint32_t>(parting_ms)});
  child.leave_ms = MonotonicMs() + patience_ms;
}

void Supervisor::OnMessage(ChildProcess& child) {
  for (int i = 0; i < Channel::kAtOnce; ++i) {
    auto received = child.channel.Receive();
    if (!received && received.error() == Channel::Failure::kNothing) return;
    if (!received) {
      // Its end, if it is the end, comes by itself.
      child.on_message.End();
      if (received.error() == Channel::Failure::kBroken) Distrust(child);
      return;
    }
    const Message message = received->message;
    switch (message.kind) {
      case MessageKind::kAlive:
        OnAlive(child, message.value);
        break;
      case MessageKind::kConfirm:
        if (&child == current_ && !stopping_ && message.generation == publication_.generation())
          publication_.Confirm(static_cast<std::int64_t>(message.token));
        break;
      case MessageKind::kPublish:
        if (!IsSealedMemory(received->descriptor.get())) return Distrust(child);
        OnSnapshot(child, std::move(received->descriptor), message.token);
        break;
      case MessageKind::kRemember:
        if (!OnRemember(child, received->descriptor)) return Distrust(child);
        break;
      case MessageKind::kForget:
        TellOthers(child, message);
        break;
      default:
        return Distrust(child);
    }
  }
}

// A child that does not keep to the rules may be somebody else's by now.
void Supervisor::Distrust(ChildProcess& child) {
  Say(LogLevel::kError, "the child is ended: it sent what no child of ours sends");
  child.on_message.End();
  child.process.Kill();
}

void Supervisor::OnSnapshot(ChildProcess& child, OwnedFd memory, std::uint64_t token) {
  // It may be gone by then.
  const auto tell = [this, token, pid = child.process.pid()](std::uint32_t outcome) {
    for (const auto& each : children_) {
      if (each->process.pid() == pid)
        (void)each->channel.Send(
            {MessageKind::kPublished, outcome, token, publication_.generation()});
    }
  };
  if (&child != current_) return tell(published::kTakenOver);
  const auto done = [this, tell, pid = child.process.pid()](bool out) {
    tell(out ? published::kOut : published::kNot);
    if (!out) return;
    SayReady();
    // Whoever took over meanwhile knows of the one before.
    if (current_ != nullptr && current_->process.pid() != pid) (void)TakeOver();
  };
  if (!publication_.Begin(std::move(memory), done)) tell(published::kNot);
}

// Of a child that another one has taken over from, what it forgets counts, and no more: it does not
// know what the other one remembers.
bool Supervisor::OnRemember(ChildProcess& child, const OwnedFd& memory) {
  if (!IsSealedMemory(memory.get())) return false;
  const bool serves = &child == current_ || child.leave_ms == 0;
  return !serves || offline_.Take(memory);
}

void Supervisor::TellOthers(ChildProcess& child, const Message& message) {
  for (const auto& other : children_) {
    if (other.get() == &child) continue;
    // However much one child says, there is room for what we say to another.
    if (!other->channel.SendIfRoom(message))
      Say(LogLevel::kError,
          "a child was not told what is to be forgotten: it is gone, or does not read");
  }
}

void Supervisor::OnAlive(ChildProcess& child, std::uint32_t down_seconds) {
  child.alive_ms = MonotonicMs();
  if (&child != current_ || stopping_) return;
  for (const auto& each : children_) {
    if (each.get() != current_ && each->leave_ms == 0) SendAway(*each, options_.hand_over_ms);
  }
  publication_.Beat(down_seconds);
  if (!std::exchange(ready_, true)) SayReady();
}

void Supervisor::SayReady() {
  if (!ready_ || stopping_) return;
  if (!options_.foreground) log_.GoTo(DaemonLog::Target::kSystem);
  (void)sd_notifyf(0, "READY=1\nSTATUS=%s", publication_.Describe().c_str());
}

void Supervisor::OnEnd(ChildProcess& child) {
  const std::int64_t lived = MonotonicMs() - child.started_ms;
  const bool sent_away = child.leave_ms != 0;
  child.on_end.End();
  // Its last words.
  if (sent_away && child.on_message.active()) OnMessage(child);
  const std::string end = DescribeEnd(child.process.Wait());
  if (&child == current_) current_ = nullptr;
  std::erase_if(children_, [&](const auto& each) { return each.get() == &child; });
  if (stopping_) {
    if (children_.empty()) End();
    return;
  }
  if (sent_away) return;
  if (current_ == nullptr) {
    // One that was to be replaced is better than none.
    const auto left = std::find_if(children_.begin(), children_.end(),
                                   [](const auto& each) { return each->leave_ms == 0; });
    if (left != children_.end()) current_ = left->get();
  }
  ++facts_.crashes;
  if (current_ != nullptr) (void)current_->channel.Send({MessageKind::kCrashes, 0, facts_.crashes});
  const std::int64_t delay = restarts_.DelayMs(lived);
  Say(LogLevel::kError, "the child " + end + " after " + std::to_string(lived) +
                            " ms; the next one starts in " + std::to_string(delay) + " ms");
  if (delay == 0) {
    StartChild();
  } else {
    loop_.WatchTime(restart_, delay, [this] { StartChild(); });
  }
}

void Supervisor::Tick() {
  loop_.WatchTime(tick_, kTickMs, [this] { Tick(); });
  const std::int64_t now = MonotonicMs();
  // Who stood still himself has not read yet what they said meanwhile.
  const std::int64_t stood_still_ms = std::max<std::int64_t>(now - ticked_ms_ - kTickMs, 0);
  ticked_ms_ = now;
  for (const auto& child : children_) {
    child->alive_ms = std::min(child->alive_ms + stood_still_ms, now);
    if (child->leave_ms != 0 && now >= child->leave_ms) {
      child->process.Kill();
    } else if (child->leave_ms == 0 && now - child->alive_ms >= options_.silence_ms) {
      Say(LogLevel::kError, "the child hangs, and is ended");
      child->alive_ms = now;
      child->process.Kill();
    }
  }
  if (stopping_) return;
  MendRunDirectory();
  WatchLocalAccounts();
}

void Supervisor::MendRunDirectory() {
  bool start_anew = !publication_.Mend([this](bool) { (void)TakeOver(); });
  const bool in_place = listener_->InPlace();
  if (!in_place || !listener_->Renew()) {
    Say(LogLevel::kWarning,
        options_.paths.socket() + (in_place ? " was shut down" : " is not there any more"));
    if (auto listener = Listener::Open(options_.paths.socket())) {
      listener_.emplace(*std::move(listener));
      start_anew = true;
    } else {
      Say(LogLevel::kError, "no socket: " + listener.error());
      // Its directory is a service manager's to make, where we may not.
      if (access(options_.paths.run.c_str(), F_OK) != 0 &&
          getenv("NOTIFY_SOCKET") != nullptr) {  // NOLINT(concurrency-mt-unsafe): one thread
        return loop_.Exit(EXIT_FAILURE);
      }
    }
  }
  if (start_anew) (void)TakeOver();
}

void Supervisor::WatchLocalAccounts() {
  const LocalStamp now = LocalStamp::Of(options_.paths);
  if (now == local_ || publication_.busy()) return;
  AccountSettings changed = settings_.accounts;
  if (const auto error = ReadLocalIds(options_.paths.passwd, options_.paths.group, changed)) {
    // Tried again until it can be read.
    if (const std::string text = error->Describe(); text != std::exchange(local_error_, text))
      Say(LogLevel::kError, text);
    return;
  }
  local_ = now;
  local_error_.clear();
  if (changed.local_uids == settings_.accounts.local_uids &&
      changed.local_gids == settings_.accounts.local_gids) {
    return;
  }
  settings_.accounts = std::move(changed);
  publication_.OnSettings();
  Say(LogLevel::kInfo, "the host's own accounts or groups have changed");
  if (current_ != nullptr) (void)TakeOver();
}

void Supervisor::Reload() {
  if (stopping_) return;
  (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   static_cast<long long>(MonotonicMs()) * 1000);
  const LocalStamp local = LocalStamp::Of(options_.paths);
  SettingsOrErrors loaded = LoadDaemonSettings(options_.paths, log_);
  if (loaded) {
    settings_ = *std::move(loaded);
    local_ = local;
    publication_.OnSettings();
    offline_.Switch(settings_.cache.offline_auth_seconds != 0);
    Say(LogLevel::kInfo, "the configuration was read again");
    if (TakeOver()) return SayReady();
  } else {
    for (const SettingsError& error : loaded.error()) Say(LogLevel::kError, error.Describe());
    Say(LogLevel::kError, "the configuration has mistakes; the old one stays in force");
  }
  SayReady();
}

void Supervisor::Stop() {
  if (std::exchange(stopping_, true)) return;
  (void)sd_notify(0, "STOPPING=1");
  restart_.End();
  listener_->Remove();
  publication_.Retire();
  for (const auto& child : children_) SendAway(*child, options_.stop_ms);
  if (children_.empty()) End();
}

void Supervisor::End() {
  offline_.Finish(kParting);
  loop_.Exit(EXIT_SUCCESS);
}

}  // namespace sqlmap
