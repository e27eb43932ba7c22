#include "unit/daemon/scripted_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <sstream>
#include <string>
#include <utility>

#include "common/process/monotonic.h"
#include "daemon/offline_store.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

constexpr int kAliveMs = 100;

class ScriptedChild {
 public:
  explicit ScriptedChild(ChildContext context) : context_(std::move(context)) {}

  int Run() {
    for (;;) {
      if (!context_.channel.Send({MessageKind::kAlive, down_, 0})) return 1;
      pollfd fds[] = {{context_.listener, POLLIN, 0}, {context_.channel.fd(), POLLIN, 0}};
      poll(fds, 2, kAliveMs);
      if (fds[1].revents != 0 && Listen()) return 0;
      if (fds[0].revents != 0) Serve();
    }
  }

 private:
  // True: drained.
  bool Listen() {
    while (const auto received = context_.channel.Receive()) {
      // As if the database had been asked just then.
      if (received->message.kind == MessageKind::kDrain) (void)Confirm(generation_, MonotonicMs());
      if (received->message.kind == MessageKind::kDrain && parting_ != 0) {
        const std::string became = Publish(std::exchange(parting_, 0), true);
        (void)std::fprintf(stderr, "parting: %s\n", became.c_str());
        return true;
      }
      if (received->message.kind == MessageKind::kDrain && last_ != 0) {
        (void)Remember(std::to_string(last_), true);
        (void)Send({MessageKind::kForget, 0, last_});
        ++context_.flushes;
        return true;
      }
      if (received->message.kind == MessageKind::kForget) forgotten_ = received->message.token;
      if (received->message.kind == MessageKind::kCrashes)
        context_.daemon.crashes = received->message.token;
      if (received->message.kind == MessageKind::kDrain && !stays_) return true;
      if (received->message.kind == MessageKind::kRefresh) ++refreshed_;
      if (received->message.kind == MessageKind::kPublished) {
        published_ = static_cast<int>(received->message.value);
        generation_ = received->message.generation;
      }
    }
    return false;
  }

