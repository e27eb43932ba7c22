// What to do with what was read, and when to read again. Pure.
#ifndef SQLMAP_DAEMON_REFRESH_POLICY_H_
#define SQLMAP_DAEMON_REFRESH_POLICY_H_

#include <cstdint>
#include <optional>

namespace sqlmap {

// What a snapshot holds. `content` does not depend on the order of the rows: two reads of the same
// accounts have the same one.
struct TableFacts {
  std::uint64_t users = 0;
  std::uint64_t groups = 0;
  std::uint64_t content = 0;
  std::uint64_t read_time = 0;  // seconds since 1970; does not make it another one

  friend bool operator==(const TableFacts& one, const TableFacts& other) {
    return one.users == other.users && one.groups == other.groups && one.content == other.content;
  }
};

enum class ReadVerdict : std::uint8_t {
  kPublish,
  kUnchanged,  // what is published is as good
  kShrunk,     // too much is missing: more likely a mistake in the database than the truth
};

// `published` is what all processes see now, nothing if there is none. With `forced`, or with a
// max_shrink_percent of 100, any result is believed. Nothing at all, where something was, is shrunk
// by 100 percent.
ReadVerdict JudgeRead(const std::optional<TableFacts>& published, const TableFacts& read,
                      unsigned max_shrink_percent, bool forced);

// What became of a read that somebody asked for.
enum class RefreshResult : std::uint8_t {
  kDone,       // what is published is now what the database has
  kFailed,     // it is not, and the text says why
  kTakenOver,  // another child serves by now, perhaps by other settings: ask that one
};

// How long to wait after a read that took `took_ms`: the configured interval, and so long that
// reading never takes more than a twentieth of the time.
std::int64_t PauseAfterRead(std::int64_t took_ms, std::int64_t refresh_ms);

// How long to wait after the `failures`th failure in a row (from 1): from half a second, doubled up
// to `longest_ms`. `jitter` is anything random: fleets must not come all at once.
std::int64_t PauseAfterFailure(unsigned failures, std::int64_t longest_ms, std::uint32_t jitter);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_REFRESH_POLICY_H_
