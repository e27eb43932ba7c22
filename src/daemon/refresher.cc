#include "daemon/refresher.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "common/process/monotonic.h"
#include "common/snapshot/view.h"
#include "common/snapshot/writer.h"
#include "common/sql/table_reader.h"
#include "daemon/error_text.h"
#include "daemon/snapshot_facts.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kPublishPatienceMs = 120'000;
constexpr std::uint64_t kUnnumbered = 1;            // the parent gives the generation its number
constexpr std::int64_t kLongestWaitMs = 3'600'000;  // a condition variable cannot wait for ever

std::uint64_t Random() {
  std::uint64_t number = 0;
  if (getrandom(&number, sizeof number, 0) != sizeof number) {
    number = static_cast<std::uint64_t>(MonotonicMs());
  }
  return number;
}

// The file as the parent will see it.
std::optional<TableFacts> FactsIn(int file, std::uint64_t size) {
  void* const mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) return std::nullopt;
  const auto view = SnapshotView::Of({static_cast<const char*>(mapped), size});
  std::optional<TableFacts> facts;
  if (view) facts = FactsOf(*view);
  munmap(mapped, size);
  return facts;
}

std::string Seconds(std::int64_t ms) {
  return std::to_string(ms / 1000) + '.' + std::to_string(ms % 1000 / 100) + " s";
}

std::string Count(std::uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + ' ' + (count == 1 ? one : many);
}

}  // namespace

Refresher::Source Refresher::Of(SqlAccountSource& accounts) {
  const auto read = [&accounts](Source::Users user, Source::Owners owner,
                                Source::Groups group) -> std::expected<std::string, SqlError> {
    auto tables = accounts.ReadTables();
    if (!tables) return std::unexpected(std::move(tables.error()));
    auto version = tables->Version();
    if (!version) return version;
    if (auto users = tables->Users(user); !users) return std::unexpected(std::move(users.error()));
    if (auto owners = tables->Owners(owner); !owners)
      return std::unexpected(std::move(owners.error()));
    if (auto groups = tables->Groups(group); !groups)
      return std::unexpected(std::move(groups.error()));
    return version;
  };
  return {read, [&accounts] { return accounts.Version(); }};
}

Refresher::Refresher(Source source, const Settings& settings, Published published, Calls calls,
                     Log& log, RefreshSchedule::Times times, std::uint64_t most_bytes)
    : source_(std::move(source)),
      settings_(settings),
      calls_(std::move(calls)),
      log_(log),
      most_bytes_(most_bytes),
      published_(published),
      checked_time_(published.facts ? static_cast<std::int64_t>(published.facts->read_time) : 0),
      schedule_(settings.snapshot.refresh_seconds * std::int64_t{1000},
                settings.query(QueryId::kVersion).configured(), times),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Refresher::~Refresher() = default;

void Refresher::Request(bool forced, Done done) {
  {
    const std::lock_guard guard(mutex_);
    requested_ = true;
    forced_ = forced_ || forced;
    waiting_.push_back(std::move(done));
  }
  changed_.notify_all();
}

void Refresher::AccountFound() {
  {
    const std::lock_guard guard(mutex_);
    found_ = true;
  }
  changed_.notify_all();
}

void Refresher::OnAnswer(std::uint64_t token, RefreshResult result, std::uint64_t generation) {
  {
    const std::lock_guard guard(mutex_);
    if (token != token_) return;
    answer_ = result;
    answered_generation_ = generation;
  }
  changed_.notify_all();
}

std::uint32_t Refresher::DownSeconds() const {
  const std::lock_guard guard(mutex_);
  if (down_since_ms_ == 0) return 0;
  return static_cast<std::uint32_t>(
      std::max<std::int64_t>(1, (MonotonicMs() - down_since_ms_) / 1000));
}

void Refresher::Describe(StatusWriter& status) const {
  const std::lock_guard guard(mutex_);
  status.Add("snapshot", published_.facts ? "published" : "none");
  if (published_.facts) {
    status.Add("generation", published_.generation);
    status.Add("users", published_.facts->users);
    status.Add("groups", published_.facts->groups);
    status.Add("snapshot_time", published_.facts->read_time);
    status.Add("checked_time", checked_time_);
  }
  status.Add("refresh", state_);
  if (failing_since_ != 0) {
    status.Add("refresh_since", failing_since_);
    status.Add("refresh_error", why_);
  }
  status.Add("reads", reads_);
  status.AddMicroseconds("last_read_seconds", static_cast<std::uint64_t>(took_ms_) * 1000);
}

