#include "daemon/refresher.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/process/monotonic.h"
#include "common/snapshot/view.h"
#include "common/snapshot/writer.h"
#include "common/sql/table_reader.h"
#include "daemon/snapshot_facts.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kPollMs = 1'000;
constexpr std::int64_t kFoundPauseMs = 1'000;  // several new accounts are one read
constexpr std::int64_t kPublishPatienceMs = 120'000;
constexpr std::uint64_t kUnnumbered = 1;  // the parent gives the generation its number
constexpr std::int64_t kReadDespiteVersionMs = 600'000;
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

Refresher::Refresher(SqlAccountSource& accounts, const Settings& settings, Published published,
                     Calls calls, Log& log)
    : accounts_(accounts),
      settings_(settings),
      calls_(std::move(calls)),
      log_(log),
      published_(published),
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

void Refresher::OnPublished(std::uint64_t token, std::optional<std::uint64_t> generation) {
  {
    const std::lock_guard guard(mutex_);
    if (token != token_) return;
    answered_ = true;
    answer_ = generation;
  }
  changed_.notify_all();
}

std::uint32_t Refresher::DownSeconds() const {
  const std::lock_guard guard(mutex_);
  if (down_since_ms_ == 0) return 0;
  return static_cast<std::uint32_t>(
      std::max<std::int64_t>(1, (MonotonicMs() - down_since_ms_) / 1000));
}

std::string Refresher::Describe() const {
  const std::lock_guard guard(mutex_);
  const TableFacts facts = published_.facts.value_or(TableFacts{});
  return "generation " + std::to_string(published_.generation) + "\nusers " +
         std::to_string(facts.users) + "\ngroups " + std::to_string(facts.groups) + "\nreads " +
         std::to_string(reads_) + "\nlast_read_ms " + std::to_string(took_ms_) + '\n';
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
        for (const Done& done : waiting) done(outcome.good, outcome.text);
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
    if (std::exchange(found_, false)) {
      next_read_ms_ = std::min(next_read_ms_, std::max(now + kFoundPauseMs, not_before_ms_));
    }
    if (requested_ || now >= next_read_ms_) {
      requested_ = false;
      forced = std::exchange(forced_, false);
      waiting = std::exchange(waiting_, {});
      return Due::kRead;
    }
    const bool polls = HasVersion() && version_.has_value();
    if (polls && now >= next_poll_ms_) return Due::kPoll;
    const std::int64_t due = polls ? std::min(next_read_ms_, next_poll_ms_) : next_read_ms_;
    changed_.wait_for(lock, stop, std::chrono::milliseconds(std::min(due - now, kLongestWaitMs)),
                      [this] { return requested_ || found_; });
  }
}

std::uint64_t Refresher::Generation() const {
  const std::lock_guard guard(mutex_);
  return published_.generation;
}

void Refresher::Poll() {
  next_poll_ms_ = MonotonicMs() + kPollMs;
  const auto version = accounts_.Version();
  if (!version) return PollFailed(version.error().text);
  poll_failures_ = 0;
  poll_complained_.clear();
  SetDown(false);
  if (*version == *version_) {
    calls_.confirm(Generation());
  } else {
    next_read_ms_ = std::min(next_read_ms_, std::max(MonotonicMs(), not_before_ms_));
  }
}

// What was read is as good as before: to be polled again is all that it takes.
void Refresher::PollFailed(const std::string& why) {
  next_poll_ms_ = MonotonicMs() + PauseOf(++poll_failures_);
  if (why != poll_complained_) {
    poll_complained_ = why;
    log_.Write(LogLevel::kError, "asking whether the accounts have changed: " + why);
  }
  SetDown(true);
}

