// Reads all accounts, builds the snapshot, and decides whether it goes out: a thread of its own.
//
//   query `version` configured   asked each second; unchanged: the published snapshot is confirmed,
//                                and nothing is read; changed: all is read. Each ten minutes all is
//                                read in any case, for what the version did not tell
//   otherwise                    all is read each refresh_seconds, and soon after the database was
//                                found to have an account that the snapshot has not
//
// Unless somebody asked for it, reading never takes more than a twentieth of the time.
#ifndef SQLMAP_DAEMON_REFRESHER_H_
#define SQLMAP_DAEMON_REFRESHER_H_

#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/account/function_ref.h"
#include "common/account/log.h"
#include "common/account/record.h"
#include "common/config/settings.h"
#include "common/process/owned_fd.h"
#include "common/snapshot/layout.h"
#include "common/sql/sql_account_source.h"
#include "common/wire/status_writer.h"
#include "daemon/refresh_policy.h"
#include "daemon/refresh_schedule.h"

namespace sqlmap {

class Refresher {
 public:
  // With a line for the person who asked.
  using Done = std::function<void(RefreshResult result, std::string text)>;

  // Where the accounts are. Called in the refresher's thread; may take its time.
  struct Source {
    using Users = FunctionRef<bool(const UserRecord&)>;
    using Groups = FunctionRef<bool(const GroupRecord&)>;
    using Owners = FunctionRef<bool(Uid uid, std::string_view name)>;
    // All users, then all groups, as they are at one moment, who answers for uids that are shared,
    // and what `version` gives at that moment. A visitor that returns false ends it with an error.
    std::function<std::expected<std::string, SqlError>(Users, Owners, Groups)> read;
    std::function<std::expected<std::string, SqlError>()> version;
  };
  // `accounts` must outlive it.
  static Source Of(SqlAccountSource& accounts);

  // Called in the refresher's thread; must be quick.
  struct Calls {
    // The sealed memfd holds a snapshot that was read from `since_ms` on. OnPublished is called
    // with what became of it.
    std::function<void(OwnedFd file, std::uint64_t token, std::int64_t since_ms)> publish;
    // What was read from `since_ms` on is what is published already.
    std::function<void(std::int64_t since_ms)> unchanged;
    // Asked at `asked_ms`, the database said that it has what was published as `generation`. 0: it
    // has something else, or does not say.
    std::function<void(std::uint64_t generation, std::int64_t asked_ms)> confirm;
  };

  struct Published {
    std::optional<TableFacts> facts;  // of what all processes see now
    std::uint64_t generation = 0;     // its number
  };

  // All references must outlive it. `most_bytes`: of the file, see SnapshotWriter.
  Refresher(Source source, const Settings& settings, Published published, Calls calls, Log& log,
            RefreshSchedule::Times times = {}, std::uint64_t most_bytes = snapshot::kMostPublished);
  // Waits for the row that the database is at: TableReader::kPatienceMs at most.
  ~Refresher();
  Refresher(const Refresher&) = delete;
  Refresher& operator=(const Refresher&) = delete;

  // Any thread. A read that begins after this; `forced`: even if much is missing. `done` is called
  // in the refresher's thread, when it is published or has failed.
  void Request(bool forced, Done done);
  // Any thread. The database has an account that the snapshot has not.
  void AccountFound();
  // Any thread. The number that it was published under; nullopt: it was not.
  void OnPublished(std::uint64_t token, std::optional<std::uint64_t> generation) {
    OnAnswer(token, generation ? RefreshResult::kDone : RefreshResult::kFailed,
             generation.value_or(0));
  }
  // Any thread. It was not, because another child serves by now.
  void OnTakenOver(std::uint64_t token) { OnAnswer(token, RefreshResult::kTakenOver, 0); }

  // Seconds that the database has not let itself be read or asked for its version, 0 if it did the
  // last time. Any thread.
  std::uint32_t DownSeconds() const;
  void Describe(StatusWriter& status) const;

 private:
  struct Outcome {
    RefreshResult result = RefreshResult::kFailed;
    std::string text;
  };
  enum class Due : std::uint8_t { kPoll, kRead, kEnd };

  void OnAnswer(std::uint64_t token, RefreshResult result, std::uint64_t generation);
  void Run(const std::stop_token& stop);
  Due Wait(const std::stop_token& stop, std::vector<Done>& waiting, bool& forced);
  void Poll();
  void Checked();
  Outcome Read(const std::stop_token& stop, bool forced);
  Outcome Publish(OwnedFd file, const TableFacts& facts, std::int64_t since_ms,
                  const std::stop_token& stop);
  void Succeeded(std::int64_t began_ms, std::string version);
  // As RefreshSchedule::OnReadFailed has it. `state` is the status's word for it.
  void Failed(const std::string& why, const char* state, bool down, std::int64_t busy_ms);
  void Complain(std::string& last, const char* doing, const std::string& why);
  void SetDown(bool down);
  std::uint64_t Generation() const;

  const Source source_;
  const Settings& settings_;
  const Calls calls_;
  Log& log_;
  const std::uint64_t most_bytes_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  // Under mutex_.
  std::vector<Done> waiting_;
  bool requested_ = false;
  bool forced_ = false;
  bool found_ = false;
  std::uint64_t token_ = 0;              // of the last publication
  std::optional<RefreshResult> answer_;  // it is over
  std::uint64_t answered_generation_ = 0;
  Published published_;
  std::int64_t down_since_ms_ = 0;
  std::int64_t took_ms_ = 0;
  std::uint64_t reads_ = 0;
  std::int64_t checked_time_ = 0;   // when the database was last known to have what is published
  const char* state_ = "";          // of the last read: "good", "failed", "held_back"
  std::int64_t failing_since_ = 0;  // of reads, 0: the last one was good
  std::string why_;                 // it failed

  // The thread's own.
  RefreshSchedule schedule_;
  std::string version_;      // of what was published
  bool unreadable_ = false;  // the last read failed, and that was the database's doing
  std::string read_complaint_;
  std::string poll_complaint_;

  std::jthread thread_;  // last
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_REFRESHER_H_