void Refresher::Run(const std::stop_token& stop) {
  for (;;) {
    std::vector<Done> waiting;
    bool forced = false;
    switch (Wait(stop, waiting, forced)) {
      case Due::kEnd:
        return;
      case Due::kPoll:
        Poll();
        break;
      case Due::kRead: {
        const Outcome outcome = Read(stop, forced);
        for (const Done& done : waiting) done(outcome.result, outcome.text);
        break;
      }
    }
  }
}

Refresher::Due Refresher::Wait(const std::stop_token& stop, std::vector<Done>& waiting,
                               bool& forced) {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stop.stop_requested()) return Due::kEnd;
    const std::int64_t now = MonotonicMs();
    if (std::exchange(found_, false)) schedule_.OnFound(now);
    const RefreshSchedule::Due due = schedule_.At(now);
    if (requested_ || due == RefreshSchedule::Due::kRead) {
      requested_ = false;
      forced = std::exchange(forced_, false);
      waiting = std::exchange(waiting_, {});
      return Due::kRead;
    }
    if (due == RefreshSchedule::Due::kPoll) return Due::kPoll;
    const std::int64_t pause = std::min(schedule_.Next() - now, kLongestWaitMs);
    changed_.wait_for(lock, stop, std::chrono::milliseconds(pause),
                      [this] { return requested_ || found_; });
  }
}

std::uint64_t Refresher::Generation() const {
  const std::lock_guard guard(mutex_);
  return published_.generation;
}

void Refresher::Checked() {
  const std::lock_guard guard(mutex_);
  checked_time_ = time(nullptr);
}

void Refresher::Poll() {
  const std::int64_t asked = MonotonicMs();
  const auto version = source_.version();
  const bool same = version && *version == version_;
  calls_.confirm(Generation(), same ? asked : 0);
  SetDown(!version || unreadable_);
  if (version) {
    if (same) Checked();
    poll_complaint_.clear();
    schedule_.OnPolled(asked, !same);
  } else {
    Complain(poll_complaint_, "asking whether the accounts have changed: ", version.error().text);
    schedule_.OnPollFailed(MonotonicMs(), static_cast<std::uint32_t>(Random()));
  }
}

