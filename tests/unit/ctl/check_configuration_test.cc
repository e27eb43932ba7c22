#include <gtest/gtest.h>

#include <algorithm>

#include "ctl/check/configuration.h"

namespace sqlmap {
namespace {

TEST(Configuration, OneAccountForBothPartsIsNamedUnlessASocketKnowsWhoAsks) {
  const ServerAddress socket{"/run/mysqld.sock", "", 3306};
  const ServerAddress remote{"", "db1", 3306};
  struct Row {
    std::vector<ServerAddress> servers;
    std::vector<ServerAddress> writers;
    const char* password;
    bool named;
  };
  const Row rows[] = {
      {{socket}, {}, "", false}, {{socket}, {socket}, "", false},  {{socket}, {}, "p", true},
      {{remote}, {}, "", true},  {{socket, remote}, {}, "", true}, {{socket}, {remote}, "", true},
      {{remote}, {}, "p", true},
  };
  for (const Row& row : rows) {
    Settings settings;
    settings.database.servers = row.servers;
    settings.database.writers = row.writers;
    settings.database.user = settings.privileged.user = "sqlmap";
    settings.privileged.password = row.password;
    Findings findings("configuration");
    JudgeSettings(settings, findings);
    const bool named = std::ranges::any_of(findings.list(), [](const Finding& finding) {
      return finding.level == Level::kWarning && finding.what.ends_with("then sees the hashes");
    });
    EXPECT_EQ(named, row.named) << (&row - rows);
  }
}

}  // namespace
}  // namespace sqlmap
