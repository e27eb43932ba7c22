#include "daemon/child.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/backend/backend.h"
#include "common/process/monotonic.h"
#include "daemon/answerer.h"
#include "daemon/daemon_log.h"
#include "daemon/event.h"
#include "daemon/load_settings.h"
#include "daemon/mailbox.h"
#include "daemon/offline_logins.h"
#include "daemon/refresher.h"
#include "daemon/server.h"
#include "daemon/status_lines.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kAliveMs = 1'000;
constexpr std::int64_t kFinishMs = 500;

// Together as long as an id.
static_assert(sizeof(Message::token) + sizeof(Message::generation) == sizeof(OfflineId));

Message ToForget(const OfflineId& name) {
  Message message{MessageKind::kForget};
  std::memcpy(&message.token, name.data(), sizeof message.token);
  std::memcpy(&message.generation, name.data() + sizeof message.token, sizeof message.generation);
  return message;
}

OfflineId NameToForget(const Message& message) {
  OfflineId name{};
  std::memcpy(name.data(), &message.token, sizeof message.token);
  std::memcpy(name.data() + sizeof message.token, &message.generation, sizeof message.generation);
  return name;
}

class Child {
 public:
  Child(ChildContext context, Log& log)
      : context_(std::move(context)),
        backend_(std::move(context_.settings), {Dial::Names::kDns, Pool::Idle::kKept, nullptr},
                 log),
        server_(loop_, context_.listener,
                [this](ClientId client, Asked asked) {
                  answerer_.OnRequest(client, std::move(asked));
                }),
        offline_(MakeOffline(log)),
        answerer_(backend_.settings(), Sources(), Calls(), context_.flushes, loop_, mailbox_, log) {
    if (PublishesSnapshots(backend_.settings())) refresher_ = MakeRefresher(log);
    loop_.WatchIo(channel_, context_.channel.fd(), EPOLLIN, [this](std::uint32_t) { Listen(); });
    loop_.WatchIo(results_, mailbox_.fd(), EPOLLIN, [this](std::uint32_t) { mailbox_.Deliver(); });
    SayAlive();
  }

  int Run() {
    const int status = loop_.Run();
    if (offline_ != nullptr) {
      // What was remembered last survives us.
      (void)offline_->memory().Finish(kFinishMs);
      mailbox_.Deliver();
    }
    return status;
  }

 private:
  Answerer::Sources Sources() {
    AccountSource& accounts = offline_ == nullptr ? backend_.accounts() : offline_->accounts();
    LoginGate& logins = offline_ == nullptr ? backend_.logins() : offline_->gate();
    Answerer::Sources sources{accounts, logins};
    const auto is_asked = [this](QueryId id) { return backend_.settings().query(id).configured(); };
    sources.note_is_required = backend_.logins().AttemptRowIsRequired();
    if (sources.note_is_required || is_asked(QueryId::kAuthSuccess) ||
        is_asked(QueryId::kAuthFailure)) {
      sources.note = [this](const LoginRequest& request, LoginAnswer& answer) {
        backend_.logins().NoteAttempt(request, answer);
      };
    }
    sources.ssh_keys = [this](std::string_view name, std::string& lines) {
      return backend_.ssh_keys().Find(name, lines);
    };
    return sources;
  }

  // Its calls come from many threads.
  std::unique_ptr<OfflineLogins> MakeOffline(Log& log) {
    const auto keep = [this](OwnedFd memory) {
      auto shared = std::make_shared<OwnedFd>(std::move(memory));
      mailbox_.Post([this, shared] {
        if (!context_.channel.Send({MessageKind::kRemember}, shared->get()))
          offline_->memory().KeepAgain();
      });
    };
    const auto forgotten = [this](const OfflineId& name) {
      mailbox_.Post([this, message = ToForget(name)] { (void)context_.channel.Send(message); });
    };
    return OfflineLogins::Make(
        context_.offline, backend_.settings(),
        {backend_.logins(), backend_.accounts(),
         [this] { return backend_.accounts().LastWordMs(); }},
        [] { return std::int64_t{time(nullptr)}; }, {keep, forgotten}, log);
  }

  Answerer::Calls Calls() {
    return {
        .reply = [this](ClientId id, AnswerBytes bytes) { server_.Reply(id, std::move(bytes)); },
        .release = [this](ClientId client) { return server_.Release(client); },
        .refresh = [this](bool forced, Refresher::Done done) { Refresh(forced, std::move(done)); },
        .account_found =
            [this] {
              if (refresher_ != nullptr) refresher_->AccountFound();
            },
        .status = [this](bool for_root) { return Describe(for_root); },
        .publishes = PublishesSnapshots(backend_.settings()),
        .forget_login =
            [this](std::string_view name) {
              return offline_ != nullptr &&
                     offline_->memory().Forget(offline_->memory().NameId(name));
            },
    };
  }

