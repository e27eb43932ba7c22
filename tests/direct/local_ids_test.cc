// The host's own ids, from /etc/passwd and /etc/group into the rules of the engine.
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>

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

TEST_F(EngineLocalIds, FileThatIsMissingIsNotTakenForAHostWithoutAccounts) {
  Configure("one");
  for (const char* const name : {"passwd", "group"}) {
    Remove(name);
    EXPECT_EQ(EngineHolder().Current(1'000), nullptr) << name;
    EXPECT_NE(Logged().find(std::string("0 ") + name + ": cannot be opened: No such file"),
              std::string::npos)
        << Logged();
    Write(name, "");
  }
}

TEST_F(EngineLocalIds, FileThatGoesMissingKeepsTheIdsThatWereRead) {
  Configure("one");
  Write("passwd", "deploy:x:1000:1000::/:/bin/sh\n");
  EXPECT_FALSE(AllowsUid(1000));
  Remove("passwd");
  EXPECT_FALSE(AllowsUid(1000, 3'000));
}

TEST_F(EngineLocalIds, FileThatCannotBeReachedIsNotTakenForAHostWithoutAccounts) {
  Configure("one");
  for (const char* const name : {"passwd", "group"}) {
    const std::filesystem::path path = std::filesystem::path(SQLMAP_TEST_ETC) / name;
    const std::string place = std::string(SQLMAP_TEST_ETC) + "/closed";
    std::filesystem::create_directory(place);
    std::filesystem::remove(path);
    std::filesystem::create_symlink(place + "/" + name, path);
    ASSERT_EQ(chmod(place.c_str(), 0), 0);
    EXPECT_EQ(InChild([] {
                if (setresuid(kNobody, kNobody, kNobody) != 0) return 1;
                return EngineHolder().Current(1'000) == nullptr &&
                               Logged().contains("cannot be reached: Permission denied")
                           ? 0
                           : 2;
              }),
              0)
        << name;
    std::filesystem::remove(path);
    std::filesystem::create_symlink(name, path);
    EXPECT_EQ(EngineHolder().Current(1'000), nullptr) << name << " is a link to itself";
    std::filesystem::remove(path);
    Write(name, "");
  }
}

TEST_F(EngineLocalIds, ConfigurationThatCannotBeReachedIsNotSaidToBeMissing) {
  std::filesystem::create_symlink("sqlmapd.toml", SQLMAP_CONFIG_FILE);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  EXPECT_EQ(Logged(), "0 sqlmapd.toml: cannot be reached: Too many levels of symbolic links\n");
}

TEST_F(EngineLocalIds, FileOfMoreThan32MiBIsNotReadInPart) {
  Configure("one");
  Write("passwd", "");
  ASSERT_EQ(truncate(SQLMAP_PASSWD_FILE, 32 * 1024 * 1024 + 1), 0);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  EXPECT_EQ(Logged(), "0 passwd: is larger than 32 MiB\n");
}

// A shared host makes accounts every day, and its sshd and cron run for months.
TEST_F(EngineLocalIds, ThousandNewAccountsLeaveNoMemoryBehind) {
  Configure("one");
  std::int64_t now = 1'000;
  std::weak_ptr<Engine> last;
  const auto change = [&](int times) {
    for (int i = 0; i < times; ++i) {
      Write("passwd", "deploy:x:" + std::to_string(1000 + i % 2) + ":1000::/:/bin/sh\n");
      const auto engine = holder_.Current(now += 2'000);
      ASSERT_NE(engine, last.lock());
      ASSERT_TRUE(last.expired()) << "a replaced engine that nobody uses is still there";
      last = engine;
    }
  };
  change(100);
  const auto before = mallinfo2().uordblks;
  change(1'000);
  EXPECT_LT(mallinfo2().uordblks, before + 16'384);
}

TEST_F(EngineLocalIds, EngineInUseOutlivesItsReplacement) {
  Configure("one");
  const auto engine = holder_.Current(1'000);
  Configure("two");
  EXPECT_EQ(DatabaseAt(3'000), "two");
  EXPECT_EQ(engine->settings().database.name, "one");
}

TEST_F(EngineLocalIds, InheritedEngineIsNotTakenApartInAChild) {
  const std::string name(40, 'n');  // in memory of its own, which free(3) writes over
  Configure(name);
  ASSERT_EQ(DatabaseAt(1'000), name);
  EXPECT_EQ(InChild([&] {
              const Settings* const inherited = &holder_.Current(1'001)->settings();
              Configure("two");
              if (DatabaseAt(5'000) != "two") return 1;
              return inherited->database.name == name ? 0 : 2;
            }),
            0);
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