Refresher::Outcome Refresher::Read(const std::stop_token& stop, bool forced) {
  const std::int64_t began = MonotonicMs();
  std::int64_t read_ms = 0;
  const auto failed = [&](const std::string& why, bool down = false) {
    Failed(why, down, read_ms);
    return Outcome{false, why};
  };
  try {
    auto tables = accounts_.ReadTables();
    if (!tables) return failed(tables.error().text, true);
    auto version = tables->Version();
    if (!version) return failed(version.error().text, true);
    OwnedFd file(memfd_create("sqlmap-snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid()) {
      return failed(std::string("memory for the snapshot: ") + std::strerror(errno));
    }
    SnapshotWriter writer(file.get());
    const auto users = tables->Users(
        [&](const UserRecord& user) { return !stop.stop_requested() && writer.AddUser(user); });
    const auto groups = !users ? users : tables->Groups([&](const GroupRecord& group) {
      return !stop.stop_requested() && writer.AddGroup(group);
    });
    if (stop.stop_requested()) return {false, "sqlmapd is stopping"};
    // A server that went away, or hung, was not kept busy.
    if (groups || groups.error().kind == SqlError::Kind::kServer) read_ms = MonotonicMs() - began;
    std::optional<TableFacts> before;
    {
      const std::lock_guard guard(mutex_);
      before = published_.facts;
    }
    // A full memory shows itself as a visitor that has enough: the writer's word is the better one.
    const auto summary =
        writer.Finish({kUnnumbered, static_cast<std::uint64_t>(time(nullptr)), Random()});
    if (!summary) return failed("the snapshot could not be written: " + summary.error());
    if (!groups) return failed(groups.error().text, true);
    const auto read = FactsIn(file.get(), summary->file_size);
    if (!read) return failed("the snapshot that was written is damaged");
    const TableFacts facts = *read;
    const std::string what =
        Count(facts.users, "user", "users") + " and " + Count(facts.groups, "group", "groups");
    switch (JudgeRead(before, facts, settings_.snapshot.max_shrink_percent, forced)) {
      case ReadVerdict::kUnchanged:
        version_ = *version;
        Succeeded(began);
        calls_.unchanged(began);
        return {true, "nothing has changed: " + what};
      case ReadVerdict::kShrunk:
        return failed("the database has only " + what + " left of " +
                      Count(before->users, "user", "users") + " and " +
                      Count(before->groups, "group", "groups") +
                      ": not published, the accounts of before stay. If that is right, force it "
                      "(sqlmapctl refresh --force), or raise snapshot.max_shrink_percent");
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
      return failed(std::string("the snapshot could not be sealed: ") + std::strerror(errno));
    }
    Outcome outcome = Publish(std::move(file), facts, began, stop);
    if (!outcome.good) return failed(outcome.text);
    version_ = *version;
    Succeeded(began);
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
    answered_ = false;
  }
  calls_.publish(std::move(file), token, since_ms);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, std::chrono::milliseconds(kPublishPatienceMs),
                    [this] { return answered_; });
  if (!answered_ || !answer_) return {false, "the snapshot could not be published; see the log"};
  published_ = {facts, *answer_};
  return {true, {}};
}

void Refresher::Succeeded(std::int64_t began_ms) {
  const std::int64_t now = MonotonicMs();
  const std::int64_t took = now - began_ms;
  const std::int64_t refresh = HasVersion()
                                   ? kReadDespiteVersionMs
                                   : settings_.snapshot.refresh_seconds * std::int64_t{1000};
  failures_ = 0;
  complained_.clear();
  not_before_ms_ = now + PauseAfterRead(took, 0);
  next_read_ms_ = now + PauseAfterRead(took, refresh);
  next_poll_ms_ = now;
  SetDown(false);
  const std::lock_guard guard(mutex_);
  ++reads_;
  took_ms_ = took;
}

void Refresher::Failed(const std::string& why, bool down, std::int64_t read_ms) {
  next_read_ms_ = MonotonicMs() + PauseAfterRead(read_ms, PauseOf(++failures_));
  not_before_ms_ = next_read_ms_;
  if (why != complained_) {
    complained_ = why;
    log_.Write(LogLevel::kError, "reading the accounts: " + why);
  }
  SetDown(down);
}

std::int64_t Refresher::PauseOf(unsigned failures) const {
  return PauseAfterFailure(failures, settings_.snapshot.refresh_seconds * std::int64_t{1000},
                           static_cast<std::uint32_t>(Random()));
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