Refresher::Outcome Refresher::Read(const std::stop_token& stop, bool forced) {
  const std::int64_t began = MonotonicMs();
  std::int64_t busy_ms = 0;
  const auto failed = [&](const std::string& why, bool down = false, const char* state = "failed") {
    Failed(why, state, down, busy_ms);
    return Outcome{RefreshResult::kFailed, why};
  };
  try {
    OwnedFd file(memfd_create("sqlmap-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid()) {
      return failed("memory for the snapshot: " + ErrorText());
    }
    SnapshotWriter writer(file.get(), most_bytes_);
    auto version = source_.read(
        [&](const UserRecord& user) { return !stop.stop_requested() && writer.AddUser(user); },
        [&](Uid uid, std::string_view name) {
          return !stop.stop_requested() && writer.SetOwner(uid, name);
        },
        [&](const GroupRecord& group) { return !stop.stop_requested() && writer.AddGroup(group); });
    if (stop.stop_requested()) return {RefreshResult::kFailed, "sqlmapd is stopping"};
    // A server that went away, or hung, was not kept busy.
    if (version || version.error().kind == SqlError::Kind::kServer) busy_ms = MonotonicMs() - began;
    std::optional<TableFacts> before;
    {
      const std::lock_guard guard(mutex_);
      before = published_.facts;
    }
    // A full memory, or a list that is too long, shows itself as a visitor that has enough: the
    // writer knows why, and the reader at which query.
    const auto summary = writer.Finish({kUnnumbered, static_cast<std::uint64_t>(time(nullptr)),
                                        Random(), settings_.accounts.enumerate});
    if (!summary) {
      return failed("the snapshot could not be written: " + summary.error() +
                    (version ? "" : " (" + version.error().text + ")"));
    }
    if (!version) return failed(version.error().text, true);
    const auto read = FactsIn(file.get(), summary->file_size);
    if (!read) return failed("the snapshot that was written is damaged");
    const TableFacts facts = *read;
    const std::string what =
        Count(facts.users, "user", "users") + " and " + Count(facts.groups, "group", "groups");
    switch (JudgeRead(before, facts, settings_.snapshot.max_shrink_percent, forced)) {
      case ReadVerdict::kUnchanged:
        Succeeded(began, *std::move(version));
        calls_.unchanged(began);
        return {RefreshResult::kDone, "nothing has changed: " + what};
      case ReadVerdict::kShrunk:
        return failed(
            "the database has only " + what + " left of " + Count(before->users, "user", "users") +
                " and " + Count(before->groups, "group", "groups") +
                ": not published, the accounts of before stay. If that is right, force it "
                "(sqlmapctl refresh --force), or raise snapshot.max_shrink_percent",
            false, "held_back");
      case ReadVerdict::kPublish:
        break;
    }
    if (summary->duplicate_users + summary->duplicate_groups != 0) {
      log_.Write(LogLevel::kWarning,
                 Count(summary->duplicate_users, "user name is", "user names are") + " and " +
                     Count(summary->duplicate_groups, "group name is", "group names are") +
                     " there more than once, such as \"" + summary->first_duplicate +
                     "\": the first row counts");
    }
    if (summary->refused != 0) {
      log_.Write(LogLevel::kWarning, Count(summary->refused, "row is", "rows are") +
                                         " too large for the snapshot, such as that of \"" +
                                         summary->first_refused + "\"");
    }
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
    if (fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) {
      return failed("the snapshot could not be sealed: " + ErrorText());
    }
    Outcome outcome = Publish(std::move(file), facts, began, stop);
    if (outcome.result == RefreshResult::kFailed) return failed(outcome.text);
    if (outcome.result == RefreshResult::kTakenOver) {
      // Should the other one not come up, we are asked again.
      schedule_.OnReadFailed(MonotonicMs(), false, busy_ms, static_cast<std::uint32_t>(Random()));
      return outcome;
    }
    Succeeded(began, *std::move(version));
    outcome.text = "generation " + std::to_string(Generation()) + ": " + what + ", " +
                   std::to_string(summary->file_size / 1024) + " KiB, in " +
                   Seconds(MonotonicMs() - began);
    log_.Write(LogLevel::kInfo, outcome.text);
    return outcome;
  } catch (const std::bad_alloc&) {
    return failed("no memory to read the accounts");
  }
}

Refresher::Outcome Refresher::Publish(OwnedFd file, const TableFacts& facts, std::int64_t since_ms,
                                      const std::stop_token& stop) {
  std::uint64_t token = 0;
  {
    const std::lock_guard guard(mutex_);
    token = ++token_;
    answer_.reset();
  }
  calls_.publish(std::move(file), token, since_ms);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, std::chrono::milliseconds(kPublishPatienceMs),
                    [this] { return answer_.has_value(); });
  if (answer_ == RefreshResult::kTakenOver)
    return {RefreshResult::kTakenOver, "sqlmapd was reloaded"};
  if (answer_ != RefreshResult::kDone)
    return {RefreshResult::kFailed, "the snapshot could not be published; see the log"};
  published_ = {facts, answered_generation_};
  return {RefreshResult::kDone, {}};
}

void Refresher::Succeeded(std::int64_t began_ms, std::string version) {
  const std::int64_t now = MonotonicMs();
  version_ = std::move(version);
  read_complaint_.clear();
  schedule_.OnRead(began_ms, now);
  unreadable_ = false;
  SetDown(false);
  const std::int64_t began_time = time(nullptr) - (now - began_ms) / 1000;
  const std::lock_guard guard(mutex_);
  ++reads_;
  took_ms_ = now - began_ms;
  checked_time_ = began_time;
  state_ = "good";
  failing_since_ = 0;
}

void Refresher::Failed(const std::string& why, const char* state, bool down, std::int64_t busy_ms) {
  Complain(read_complaint_, "reading the accounts: ", why);
  schedule_.OnReadFailed(MonotonicMs(), down, busy_ms, static_cast<std::uint32_t>(Random()));
  unreadable_ = down;
  SetDown(down);
  const std::lock_guard guard(mutex_);
  state_ = state;
  if (failing_since_ == 0) failing_since_ = time(nullptr);
  why_ = why;
}

// Once for as long as it stays the same.
void Refresher::Complain(std::string& last, const char* doing, const std::string& why) {
  if (why == last) return;
  last = why;
  log_.Write(LogLevel::kError, doing + why);
}

void Refresher::SetDown(bool down) {
  const std::lock_guard guard(mutex_);
  if (!down) {
    down_since_ms_ = 0;
  } else if (down_since_ms_ == 0) {
    down_since_ms_ = MonotonicMs();
  }
}

}  // namespace sqlmap