  void Serve() {
    const OwnedFd client(accept4(context_.listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return;
    char text[100];
    const ssize_t size = read(client.get(), text, sizeof text);
    if (size <= 0) return;
    std::istringstream words(std::string(text, static_cast<std::size_t>(size)));
    std::string command;
    int number = 0;
    words >> command >> number;
    const std::string answer = Do(command, static_cast<unsigned>(number));
    (void)!write(client.get(), answer.data(), answer.size());
  }

  // What is as it was handed over.
  std::string Listener() const {
    const bool waits = (fcntl(context_.listener, F_GETFL) & O_NONBLOCK) == 0;
    return waits ? "waits" : "does not wait";
  }

  std::string Do(const std::string& command, unsigned number) {
    if (command == "who") return Who();
    if (command == "listener") return Listener();
    if (command == "hold") return Hold();
    if (command == "publish") return Publish(number, true);
    if (command == "unsealed") return Publish(number, false);
    if (command == "publish-exit") {
      (void)Send({MessageKind::kPublish, 0, number}, SnapshotOfUsers(number, true).get());
      _exit(3);
    }
    if (command == "parting") parting_ = number;
    if (command == "remember") return Remember(std::to_string(number), true);
    if (command == "remember-unsealed") return Remember(std::to_string(number), false);
    if (command == "remember-large") return Remember(std::string(kMostOfflineBytes, 'x'), true);
    if (command == "offline")
      return std::to_string(context_.offline.key.size()) + " " + context_.offline.store;
    if (command == "forget") return Send({MessageKind::kForget, 0, number});
    if (command == "forgotten") return std::to_string(forgotten_);
    if (command == "flood") return Flood(number);
    if (command == "flushes") return std::to_string(context_.flushes);
    if (command == "crashes") return std::to_string(context_.daemon.crashes);
    if (command == "last") last_ = number;
    if (command == "refreshed") return std::to_string(refreshed_);
    if (command == "confirm") return Confirm(generation_, MonotonicMs());
    if (command == "confirm-late") return Confirm(generation_, MonotonicMs() - number * 1000);
    if (command == "confirm-early") return Confirm(generation_, MonotonicMs() + number * 1000);
    if (command == "deny") return Confirm(generation_, 0);
    if (command == "confirm-other")
      return Confirm(generation_ + static_cast<std::uint64_t>(static_cast<int>(number)),
                     MonotonicMs());
    if (command == "descriptors") return DescriptorLimit();
    if (command == "foreign") return Send({MessageKind::kDrain});
    if (command == "garbage")
      return send(context_.channel.fd(), "garbage", 7, 0) == 7 ? "sent" : "not sent";
    if (command == "down") down_ = number;
    if (command == "shut") shutdown(context_.listener, static_cast<int>(number));
    if (command == "spoil") {
      fcntl(context_.listener, F_SETFL, 0);
      listen(context_.listener, 0);
      _exit(3);
    }
    if (command == "stay") stays_ = true;
    if (command == "exit") _exit(3);
    while (command == "hang") pause();
    return "done";
  }

  std::string Send(const Message& message, int descriptor = -1) {
    return context_.channel.Send(message, descriptor) ? "sent" : "not sent";
  }

  std::string Flood(unsigned messages) {
    for (unsigned sent = 0; sent < messages;) {
      pollfd room{context_.channel.fd(), POLLOUT, 0};
      poll(&room, 1, kAliveMs);
      if (context_.channel.Send({MessageKind::kForget, 0, sent})) ++sent;
    }
    return "sent";
  }

  std::string Confirm(std::uint64_t generation, std::int64_t asked_ms) {
    return Send({MessageKind::kConfirm, 0, static_cast<std::uint64_t>(asked_ms), generation});
  }

  std::string Who() const {
    const std::string published =
        context_.published ? std::to_string(context_.published->users) : std::string("none");
    return std::to_string(getpid()) + " " + std::to_string(getuid()) + " " + published + " " +
           std::to_string(generation_);
  }

  static std::string DescriptorLimit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return std::to_string(limit.rlim_cur);
  }

  std::string Hold() const {
    int descriptors = 0;
    for (int fd = 3; fd < 1024; ++fd) descriptors += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    int pages = 0;
    std::istringstream maps(ReadText("/proc/self/maps"));
    for (std::string line; std::getline(maps, line);) pages += line.ends_with("/control") ? 1 : 0;
    return std::to_string(descriptors) + " " + std::to_string(pages);
  }

  std::string Remember(const std::string& text, bool sealed) {
    const std::string all = "remembered " + text;
    const OwnedFd memory(memfd_create("logins", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (write(memory.get(), all.data(), all.size()) != static_cast<ssize_t>(all.size()))
      return "no memory";
    if (sealed) {
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
    }
    return Send({MessageKind::kRemember}, memory.get());
  }

  std::string Publish(unsigned users, bool sealed) {
    published_ = -1;
    const OwnedFd memory = SnapshotOfUsers(users, sealed);
    if (!context_.channel.Send({MessageKind::kPublish, 0, users}, memory.get())) return "not sent";
    while (published_ < 0) {
      pollfd waiting{context_.channel.fd(), POLLIN, 0};
      poll(&waiting, 1, kAliveMs);
      Listen();
      if (!context_.channel.Send({MessageKind::kAlive, down_, 0})) return "no parent";
    }
    return std::to_string(published_);
  }

  ChildContext context_;
  unsigned down_ = 0;
  unsigned refreshed_ = 0;
  unsigned parting_ = 0;
  int published_ = -1;
  std::uint64_t generation_ = context_.generation;
  bool stays_ = false;
  unsigned last_ = 0;
  std::uint64_t forgotten_ = 0;
};

}  // namespace

int RunScriptedChild(ChildContext context) { return ScriptedChild(std::move(context)).Run(); }

int RunShortLivedChild(ChildContext) { return 7; }

int RunChildOfGoodSettings(ChildContext context) {
  return context.settings.accounts.min_uid == kDeadly ? 7 : RunScriptedChild(std::move(context));
}

}  // namespace sqlmap
