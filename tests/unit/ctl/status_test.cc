#include <gtest/gtest.h>
#include <stdio.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "common/wire/status_writer.h"
#include "ctl/status/page.h"
#include "ctl/status/report.h"

namespace sqlmap {
namespace {

// A bad evening: one server of two is down, passwords are refused, and most accounts are missing.
constexpr char kBadEvening[] =
    "version 1.2.3\n"
    "pid 126\n"
    "start_time 1700000000\n"
    "child_start_time 1700086400\n"
    "child_restarts 1\n"
    "clients 3\n"
    "snapshot published\n"
    "generation 7\n"
    "users 100000\n"
    "groups 2\n"
    "snapshot_time 1700086000\n"
    "checked_time 1700086390\n"
    "refresh held_back\n"
    "refresh_since 1700086395\n"
    "refresh_error the database has only 3 users left of 100000\n"
    "last_read_seconds 1.250000\n"
    "server.accounts.0.address db1:3306\n"
    "server.accounts.0.state failing\n"
    "server.accounts.0.since 1700086340\n"
    "server.accounts.0.error db1:3306: connect: \"refused\" \\o/\n"
    "server.accounts.1.address /run/mysqld/mysqld.sock\n"
    "server.accounts.1.state up\n"
    "server.privileged.0.address db1:3306\n"
    "server.privileged.0.state refused\n"
    "server.privileged.0.next_try 1.500000\n"
    "server.privileged.1.address /run/mysqld/mysqld.sock\n"
    "server.privileged.1.state -\n"
    "pool.accounts.open 2\n"
    "pool.accounts.in_use 1\n"
    "pool.accounts.limit 4\n"
    "pool.accounts.waits 0\n"
    "latency.query.sum 0.000000\n"
    "latency.query.count 0\n"
    "cache_hits 12\n"
    "questions.user_by_name 40\n"
    "questions.shadow_by_name 0\n"
    "latency.lookup.p50 0.000012\n"
    "latency.lookup.p90 0.000950\n"
    "latency.lookup.p99 0.012345\n"
    "latency.lookup.max 2.500000\n"
    "latency.lookup.sum 3.250001\n"
    "latency.lookup.count 40\n"
    "logins 5\n";
constexpr std::int64_t kNow = 1'700'086'400;

std::string Page(const StatusReport& report, bool json = false) {
  setenv("TZ", "UTC", 1);  // NOLINT(concurrency-mt-unsafe): one thread
  const std::unique_ptr<FILE, int (*)(FILE*)> out(tmpfile(), fclose);
  Screen screen(out.get(), out.get());
  screen.set_json(json);
  ShowStatus(report, kNow, screen);
  screen.Flush();
  rewind(out.get());
  std::string text(20'000, '\0');
  text.resize(fread(text.data(), 1, text.size(), out.get()));
  return text;
}

TEST(StatusPage, PersonSeesWhatIsWrongSinceWhenAndWhy) {
  EXPECT_EQ(Page(ParseStatus(kBadEvening)),
            "sqlmapd\n"
            "  version       1.2.3\n"
            "  pid           126\n"
            "  since         2023-11-14 22:13:20, 24 h ago\n"
            "  counts since  2023-11-15 22:13:20, 0 s ago\n"
            "  crashes       1\n"
            "  clients now   3\n"
            "\n"
            "accounts\n"
            "  snapshot       published\n"
            "  generation     7\n"
            "  users          100000\n"
            "  groups         2\n"
            "  read           2023-11-15 22:06:40, 7 min ago\n"
            "  as of          2023-11-15 22:13:10, 10 s ago\n"
            "  last reading   held back\n"
            "  fails since    2023-11-15 22:13:15, 5 s ago\n"
            "  why            the database has only 3 users left of 100000\n"
            "  the last took  1.2 s\n"
            "\n"
            "servers\n"
            "  pool        server                   state    since                          asked "
            "again in  why\n"
            "  accounts    db1:3306                 failing  2023-11-15 22:12:20, 60 s ago        "
            "          db1:3306: connect: \"refused\" \\o/\n"
            "  accounts    /run/mysqld/mysqld.sock  up\n"
            "  privileged  db1:3306                 refused                                 1.5 s\n"
            "  privileged  /run/mysqld/mysqld.sock  -\n"
            "\n"
            "connections to the database\n"
            "  pool      open  in use  at most  waited for\n"
            "  accounts  2     1       4        0\n"
            "\n"
            "answers in memory\n"
            "  hits  12\n"
            "\n"
            "questions\n"
            "  kind          asked\n"
            "  user by name  40\n"
            "\n"
            "how long it takes, of the last five to ten minutes\n"
            "  of      half   90 %    99 %     slowest  count\n"
            "  lookup  12 us  950 us  12.3 ms  2.5 s    40\n"
            "\n"
            "logins\n"
            "  asked  5\n");
  EXPECT_EQ(Page(ParseStatus(kBadEvening), true), "");
}

TEST(StatusPage, DurationsAreShort) {
  struct Row {
    double seconds;
    const char* text;
  };
  for (const Row& row :
       {Row{0, "0 us"}, Row{0.000'012, "12 us"}, Row{0.001, "1 ms"}, Row{0.25, "250 ms"},
        Row{1, "1 s"}, Row{59.96, "60.0 s"}, Row{90, "90 s"}, Row{125, "2 min"}, Row{7'200, "2 h"},
        Row{172'800, "2 d"}, Row{1e9, "11574 d"}}) {
    EXPECT_EQ(DurationText(row.seconds), row.text);
  }
}

TEST(StatusJson, ProgramSeesALevelForEachPartOfAKey) {
  const nlohmann::ordered_json seen = StatusJson(ParseStatus(kBadEvening));
  EXPECT_EQ(seen["version"], "1.2.3");
  EXPECT_EQ(seen["users"], 100000);
  EXPECT_TRUE(seen["users"].is_number_unsigned());
  EXPECT_EQ(seen["last_read_seconds"], 1.25);
  EXPECT_EQ(seen["refresh"], "held_back");
  EXPECT_EQ(seen["server"]["accounts"].size(), 2U);
  EXPECT_EQ(seen["server"]["accounts"][1]["state"], "up");
  EXPECT_EQ(seen["server"]["privileged"][0]["next_try"], 1.5);
  EXPECT_EQ(seen["pool"]["accounts"]["limit"], 4);
  EXPECT_EQ(seen["questions"]["shadow_by_name"], 0);
  EXPECT_EQ(seen["latency"]["lookup"]["p99"], 0.012345);
  EXPECT_EQ(seen.begin().key(), "version") << "in the order of the table, whatever came first";
  EXPECT_EQ(StatusJson({}).dump(), "{}");
}

TEST(ParseStatus, LinesThatNobodyKnowsOrThatAreNotWhatTheySayAreLeftOut) {
  const char* const bad[] = {
      "",
      "users",
      "users ",
      "users many",
      "users 1 2",
      "users -1",
      "users nan",
      "users 1e5",
      "users 0x10",
      "frobnicated 7",
      "users.more 7",
      "pool.accounts 7",
      "pool.accounts.open.more 7",
      "pool..open 7",
      "pool.a/b.open 7",
      "pool.a~.open 7",
      "pool.-.open 7",
      "server.accounts.1000000.state up",
      "server.accounts.x.state up",
      "server.accounts.01.state up",
      "server.accounts..state up",
      "server.0.0.state up",
      "questions.12 7",
      "users 1.",
      "users 5.000000",
      "users 18446744073709551616",
      "start_time 99999999999999999999",
      "start_time 9223372036854775808",
      "start_time -1",
      "start_time 1.5",
      "last_read_seconds 1",
      "last_read_seconds 1.5",
      "last_read_seconds .500000",
      "last_read_seconds 1.-00001",
      "last_read_seconds 1.5000000",
      "latency.query.p50 1",
      "latency.query.count 1.500000",
  };
  for (const char* line : bad) EXPECT_TRUE(ParseStatus(std::string(line) + "\n").empty()) << line;
  EXPECT_EQ(ParseStatus("users 1\n\nfrobnicated 7\nusers").size(), 1U);
}

// Of each type the largest, and stars as far as they go.
TEST(StatusReport, LargestValuesAreShownToPeopleAndPrograms) {
  const StatusReport report = ParseStatus(
      "start_time 9223372036854775807\n"
      "users 18446744073709551615\n"
      "last_read_seconds 18446744073709551615.999999\n"
      "server.accounts.0.state up\n"
      "server.accounts.999.state up\n");
  ASSERT_EQ(report.size(), 5U);
  EXPECT_EQ(Page(report),
            "sqlmapd\n"
            "  since  ?, 0 s ago\n"
            "\n"
            "accounts\n"
            "  users          18446744073709551615\n"
            "  the last took  213503982334601 d\n"
            "\n"
            "servers\n"
            "  pool      state\n"
            "  accounts  up\n"
            "  accounts  up\n");
  const nlohmann::ordered_json seen = StatusJson(report);
  EXPECT_EQ(seen["start_time"], INT64_MAX);
  EXPECT_EQ(seen["users"], UINT64_MAX);
  EXPECT_EQ(seen["server"]["accounts"].size(), 1000U);
}

TEST(ParseStatus, WhatTheDaemonWritesIsWhatIsRead) {
  for (const StatusKey& key : kStatusKeys) {
    std::array<std::string_view, 2> stars;
    EXPECT_TRUE(MatchesStatusKey(key.key, key.key, stars));
    EXPECT_FALSE(MatchesStatusKey(key.key, std::string(key.key) + ".more", stars)) << key.key;
  }
  StatusWriter status(true);
  status.Add("users", 7U);
  status.Add("pool.*.waits", std::uint64_t{8}, {"writes"});
  status.AddMicroseconds("server.*.*.next_try", 1'000'001, {"writes", "0"});
  status.Add("refresh_error", "two\nlines");
  status.Add("snapshot", "");
  const StatusReport report = ParseStatus(status.text());
  ASSERT_EQ(report.size(), 4U);
  EXPECT_EQ(report[0].value, "7");
  EXPECT_EQ(report[1].value, "two lines");
  EXPECT_EQ(report[2].value, "1.000001");
  EXPECT_EQ(report[2].stars, (std::array<std::string, 2>{"writes", "0"}));
  EXPECT_EQ(report[3].stars[0], "writes");
}

TEST(StatusTable, EachMetricHasOneNameOneMeaningAndItsUnit) {
  std::set<std::string_view> keys;
  std::set<std::string_view> metrics;
  std::string_view before;
  for (const StatusKey& key : kStatusKeys) {
    EXPECT_TRUE(keys.insert(key.key).second) << key.key;
    if (key.metric.empty()) continue;
    EXPECT_TRUE(metrics.insert(key.metric).second || key.metric == before) << key.metric;
    EXPECT_EQ(key.metric.ends_with("_total"), key.type == StatusType::kCounter) << key.metric;
    if (key.type == StatusType::kSeconds || key.type == StatusType::kTime ||
        key.type == StatusType::kSummary) {
      EXPECT_TRUE(key.metric.ends_with("_seconds")) << key.metric;
    }
    EXPECT_TRUE(!key.help.empty() || key.metric == before) << key.key;
    before = key.metric;
  }
}

TEST(StatusTable, PageHasARowForEachKey) {
  std::ifstream file(SQLMAP_CTL_PAGE);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const StatusKey& key : kStatusKeys) {
    if (key.help.empty()) continue;  // told with the one before
    std::string row =
        "\n| `" + std::string(key.key) + "` | " + (key.root_only ? "root" : "everybody") + " | ";
    if (!key.metric.empty()) row += "`sqlmap_" + std::string(key.metric) + "`";
    row += " | " + std::string(key.help) + " |\n";
    EXPECT_NE(page.find(row), std::string::npos) << row;
  }
}

TEST(StatusMetrics, PrometheusSeesWhatItsTextFormatAsksFor) {
  EXPECT_EQ(StatusMetrics(ParseStatus("version 1\"2\\\n"
                                      "snapshot -\n"
                                      "server.accounts.0.address db1:3306\n"
                                      "server.accounts.0.state failing\n"
                                      "server.accounts.1.state up\n"
                                      "server.writes.0.address db1:3306\n"
                                      "server.writes.0.state -\n"
                                      "latency.query.sum 0.000000\n"
                                      "latency.query.count 0\n"
                                      "latency.lookup.p50 0.000012\n"
                                      "latency.lookup.sum 3.250001\n"
                                      "latency.lookup.count 40\n"
                                      "logins 5\n")),
            "# HELP sqlmap_up Whether sqlmapd answers.\n"
            "# TYPE sqlmap_up gauge\n"
            "sqlmap_up 1\n"
            "# HELP sqlmap_build_info The version of sqlmapd.\n"
            "# TYPE sqlmap_build_info gauge\n"
            "sqlmap_build_info{version=\"1\\\"2\\\\\"} 1\n"
            "# HELP sqlmap_server_up up, failing, refused (the account), full, or \"-\": this "
            "account has not asked it yet.\n"
            "# TYPE sqlmap_server_up gauge\n"
            "sqlmap_server_up{pool=\"accounts\",server=\"0\",address=\"db1:3306\"} 0\n"
            "sqlmap_server_up{pool=\"accounts\",server=\"1\",address=\"\"} 1\n"
            "# HELP sqlmap_latency_seconds How long it takes, of the last five to ten minutes: "
            "lookup, from question to answer; query, of the database; authentication, from the "
            "throttle's leave to the verdict.\n"
            "# TYPE sqlmap_latency_seconds summary\n"
            "sqlmap_latency_seconds{of=\"lookup\",quantile=\"0.5\"} 0.000012\n"
            "sqlmap_latency_seconds_sum{of=\"lookup\"} 3.250001\n"
            "sqlmap_latency_seconds_count{of=\"lookup\"} 40\n"
            "sqlmap_latency_seconds_sum{of=\"query\"} 0.000000\n"
            "sqlmap_latency_seconds_count{of=\"query\"} 0\n"
            "# HELP sqlmap_logins_total Questions of PAM: passwords, accounts, changes and "
            "sessions.\n"
            "# TYPE sqlmap_logins_total counter\n"
            "sqlmap_logins_total 5\n");
  EXPECT_EQ(StatusMetrics({}),
            "# HELP sqlmap_up Whether sqlmapd answers.\n# TYPE sqlmap_up gauge\nsqlmap_up 0\n");
}

}  // namespace
}  // namespace sqlmap
