// A walk by setpwent(3), getpwent_r(3), endpwent(3) and their kin: one for each map and process, as
// glibc has it.
//
// It shares nothing with look-ups by key, which may go on inside it. Threads that walk together get
// each row once, in any order. A row that does not fit the caller's buffer is kept for the next
// call.
#ifndef SQLMAP_NSS_ENUMERATION_H_
#define SQLMAP_NSS_ENUMERATION_H_

#include <atomic>
#include <cstdint>

#include "common/account/account_source.h"
#include "common/account/function_ref.h"
#include "common/process/fork_lock.h"
#include "nss/status.h"

namespace sqlmap {

// Constant-initialised, and fit for a static: nothing runs when the module is loaded or unloaded.
//
// A child that was forked in the middle of a walk cannot go on with it, since both would read from
// one connection: there the walk has broken off. A lock that was held at that moment is not waited
// for, see fork_lock.h.
template <class Record>
class Enumeration {
 public:
  constexpr Enumeration() = default;
  Enumeration(const Enumeration&) = delete;
  Enumeration& operator=(const Enumeration&) = delete;

  // setXXent and endXXent: forgets the walk and frees what it held. Asks nobody: the next walk
  // opens with the first row.
  void Rewind() noexcept;

  // getXXent_r: gives the next row to `pack`, which says what became of it; a refused one is passed
  // over. Opens the walk if need be. Absent: the end, and again the end until Rewind. Unavailable:
  // the walk could not be opened, and the next call tries again; or it broke off, and stays so
  // until Rewind.
  NssResult Next(FunctionRef<Packed(const Record&)> pack) noexcept;

 private:
  enum class State : std::uint8_t { kClosed, kOpen, kOver };
  class Turn;

  Answer Open() noexcept;
  void Close() noexcept;
  void LeaveToParent() noexcept;

  ForkLock lock_;
  std::uint32_t process_ =
      0;  // the generation of the process to which the rest belongs, 0: none yet
  std::atomic<bool> busy_ = false;  // the rest is just being changed
  State state_ = State::kClosed;
  Answer last_word_;                  // kOver: absent or unavailable
  Cursor<Record>* cursor_ = nullptr;  // kOpen
  Record row_;                        // kOpen: text that lives as long as the cursor stands still
  bool row_waits_ = false;            // kOpen: row_ was read, but did not fit
};

}  // namespace sqlmap

#endif  // SQLMAP_NSS_ENUMERATION_H_
