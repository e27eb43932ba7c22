// What the parent (root) and its child (which talks to the network) say to each other, over a
// SOCK_SEQPACKET socket pair: one message a packet, of fixed size; one descriptor with kPublish and
// kRemember, none with the others.
//
// The parent believes nothing that comes over it: a message of the wrong size or kind, or a
// descriptor that is not sealed, is a reason to end the child.
#ifndef SQLMAP_DAEMON_CHANNEL_H_
#define SQLMAP_DAEMON_CHANNEL_H_

#include <cstdint>
#include <expected>
#include <optional>

#include "common/process/owned_fd.h"

namespace sqlmap {

enum class MessageKind : std::uint32_t {
  // child to parent
  kAlive = 1,     // each second; `value`: seconds that the database has been down, 0 while it is up
  kPublish = 2,   // with a sealed memfd that holds a snapshot; `token` comes back in kPublished
  kConfirm = 3,   // asked at `token` (CLOCK_MONOTONIC, ms), the database said that nothing has
                  // changed since `generation`; 0: it does not say so any more
  kRemember = 4,  // with a sealed memfd: what is remembered of logins, all of it, to be kept
  // child to parent, and on to the other children
  kForget = 5,  // of the name that `token` and `generation` together are the id of, nothing is to
                // be remembered
  // parent to child
  kPublished = 16,  // `token`, and what became of it: `value` is one of `published`
  kRefresh = 17,    // read again now; `value` 1: even if much is missing
  kDrain = 18,    // answer what has been asked, take no more, and exit within `value` milliseconds
  kCrashes = 19,  // DaemonFacts::crashes is `token` by now
};

namespace published {
inline constexpr std::uint32_t kNot = 0;
inline constexpr std::uint32_t kOut = 1;        // as `generation`
inline constexpr std::uint32_t kTakenOver = 2;  // not, since another child serves by now
}  // namespace published

struct Message {
  MessageKind kind{};
  std::uint32_t value = 0;
  std::uint64_t token = 0;
  std::uint64_t generation = 0;
};

class Channel {
 public:
  struct Pair;
  struct Received {
    Message message;
    OwnedFd descriptor;  // not valid if none came
  };
  enum class Failure : std::uint8_t {
    kNothing,  // no message is waiting
    kClosed,   // the other side is gone
    kBroken,   // not a message
  };

  // As many are received in one go: who talks without end does not keep the other side from the
  // rest of its work.
  static constexpr int kAtOnce = 64;

  Channel() = default;
  explicit Channel(OwnedFd fd) : fd_(std::move(fd)) {}

  // Throws std::system_error.
  static Pair Make();

  int fd() const { return fd_.get(); }
  // Never blocks. False: the other side is gone or does not read.
  bool Send(const Message& message, int descriptor = -1);
  // The same, but only while most of what may wait to be read is free.
  bool SendIfRoom(const Message& message);
  // Never blocks.
  std::expected<Received, Failure> Receive();

 private:
  OwnedFd fd_;
};

struct Channel::Pair {
  Channel parent;
  Channel child;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_CHANNEL_H_
