// The answers that the database gave, kept for a while, so that it is not asked the same question
// by every process of the host.
//
//   found   good for found_seconds; after that for stale_seconds more, but only while the database
//           cannot say
//   absent  good for absent_seconds, and takes the place of "found" at once: a deleted account is
//           gone
//
// A failure is never kept, and never displaces an answer. Answers to questions about shadow and
// logins do not belong in here.
#ifndef SQLMAP_DAEMON_ANSWER_CACHE_H_
#define SQLMAP_DAEMON_ANSWER_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/account/function_ref.h"
#include "common/config/settings.h"

namespace sqlmap {

// An answer as it goes over the wire; shared, since many clients may be waiting for it.
using AnswerBytes = std::shared_ptr<const std::string>;

// Not thread safe. Times are milliseconds on one monotonic clock.
class AnswerCache {
 public:
  enum class Kind : std::uint8_t { kFound, kAbsent };

  // Of all answers together; one of a huge group weighs more than one of a user.
  static constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

  explicit AnswerCache(const CacheSettings& settings) : settings_(settings) {}

  // The question's answer, null if none is good enough. `question` is the request as it came.
  AnswerBytes Fresh(const std::string& question, std::int64_t now_ms);
  // The same while the database cannot say.
  AnswerBytes WhileDown(const std::string& question, std::int64_t now_ms);

  // `asked_ms` is when the query began: the answer tells of that moment. The least recently used
  // answers make room. May throw std::bad_alloc, and is then unchanged.
  void Store(const std::string& question, Kind kind, AnswerBytes bytes, std::int64_t asked_ms);

  // Drops what was asked before a newer view of everything was read, and takes none of it later.
  void ForgetAskedBefore(std::int64_t ms);

  // Drops what `drop` is true of, given the question and its answer, null of one that was absent.
  // Returns how many that were.
  using Predicate = FunctionRef<bool(const std::string& question, const std::string* found)>;
  std::size_t Forget(Predicate drop);

  std::size_t size() const { return index_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string question;
    AnswerBytes bytes;
    std::int64_t asked_ms;
    Kind kind;
  };
  using Entries = std::list<Entry>;

  AnswerBytes Look(const std::string& question, std::int64_t now_ms, std::int64_t found_ms);
  void Drop(Entries::iterator entry);

  const CacheSettings settings_;
  Entries entries_;  // most recently used first
  std::unordered_map<std::string, Entries::iterator> index_;
  std::size_t bytes_ = 0;
  std::int64_t forgotten_ms_ = 0;  // what was asked before is old news
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_ANSWER_CACHE_H_
