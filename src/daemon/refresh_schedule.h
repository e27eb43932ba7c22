// When to read all accounts, and when to ask for their version. Pure: the time comes in, in ms.
#ifndef SQLMAP_DAEMON_REFRESH_SCHEDULE_H_
#define SQLMAP_DAEMON_REFRESH_SCHEDULE_H_

#include <cstdint>

namespace sqlmap {

class RefreshSchedule {
 public:
  struct Times {
    std::int64_t poll_ms = 1'000;
    std::int64_t found_ms = 1'000;              // several new accounts are one read
    std::int64_t despite_version_ms = 600'000;  // for what the version did not tell
    std::int64_t longest_down_ms = 30'000;      // between two looks at a database that is down
  };
  enum class Due : std::uint8_t { kNothing, kPoll, kRead };

  // A first read is due at once.
  RefreshSchedule(std::int64_t refresh_ms, bool has_version, Times times)
      : refresh_ms_(refresh_ms), has_version_(has_version), times_(times) {}

  Due At(std::int64_t now) const;
  // When something will be due, unless one of the calls below changes it.
  std::int64_t Next() const;

  // The database has an account that the snapshot has not.
  void OnFound(std::int64_t now);
  // What is published is what the database had.
  void OnRead(std::int64_t began, std::int64_t now);
  // `down`: it could not be read. `busy_ms`: what it was kept busy with for nothing.
  void OnReadFailed(std::int64_t now, bool down, std::int64_t busy_ms, std::uint32_t jitter);
  void OnPolled(std::int64_t now, bool changed);
  void OnPollFailed(std::int64_t now, std::uint32_t jitter);

 private:
  bool Polls() const { return has_version_ && read_; }

  const std::int64_t refresh_ms_;
  const bool has_version_;
  const Times times_;
  bool read_ = false;  // there is a version to compare with
  std::int64_t next_read_ = 0;
  std::int64_t next_poll_ = 0;
  std::int64_t not_before_ = 0;  // for a read that nobody has asked for
  unsigned read_failures_ = 0;   // in a row
  unsigned poll_failures_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_REFRESH_SCHEDULE_H_
