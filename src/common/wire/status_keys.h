// What sqlmapd's status says, line by line: one table for who writes it (StatusWriter), for
// `sqlmapctl status`, its --json and its --prometheus, and for doc/sqlmapctl.md.
//
// kStatus is answered with lines "KEY VALUE": a key has no spaces, the rest of the line is the
// value, of which there is at least one character. Keys come in any order. Those that
// do not apply are left out, and so are those with root_only for anybody else. A key has parts,
// with a dot between them; "*" stands for any one: "pool.*.open" is "pool.accounts.open" and
// "pool.privileged.open". New keys may come; a reader leaves out what it does not know.
#ifndef SQLMAP_COMMON_WIRE_STATUS_KEYS_H_
#define SQLMAP_COMMON_WIRE_STATUS_KEYS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlmap {

enum class StatusType : std::uint8_t {
  kText,
  kState,    // a word; the metric is 1 if it is `good`, and 0 if it is another one but "-"
  kGauge,    // a number that goes up and down
  kCounter,  // a number that grows
  kSeconds,  // a gauge: seconds, with a fraction
  kTime,     // a gauge: seconds since 1970
  kSummary,  // seconds, or how many there were: part of a summary
};

enum class StatusGroup : std::uint8_t {
  kDaemon,
  kAccounts,
  kServers,
  kConnections,
  kAnswers,
  kQuestions,
  kLatency,
  kLogins,
};

struct StatusKey {
  std::string_view key;
  StatusGroup group;
  StatusType type;
  bool root_only;
  std::string_view label;  // for people; "": not shown to them
  // Behind "sqlmap_"; "": none. Of kText the value is a label of this name, and the sample is 1.
  std::string_view metric;
  std::string_view part;  // of kSummary: a quantile, "_sum" or "_count"; of kState: the good word
  std::string_view help;
  std::array<std::string_view, 2> stars{};  // what each "*" is, as a metric's label
};

inline constexpr bool kEverybody = false;
inline constexpr bool kRoot = true;

constexpr StatusKey StatusRow(std::string_view key, StatusGroup group, StatusType type,
                              bool root_only, std::string_view label, std::string_view metric,
                              std::string_view part, std::string_view help,
                              std::string_view star = {}, std::string_view second_star = {}) {
  return {key, group, type, root_only, label, metric, part, help, {star, second_star}};
}

