// Reads what the child has written, without being at its mercy.
//
// Whoever publishes is root; whoever reads a snapshot from end to end follows offsets that a child
// may have chosen that is somebody else's by now. So that is done in a process of its own, which
// can do nothing but compute and say what it has found (KeepToMemory). Should a snapshot ever take
// it over, it can call a bad snapshot sound: that is all.
#ifndef SQLMAP_DAEMON_EXAMINER_H_
#define SQLMAP_DAEMON_EXAMINER_H_

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "common/account/function_ref.h"
#include "common/snapshot/verify.h"
#include "daemon/refresh_policy.h"

namespace sqlmap {

// A snapshot that is sound.
struct Examined {
  std::uint64_t generation = 0;
  TableFacts facts;
};
using Examination = std::expected<Examined, std::string>;

// The error says what is wrong with it. For a process of one thread.
Examination Examine(std::span<const char> bytes, const SnapshotRules& rules);

// What `look` returns, from that process.
Examination ExamineApart(FunctionRef<Examination()> look);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_EXAMINER_H_
