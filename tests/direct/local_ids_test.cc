// The host's own ids, from /etc/passwd and /etc/group into the rules of the engine.
#include <sys/stat.h>
#include <unistd.h>

#include "engine_files.h"

namespace sqlmap {
namespace {

class EngineLocalIds : public EngineFiles {
 protected:
  bool AllowsUid(std::uint32_t uid, std::int64_t now = 1'000) {
    return holder_.Current(now)->settings().accounts.uid_rules().Allows(uid);
  }
  bool AllowsGid(std::uint32_t gid, std::int64_t now = 1'000) {
    return holder_.Current(now)->settings().accounts.gid_rules().Allows(gid);
  }
};

TEST_F(EngineLocalIds, IdsOfTheHostAreNoRowsUnlessTheyAreListed) {
  Configure("one", "[accounts]\nallow_uids = [1001]\nallow_gids = [2001]\n");
  Write("passwd", "deploy:x:1000:2000::/:/bin/sh\naegir:x:1001:2001::/:/bin/sh\n");
  Write("group", "deploy:x:2000:\naegir:x:2001:\n");
  EXPECT_FALSE(AllowsUid(1000));
  EXPECT_TRUE(AllowsUid(1001));
  EXPECT_TRUE(AllowsUid(2000)) << "a gid is no uid";
  EXPECT_FALSE(AllowsGid(2000));
  EXPECT_TRUE(AllowsGid(2001));
  EXPECT_TRUE(AllowsGid(1000));
}

TEST_F(EngineLocalIds, AccountThatIsMadeLaterIsNoticed) {
  Configure("one");
  Write("passwd", "root:x:0:0::/:/bin/sh\n");
  EXPECT_TRUE(AllowsUid(1000));
  Write("passwd", "root:x:0:0::/:/bin/sh\ndeploy:x:1000:1000::/:/bin/sh\n");
  EXPECT_FALSE(AllowsUid(1000, 3'000));
  Write("group", "deploy:x:1000:\n");
  EXPECT_FALSE(AllowsGid(1000, 5'000));
}

TEST_F(EngineLocalIds, ChangeThatLeavesTheIdsKeepsTheConnections) {
  Configure("one");
  Write("passwd", "deploy:x:1000:1000::/:/bin/sh\n");
  const auto engine = holder_.Current(1'000);
  Write("passwd", "deploy:x:1000:1000::/:/bin/bash\n");
  EXPECT_EQ(holder_.Current(3'000), engine);
  EXPECT_EQ(Reads(), 2);
  EXPECT_EQ(holder_.Current(5'000), engine);
  EXPECT_EQ(Reads(), 2);
}

TEST_F(EngineLocalIds, FileThatIsNotRootsIsNotTakenForAHostWithoutAccounts) {
  Configure("one");
  Write("passwd", "deploy:x:1000:1000::/:/bin/sh\n", 0664);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  EXPECT_EQ(Logged(),
            "0 passwd: is not believed: it must be root's alone, and belongs to uid 0 with mode "
            "0664; chmod go-w passwd\n");
  ASSERT_EQ(chmod(SQLMAP_PASSWD_FILE, 0644), 0);
  EXPECT_FALSE(AllowsUid(1000, 3'000));
}

TEST_F(EngineLocalIds, FileOfMoreThan32MiBIsNotReadInPart) {
  Configure("one");
  Write("passwd", "");
  ASSERT_EQ(truncate(SQLMAP_PASSWD_FILE, 32 * 1024 * 1024 + 1), 0);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  EXPECT_EQ(Logged(), "0 passwd: is larger than 32 MiB\n");
}

TEST_F(EngineLocalIds, ChildThatGaveUpRootKeepsTheIds) {
  Configure("one");
  Write("passwd", "deploy:x:1000:1000::/:/bin/sh\n");
  EXPECT_FALSE(AllowsUid(1000));
  Remove("passwd");
  EXPECT_EQ(InChild([this] {
              if (setresuid(kNobody, kNobody, kNobody) != 0) return 1;
              return AllowsUid(1000, 5'000) ? 2 : 0;
            }),
            0);
}

}  // namespace
}  // namespace sqlmap
