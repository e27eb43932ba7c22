#include "nss/enumeration.h"

#include <utility>

#include "common/process/call_guard.h"
#include "common/process/generation.h"
#include "nss/sources.h"

namespace sqlmap {
namespace {

Answer List(AccountSource& source, Cursor<UserRecord>*& cursor) { return source.ListUsers(cursor); }
Answer List(AccountSource& source, Cursor<GroupRecord>*& cursor) {
  return source.ListGroups(cursor);
}
Answer List(AccountSource& source, Cursor<ShadowRecord>*& cursor) {
  return source.ListShadows(cursor);
}

}  // namespace

// One thread's turn with the walk.
template <class Record>
class Enumeration<Record>::Turn {
 public:
  explicit Turn(Enumeration& walk) : walk_(walk), lock_(walk.lock_) {
    const std::uint32_t process = ProcessGeneration::Current();
    if (walk_.process_ != process) {
      if (walk_.process_ != 0) walk_.LeaveToParent();
      walk_.process_ = process;
    }
    walk_.busy_.store(true, std::memory_order_seq_cst);
  }
  ~Turn() { walk_.busy_.store(false, std::memory_order_seq_cst); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Enumeration& walk_;
  const CallGuard uncancelled_;
  ForkLockGuard lock_;
};

template <class Record>
void Enumeration<Record>::Rewind() noexcept {
  const Turn turn(*this);
  Close();
  state_ = State::kClosed;
}

template <class Record>
NssResult Enumeration<Record>::Next(FunctionRef<Packed(const Record&)> pack) noexcept {
  const Turn turn(*this);
  if (state_ == State::kClosed) {
    const Answer opened = Open();
    if (!opened.found()) return ToNssResult(opened, Packed::kNothing);
  }
  while (state_ == State::kOpen) {
    if (!row_waits_) {
      row_ = Record();  // nothing of it may be another walk's, whose memory is gone
      last_word_ = cursor_->Next(row_);
      if (!last_word_.found()) {
        Close();
        state_ = State::kOver;
        break;
      }
    }
    const Packed packed = pack(row_);
    row_waits_ = packed == Packed::kTooSmall;
    if (packed != Packed::kRefused) return ToNssResult(Answer::Found(), packed);
  }
  return ToNssResult(last_word_, Packed::kNothing);
}

template <class Record>
Answer Enumeration<Record>::Open() noexcept {
  const auto list = [this](AccountSource& source, Packed&) { return List(source, cursor_); };
  const Answer opened = AskSources(list).answer;
  if (opened.found()) state_ = State::kOpen;
  return opened;
}

template <class Record>
void Enumeration<Record>::Close() noexcept {
  if (cursor_ != nullptr) std::exchange(cursor_, nullptr)->Close();
  row_waits_ = false;
}

// In the first turn of a child. If another thread was in the middle of its turn when the parent
// forked, the cursor is half changed for ever: it is dropped as it stands, and its descriptor ends
// with the child or its exec.
template <class Record>
void Enumeration<Record>::LeaveToParent() noexcept {
  const bool torn = busy_.load(std::memory_order_seq_cst);
  if (torn) cursor_ = nullptr;
  if (!torn && state_ != State::kOpen) return;
  Close();
  state_ = State::kOver;
  last_word_ = Answer::Unavailable(Reason::kServerError);
}

template class Enumeration<UserRecord>;
template class Enumeration<GroupRecord>;
template class Enumeration<ShadowRecord>;

}  // namespace sqlmap
