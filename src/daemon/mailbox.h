// How a worker's result comes home: a queue of calls that the event loop makes.
#ifndef SQLMAP_DAEMON_MAILBOX_H_
#define SQLMAP_DAEMON_MAILBOX_H_

#include <functional>
#include <mutex>
#include <vector>

#include "common/process/owned_fd.h"

namespace sqlmap {

class Mailbox {
 public:
  using Call = std::function<void()>;

  // Throws std::system_error if there is no descriptor left.
  Mailbox();

  // Readable when there is something to deliver. Belongs to the mailbox.
  int fd() const { return event_.get(); }
  // Any thread. Throws std::bad_alloc.
  void Post(Call call);
  // The loop's thread: makes the calls that have come so far, in order.
  void Deliver();

 private:
  OwnedFd event_;
  std::mutex mutex_;
  std::vector<Call> calls_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_MAILBOX_H_
