#include "daemon/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace sqlmap {

Mailbox::Mailbox() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!event_.valid()) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Mailbox::Post(Call call) {
  {
    const std::lock_guard guard(mutex_);
    calls_.push_back(std::move(call));
  }
  // A counter that is full has woken the loop long ago.
  const std::uint64_t one = 1;
  (void)!write(event_.get(), &one, sizeof one);
}

void Mailbox::Deliver() {
  std::uint64_t count = 0;
  (void)!read(event_.get(), &count, sizeof count);
  std::vector<Call> calls;
  {
    const std::lock_guard guard(mutex_);
    calls.swap(calls_);
  }
  for (const Call& call : calls) call();
}

}  // namespace sqlmap
