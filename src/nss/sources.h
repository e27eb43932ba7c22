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
// `question` may be put to several sources: what a later one gives takes the place of what an
// earlier one gave.
template <class Question>
Outcome AskSources(Question question) noexcept;

// What AskSources is made of: the part that is not worth being compiled into each entry.
namespace sources {

extern SnapshotMap snapshot;
// In sqlmapd's own processes: nobody is asked.
extern std::atomic<bool> never;

// When the snapshot has said `published` and does not have the last word.
Answer AskOthers(FunctionRef<Answer(AccountSource&)> question, Answer published) noexcept;

}  // namespace sources

// Apart from the question to the snapshot, which then stays in registers.
template <class Question>
[[gnu::noinline]] Outcome AskOthers(Question question, Answer published) noexcept {
  Outcome outcome;
  const auto ask = [&](AccountSource& source) { return question(source, outcome.packed); };
  outcome.answer = sources::AskOthers(ask, published);
  return outcome;
}

// `question` takes any kind of source, so that the snapshot is asked without a virtual call, and
// the place for what becomes of the record.
template <class Question>
[[gnu::always_inline]] inline Outcome AskSources(Question question) noexcept {
  if (sources::never.load(std::memory_order_relaxed))
    return {Answer::Unavailable(Reason::kNotAllowed)};
  SnapshotSource nearest(sources::snapshot);
  Packed packed = Packed::kNothing;
  const Answer published = question(nearest, packed);
  if (published.found() || nearest.MissIsFinal()) return {published, packed};
  return AskOthers(question, published);
}

}  // namespace sqlmap

#endif  // SQLMAP_NSS_SOURCES_H_
