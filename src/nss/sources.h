// Who answers now. The rest of the module knows one source and nothing of how it is found.
#ifndef SQLMAP_NSS_SOURCES_H_
#define SQLMAP_NSS_SOURCES_H_

#include <atomic>

#include "common/account/account_source.h"
#include "common/account/answer.h"
#include "common/account/function_ref.h"
#include "common/snapshot/map.h"
#include "common/snapshot/source.h"
#include "nss/status.h"

namespace sqlmap {

// What a source has said, and what became of the record that came with it.
struct Outcome {
  Answer answer;
  Packed packed = Packed::kNothing;
};

// Puts the question to each source that is there, the nearest first, until one of them has the last
// word, and returns its answer; unavailable if there is none. Thread safe, without a lock.
//
//   snapshot   found: that is it. Absent: that is it if sqlmapd vouches that nothing has changed
//              since, or if no account may have such a name; else the next is asked
//   sqlmapd    found or absent: that is it. Unavailable, or no sqlmapd: the snapshot's "absent"
//              stands; without a snapshot the daemon's word does
//   plugin     asked only where there is neither snapshot nor daemon
//
// kNeverSetUp where there is nothing of them, and no configuration either.
//
// `question` may be put to several sources: what a later one gives takes the place of what an
// earlier one gave.
using Question = FunctionRef<Answer(AccountSource&, Packed&)>;
Outcome AskSources(Question question) noexcept;

namespace sources {

extern SnapshotMap snapshot;
// In sqlmapd's own processes: nobody is asked.
extern std::atomic<bool> never;

}  // namespace sources

// The same for a question that takes any kind of source, and that the snapshot can almost always
// answer at once. The rest gets a copy of the question, so that this one stays in registers.
template <class AnyQuestion>
[[gnu::noinline]] Outcome AskSourcesAfterAll(AnyQuestion question) noexcept {
  return AskSources(question);
}
template <class AnyQuestion>
[[gnu::always_inline]] inline Outcome AskAtAGlance(AnyQuestion question) noexcept {
  if (sources::never.load(std::memory_order_relaxed))
    return {Answer::Unavailable(Reason::kNotAllowed)};
  SnapshotGlance nearest(sources::snapshot);
  Outcome outcome;
  outcome.answer = question(nearest, outcome.packed);
  if (!outcome.answer.unavailable()) [[likely]]
    return outcome;
  return AskSourcesAfterAll(question);
}

}  // namespace sqlmap

#endif  // SQLMAP_NSS_SOURCES_H_
