#include "daemon/status_lines.h"

#include <gtest/gtest.h>

#include <string>

namespace sqlmap {
namespace {

using State = ServerList::Report::State;

constexpr Clocks kNow{.wall_ms = 1'700'000'100'000, .monotonic_ms = 500'000};

TEST(StatusLines, ServersSayHowEachAccountFaresSinceWhenAndWhy) {
  const Backend::Report accounts{"accounts",
                                 {.open = 3,
                                  .in_use = 1,
                                  .limit = 4,
                                  .waits = 7,
                                  .servers = {{.address = "/run/db sock", .state = State::kUp},
                                              {.address = "db2:3306",
                                               .state = State::kFailing,
                                               .since_ms = 400'000,
                                               .error = "gone\nfor good"}}}};
  const Backend::Report privileged{"privileged",
                                   {.limit = 4,
                                    .servers = {{.address = "/run/db sock",
                                                 .state = State::kRefused,
                                                 .since_ms = 499'000,
                                                 .next_try_ms = 501'500,
                                                 .error = "Access denied"},
                                                {.address = "db2:3306"}}}};
  StatusWriter status(true);
  AddDatabase(status, {accounts, privileged}, kNow);
  EXPECT_EQ(status.text(),
            "server.accounts.0.address /run/db sock\n"
            "server.accounts.0.state up\n"
            "server.accounts.1.address db2:3306\n"
            "server.accounts.1.state failing\n"
            "server.accounts.1.since 1700000000\n"
            "server.accounts.1.error gone for good\n"
            "server.privileged.0.address /run/db sock\n"
            "server.privileged.0.state refused\n"
            "server.privileged.0.since 1700000099\n"
            "server.privileged.0.next_try 1.500000\n"
            "server.privileged.0.error Access denied\n"
            "server.privileged.1.address db2:3306\n"
            "server.privileged.1.state -\n"
            "pool.accounts.open 3\n"
            "pool.accounts.in_use 1\n"
            "pool.accounts.limit 4\n"
            "pool.accounts.waits 7\n"
            "pool.privileged.open 0\n"
            "pool.privileged.in_use 0\n"
            "pool.privileged.limit 4\n"
            "pool.privileged.waits 0\n");
}

TEST(StatusLines, OthersThanRootAreToldNothingOfTheDatabase) {
  StatusWriter status(false);
  AddDatabase(status, {{"accounts", {.limit = 4, .servers = {{.address = "db:3306"}}}}}, kNow);
  AddLatency(status, "query", {.count = 1, .sum_us = 5, .recent = 1, .p50_us = 5});
  status.Add("refresh_error", "db:3306: Access denied for user 'sqlmap'");
  EXPECT_EQ(status.text(), "");
}

TEST(StatusLines, PercentilesThatMeanNothingAreLeftOut) {
  StatusWriter status(true);
  AddLatency(status, "query", {.count = 2, .sum_us = 3'000'001});
  EXPECT_EQ(status.text(), "latency.query.sum 3.000001\nlatency.query.count 2\n");
}

}  // namespace
}  // namespace sqlmap
