#include "daemon/answer_cache.h"

#include <algorithm>
#include <utility>

namespace sqlmap {
namespace {

constexpr std::int64_t kSecond = 1000;

}  // namespace

AnswerBytes AnswerCache::Fresh(const std::string& question, std::int64_t now_ms) {
  return Look(question, now_ms, settings_.found_seconds * kSecond);
}

AnswerBytes AnswerCache::WhileDown(const std::string& question, std::int64_t now_ms) {
  return Look(question, now_ms,
              (settings_.found_seconds + std::int64_t{settings_.stale_seconds}) * kSecond);
}

AnswerBytes AnswerCache::Look(const std::string& question, std::int64_t now_ms,
                              std::int64_t found_ms) {
  const auto at = index_.find(question);
  if (at == index_.end()) return nullptr;
  const Entry& entry = *at->second;
  const std::int64_t age = now_ms - entry.asked_ms;
  if (age >= (entry.kind == Kind::kFound ? found_ms : settings_.absent_seconds * kSecond))
    return nullptr;
  entries_.splice(entries_.begin(), entries_, at->second);
  return entry.bytes;
}

void AnswerCache::Store(const std::string& question, Kind kind, AnswerBytes bytes,
                        std::int64_t asked_ms) {
  if (asked_ms < forgotten_ms_) return;
  if (const auto old = index_.find(question); old != index_.end()) {
    if (old->second->asked_ms > asked_ms) return;  // a slower worker with older news
    Drop(old->second);
  }
  const std::size_t size = question.size() + bytes->size();
  if (settings_.entries == 0 || size > kMaxBytes) return;
  while (!entries_.empty() && (index_.size() >= settings_.entries || bytes_ > kMaxBytes - size)) {
    Drop(std::prev(entries_.end()));
  }
  entries_.push_front({question, std::move(bytes), asked_ms, kind});
  try {
    index_.emplace(question, entries_.begin());
  } catch (...) {
    entries_.pop_front();
    throw;
  }
  bytes_ += size;
}

void AnswerCache::ForgetAskedBefore(std::int64_t ms) {
  forgotten_ms_ = std::max(forgotten_ms_, ms);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->asked_ms < ms) Drop(entry);
    entry = next;
  }
}

std::size_t AnswerCache::Forget(Predicate drop) {
  const std::size_t before = size();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (drop(entry->question, entry->kind == Kind::kFound ? entry->bytes.get() : nullptr))
      Drop(entry);
    entry = next;
  }
  return before - size();
}

void AnswerCache::Drop(Entries::iterator entry) {
  bytes_ -= entry->question.size() + entry->bytes->size();
  index_.erase(entry->question);
  entries_.erase(entry);
}

}  // namespace sqlmap