  // Its calls come from its own thread.
  std::unique_ptr<Refresher> MakeRefresher(Log& log) {
    const auto publish = [this](OwnedFd file, std::uint64_t token, std::int64_t since_ms) {
      auto shared = std::make_shared<OwnedFd>(std::move(file));
      mailbox_.Post([this, shared, token, since_ms] {
        since_ms_ = since_ms;
        if (!context_.channel.Send({MessageKind::kPublish, 0, token}, shared->get())) {
          refresher_->OnPublished(token, std::nullopt);
        }
      });
    };
    // As after a publication: an account that was found and deleted since is gone.
    const auto unchanged = [this](std::int64_t since_ms) {
      mailbox_.Post([this, since_ms] { answerer_.OnPublished(since_ms); });
    };
    const auto confirm = [this](std::uint64_t generation, std::int64_t asked_ms) {
      mailbox_.Post([this, generation, asked_ms] {
        (void)context_.channel.Send(
            {MessageKind::kConfirm, 0, static_cast<std::uint64_t>(asked_ms), generation});
      });
    };
    return std::make_unique<Refresher>(
        Refresher::Of(backend_.accounts()), backend_.settings(),
        Refresher::Published{context_.published, context_.generation},
        Refresher::Calls{publish, unchanged, confirm}, log);
  }

  void Refresh(bool forced, Refresher::Done done) {
    if (refresher_ == nullptr)
      return done(RefreshResult::kFailed,
                  "there is no snapshot: it is off, or a list query is \"\"");
    refresher_->Request(
        forced, [this, done = std::move(done)](RefreshResult result, const std::string& text) {
          mailbox_.Post([done, result, text] { done(result, text); });
        });
  }

  std::string Describe(bool for_root) {
    StatusWriter status(for_root);
    status.Add("version", SQLMAP_VERSION);
    status.Add("pid", getppid());
    status.Add("start_time", context_.daemon.start_time);
    status.Add("child_start_time", start_time_);
    status.Add("child_restarts", context_.daemon.crashes);
    status.Add("clients", server_.clients());
    if (refresher_ == nullptr) {
      status.Add("snapshot", "-");
    } else {
      refresher_->Describe(status);
    }
    if (!for_root) return status.text();
    AddDatabase(status, backend_.Describe(), {std::int64_t{time(nullptr)} * 1000, MonotonicMs()});
    AddLatency(status, "query", backend_.queries().Read());
    answerer_.Describe(status);
    if (offline_ != nullptr) status.Add("remembered_logins", offline_->memory().names());
    return status.text();
  }

  void SayAlive() {
    const std::uint32_t down = refresher_ == nullptr ? 0 : refresher_->DownSeconds();
    (void)context_.channel.Send({MessageKind::kAlive, down, 0});
    answerer_.Turn();
    backend_.queries().Turn(MonotonicMs());
    loop_.WatchTime(alive_, kAliveMs, [this] { SayAlive(); });
  }

  void OnPublished(const Message& message) {
    if (message.value == published::kTakenOver) return refresher_->OnTakenOver(message.token);
    const bool out = message.value == published::kOut;
    if (out) answerer_.OnPublished(since_ms_);
    refresher_->OnPublished(message.token, out ? std::optional(message.generation) : std::nullopt);
  }

  // What the parent says.
  void Listen() {
    for (int i = 0; i < Channel::kAtOnce; ++i) {
      const auto received = context_.channel.Receive();
      if (!received) {
        // Without its parent a child has nobody who would publish, or end it.
        if (received.error() != Channel::Failure::kNothing) loop_.Exit(1);
        return;
      }
      const Message& message = received->message;
      if (message.kind == MessageKind::kPublished && refresher_ != nullptr) {
        OnPublished(message);
      } else if (message.kind == MessageKind::kRefresh) {
        Refresh(message.value != 0, [](RefreshResult, const std::string&) {});
      } else if (message.kind == MessageKind::kForget && offline_ != nullptr) {
        offline_->memory().ForgetToo(NameToForget(message));
      } else if (message.kind == MessageKind::kCrashes) {
        context_.daemon.crashes = message.token;
      } else if (message.kind == MessageKind::kDrain) {
        loop_.WatchTime(drained_, message.value, [this] { loop_.Exit(0); });
        server_.Drain([this] { loop_.Exit(0); });
      }
    }
  }

  ChildContext context_;
  EventLoop loop_;
  Backend backend_;
  Mailbox mailbox_;
  Server server_;
  EventLoop::Watch channel_;
  EventLoop::Watch results_;
  EventLoop::Watch alive_;
  EventLoop::Watch drained_;
  const std::int64_t start_time_ = time(nullptr);
  std::int64_t since_ms_ = 0;  // when the publication under way began to be read
  // Threads that post to the mailbox: they end first.
  std::unique_ptr<OfflineLogins> offline_;  // asked by the next one
  Answerer answerer_;
  std::unique_ptr<Refresher> refresher_;
};

}  // namespace

int RunChild(ChildContext context) {
  DaemonLog log(context.foreground ? DaemonLog::Target::kStandardError
                                   : DaemonLog::Target::kSystem);
  try {
    Child child(std::move(context), log);
    const int status = child.Run();
    // A thread may wait for a row for up to a minute: it ends with the process, and not before it.
    _exit(status);
  } catch (const std::exception& error) {
    log.Write(LogLevel::kError, std::string("sqlmapd cannot go on: ") + error.what());
    return 1;
  }
}

}  // namespace sqlmap