inline constexpr StatusKey kStatusKeys[] = {
    StatusRow("version", StatusGroup::kDaemon, StatusType::kText, kEverybody, "version",
              "build_info", "", "The version of sqlmapd."),
    StatusRow("pid", StatusGroup::kDaemon, StatusType::kGauge, kEverybody, "pid", "", "",
              "The process that root's signals are for."),
    StatusRow("start_time", StatusGroup::kDaemon, StatusType::kTime, kEverybody, "since",
              "start_time_seconds", "", "When sqlmapd was started."),
    StatusRow(
        "child_start_time", StatusGroup::kDaemon, StatusType::kTime, kEverybody, "counts since",
        "child_start_time_seconds", "",
        "When the process that answers began, with its counters at 0: after a start, a reload or a "
        "crash."),
    StatusRow("child_restarts", StatusGroup::kDaemon, StatusType::kCounter, kEverybody, "crashes",
              "child_crashes_total", "",
              "How often a process that answers ended by itself, or was ended since it hung, since "
              "sqlmapd was started; one that was to replace it and never came up counts, too."),
    StatusRow("clients", StatusGroup::kDaemon, StatusType::kGauge, kRoot, "clients now", "clients",
              "", "Connections to the socket."),
    StatusRow("too_busy", StatusGroup::kDaemon, StatusType::kCounter, kRoot, "turned away",
              "too_busy_total", "", "Questions that were not taken, since too many were waiting."),
    StatusRow("snapshot", StatusGroup::kAccounts, StatusType::kState, kEverybody, "snapshot",
              "snapshot_published", "published",
              "Whether a snapshot is published; \"-\": it is switched off."),
    StatusRow("generation", StatusGroup::kAccounts, StatusType::kGauge, kEverybody, "generation",
              "snapshot_generation", "", "The number of the published snapshot."),
    StatusRow("users", StatusGroup::kAccounts, StatusType::kGauge, kEverybody, "users",
              "snapshot_users", "", "Users in the published snapshot."),
    StatusRow("groups", StatusGroup::kAccounts, StatusType::kGauge, kEverybody, "groups",
              "snapshot_groups", "", "Groups in the published snapshot."),
    StatusRow("snapshot_time", StatusGroup::kAccounts, StatusType::kTime, kEverybody, "read",
              "snapshot_time_seconds", "", "When the published snapshot was read."),
    StatusRow(
        "checked_time", StatusGroup::kAccounts, StatusType::kTime, kEverybody, "as of",
        "snapshot_checked_time_seconds", "",
        "When the database was last known to have what is published: the age of the accounts."),
    StatusRow(
        "refresh", StatusGroup::kAccounts, StatusType::kState, kEverybody, "last reading",
        "refresh_ok", "good",
        "What became of the last reading: good, failed, or held_back, since too much was missing."),
    StatusRow("refresh_since", StatusGroup::kAccounts, StatusType::kTime, kEverybody, "fails since",
              "refresh_failing_since_seconds", "", "Since when reading fails, or is held back."),
    StatusRow("refresh_error", StatusGroup::kAccounts, StatusType::kText, kRoot, "why", "", "",
              "Why the last reading failed, or was held back."),
    StatusRow("reads", StatusGroup::kAccounts, StatusType::kCounter, kRoot, "readings",
              "reads_total", "", "Readings of all accounts that went well."),
    StatusRow("last_read_seconds", StatusGroup::kAccounts, StatusType::kSeconds, kRoot,
              "the last took", "last_read_seconds", "", "How long the last one of those took."),
    StatusRow("server.*.*.address", StatusGroup::kServers, StatusType::kText, kRoot, "server", "",
              "", "The server, as the configuration has it.", "pool", "server"),
    StatusRow(
        "server.*.*.state", StatusGroup::kServers, StatusType::kState, kRoot, "state", "server_up",
        "up",
        "up, failing, refused (the account), full, or \"-\": this account has not asked it yet.",
        "pool", "server"),
    StatusRow("server.*.*.since", StatusGroup::kServers, StatusType::kTime, kRoot, "since",
              "server_failing_since_seconds", "", "Since when it is not up.", "pool", "server"),
    StatusRow("server.*.*.next_try", StatusGroup::kServers, StatusType::kSeconds, kRoot,
              "asked again in", "server_next_try_seconds", "",
              "How long it is left alone, lest it ban this host; not there: it is asked at the "
              "next need.",
              "pool", "server"),
    StatusRow("server.*.*.error", StatusGroup::kServers, StatusType::kText, kRoot, "why", "", "",
              "Why it is not up.", "pool", "server"),
    StatusRow("pool.*.open", StatusGroup::kConnections, StatusType::kGauge, kRoot, "open",
              "pool_connections", "", "Connections of the pool, in use or not.", "pool"),
    StatusRow("pool.*.in_use", StatusGroup::kConnections, StatusType::kGauge, kRoot, "in use",
              "pool_connections_in_use", "", "Those in use, or being opened.", "pool"),
    StatusRow("pool.*.limit", StatusGroup::kConnections, StatusType::kGauge, kRoot, "at most",
              "pool_connections_limit", "", "database.pool_size.", "pool"),
    StatusRow("pool.*.waits", StatusGroup::kConnections, StatusType::kCounter, kRoot, "waited for",
              "pool_waits_total", "", "Queries that found all connections in use, and waited.",
              "pool"),
    StatusRow("cache_entries", StatusGroup::kAnswers, StatusType::kGauge, kRoot, "remembered",
              "cache_entries", "", "Answers that are remembered."),
    StatusRow("cache_bytes", StatusGroup::kAnswers, StatusType::kGauge, kRoot, "bytes",
              "cache_bytes", "", "Their size."),
    StatusRow("cache_hits", StatusGroup::kAnswers, StatusType::kCounter, kRoot, "hits",
              "cache_hits_total", "", "Look-ups that were answered from memory."),
    StatusRow("cache_misses", StatusGroup::kAnswers, StatusType::kCounter, kRoot, "misses",
              "cache_misses_total", "", "Look-ups that were not."),
    StatusRow(
        "cache_stale", StatusGroup::kAnswers, StatusType::kCounter, kRoot, "stale served",
        "cache_stale_served_total", "",
        "Look-ups that were answered with what the database had said before, since it was down."),
    StatusRow("queries", StatusGroup::kAnswers, StatusType::kCounter, kRoot, "queries",
              "queries_total", "", "Look-ups that became a query."),
    StatusRow("queries_shared", StatusGroup::kAnswers, StatusType::kCounter, kRoot, "shared",
              "queries_shared_total", "", "Look-ups that waited for somebody else's query."),
    StatusRow("queries_unavailable", StatusGroup::kAnswers, StatusType::kCounter, kRoot,
              "without answer", "queries_unavailable_total", "",
              "Queries that the database did not answer."),
    StatusRow("questions.*", StatusGroup::kQuestions, StatusType::kCounter, kRoot, "asked",
              "questions_total", "", "What sqlmapd was asked, by kind.", "kind"),
    StatusRow("latency.*.p50", StatusGroup::kLatency, StatusType::kSummary, kRoot, "half",
              "latency_seconds", "0.5",
              "How long it takes, of the last five to ten minutes: lookup, from question to "
              "answer; query, "
              "of the database; authentication, from the throttle's leave to the verdict.",
              "of"),
    StatusRow("latency.*.p90", StatusGroup::kLatency, StatusType::kSummary, kRoot, "90 %",
              "latency_seconds", "0.9", "", "of"),
    StatusRow("latency.*.p99", StatusGroup::kLatency, StatusType::kSummary, kRoot, "99 %",
              "latency_seconds", "0.99", "", "of"),
    StatusRow("latency.*.max", StatusGroup::kLatency, StatusType::kSummary, kRoot, "slowest",
              "latency_seconds", "1", "", "of"),
    StatusRow("latency.*.sum", StatusGroup::kLatency, StatusType::kSummary, kRoot, "",
              "latency_seconds", "_sum", "", "of"),
    StatusRow("latency.*.count", StatusGroup::kLatency, StatusType::kSummary, kRoot, "count",
              "latency_seconds", "_count", "", "of"),
    StatusRow("logins", StatusGroup::kLogins, StatusType::kCounter, kRoot, "asked", "logins_total",
              "", "Questions of PAM: passwords, accounts, changes and sessions."),
    StatusRow("logins_waiting", StatusGroup::kLogins, StatusType::kGauge, kRoot, "waiting",
              "logins_waiting", "", "Logins that wait for their turn, see [throttle]."),
    StatusRow("logins_throttled", StatusGroup::kLogins, StatusType::kCounter, kRoot,
              "refused unseen", "logins_throttled_total", "",
              "Logins that were refused without a look at the password."),
    StatusRow("sources_slowed", StatusGroup::kLogins, StatusType::kCounter, kRoot, "sources slowed",
              "sources_slowed_total", "",
              "How often a source had failed so often that it was slowed down."),
    StatusRow("offline_logins", StatusGroup::kLogins, StatusType::kCounter, kRoot, "let in offline",
              "offline_logins_total", "",
              "Logins that were let in by what this host remembers, since no server answered."),
    StatusRow("remembered_logins", StatusGroup::kLogins, StatusType::kGauge, kRoot, "remembered",
              "remembered_logins", "", "Names whose login this host remembers for that."),
};

// Whether `key`, as a line has it, is of this pattern; `stars` becomes what stands for each "*".
constexpr bool MatchesStatusKey(std::string_view pattern, std::string_view key,
                                std::array<std::string_view, 2>& stars) {
  std::size_t count = 0;
  for (;;) {
    const std::string_view wanted = pattern.substr(0, pattern.find('.'));
    const std::string_view part = key.substr(0, key.find('.'));
    if (wanted == "*") {
      stars[count++] = part;
    } else if (wanted != part) {
      return false;
    }
    const bool last = wanted.size() == pattern.size();
    if (last || part.size() == key.size()) return last && part.size() == key.size();
    pattern.remove_prefix(wanted.size() + 1);
    key.remove_prefix(part.size() + 1);
  }
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_STATUS_KEYS_H_
