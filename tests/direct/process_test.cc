// The engine in processes that change what they are: children, threads, other users, other roots.
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "engine_files.h"

namespace sqlmap {
namespace {

constexpr std::string_view kSecrets = "[database]\npassword = \"s3cret\"\n";

class EngineProcess : public EngineFiles {
 protected:
  void TearDown() override {
    EngineFiles::TearDown();
    if (!root_.empty()) std::filesystem::remove_all(root_);
  }

  // A directory with the files of an own configuration at the places where ours are.
  void MakeRoot(uid_t owner) {
    char name[] = "/tmp/sqlmap-chroot-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    const std::filesystem::path etc = root_ + SQLMAP_TEST_ETC;
    std::filesystem::create_directories(etc);
    Configure("attack");
    for (const char* const file : {SQLMAP_CONFIG_FILE, SQLMAP_PASSWD_FILE, SQLMAP_GROUP_FILE})
      std::filesystem::copy(file, etc);
    ASSERT_EQ(chown(name, owner, owner), 0);
  }

  std::string root_;
};

TEST_F(EngineProcess, ChildThatGaveUpRootKeepsWhatWasLoaded) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0600);
  ASSERT_EQ(DatabaseAt(1'000), "one");
  EXPECT_EQ(InChild([this] {
              if (setresuid(kNobody, kNobody, kNobody) != 0) return 1;
              const auto engine = holder_.Current(5'000);
              if (engine == nullptr) return 2;
              return engine->settings().database.password == "s3cret" ? 0 : 3;
            }),
            0);
}

TEST_F(EngineProcess, ProcessThatBecomesRootReadsTheSecretsAtOnce) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0600);
  ASSERT_EQ(seteuid(kNobody), 0);
  const auto before = holder_.Current(1'000);
  ASSERT_EQ(seteuid(0), 0);
  ASSERT_NE(before, nullptr);
  EXPECT_EQ(before->settings().database.password, "");
  EXPECT_EQ(holder_.Current(1'001)->settings().database.password, "s3cret");
}

TEST_F(EngineProcess, UsersSayNothingOfAMissingFile) {
  ASSERT_EQ(seteuid(kNobody), 0);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_EQ(Logged(), "");
}

TEST_F(EngineProcess, ConfigurationOfAUsersOwnRootIsNotBelieved) {
  ASSERT_NO_FATAL_FAILURE(MakeRoot(kNobody));
  Configure("one");
  EXPECT_EQ(InChild([this] {
              if (chroot(root_.c_str()) != 0 || chdir("/") != 0) return 1;
              return DatabaseAt(1'000) == "none" ? 0 : 2;
            }),
            0);
  ASSERT_EQ(DatabaseAt(1'000), "one");
  EXPECT_EQ(InChild([this] {
              if (chroot(root_.c_str()) != 0 || chdir("/") != 0) return 1;
              return DatabaseAt(5'000) == "one" ? 0 : 2;
            }),
            0);
}

TEST_F(EngineProcess, ConfigurationOfRootsOwnRootIsBelieved) {
  ASSERT_NO_FATAL_FAILURE(MakeRoot(0));
  EXPECT_EQ(InChild([this] {
              if (chroot(root_.c_str()) != 0 || chdir("/") != 0) return 1;
              return DatabaseAt(1'000) == "attack" ? 0 : 2;
            }),
            0);
}

TEST_F(EngineProcess, ThreadsThatRaceForTheFirstLookGetOneEngine) {
  Configure("one");
  constexpr int kThreads = 8;
  for (int round = 0; round < 50; ++round) {
    EngineHolder holder;
    std::vector<std::shared_ptr<Engine>> engines(kThreads);
    std::barrier start(kThreads);
    std::vector<std::thread> threads;
    for (auto& engine : engines) {
      threads.emplace_back([&] {
        start.arrive_and_wait();
        engine = holder.Current(1'000);
      });
    }
    for (std::thread& thread : threads) thread.join();
    const std::set<std::shared_ptr<Engine>> different(engines.begin(), engines.end());
    ASSERT_EQ(different.size(), 1U);
    ASSERT_NE(engines[0], nullptr);
  }
}

TEST_F(EngineProcess, SecondThreadDoesNotTakeAFirstReadingUnderWayForNoConfiguration) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0644);  // there is also something to complain about
  std::atomic<int> inside{0};
  OnRead([&] {
    if (inside.fetch_add(1) != 0) return;
    std::thread([&] { EXPECT_EQ(DatabaseAt(1'001), "one"); }).join();
  });
  EXPECT_EQ(DatabaseAt(1'000), "one");
}

TEST_F(EngineProcess, ChildOfAForkInTheMiddleOfAFirstReadingReadsForItself) {
  Configure("one");
  std::atomic<int> inside{0};
  int child = -1;
  OnRead([&] {
    if (inside.fetch_add(1) == 0)
      child = InChild([&] { return DatabaseAt(1'001) == "one" ? 0 : 1; });
  });
  EXPECT_EQ(DatabaseAt(1'000), "one");
  EXPECT_EQ(child, 0);
}

TEST_F(EngineProcess, ChildOfAForkInTheMiddleOfALaterReadingHasWhatWasInForce) {
  Configure("one");
  ASSERT_EQ(DatabaseAt(1'000), "one");
  Configure("two");
  std::atomic<int> inside{0};
  int child = -1;
  OnRead([&] {
    if (inside.fetch_add(1) != 0) return;
    child = InChild([&] {
      if (DatabaseAt(3'001) != "one") return 1;
      return DatabaseAt(5'001) == "two" ? 0 : 2;
    });
  });
  EXPECT_EQ(DatabaseAt(3'000), "two");
  EXPECT_EQ(child, 0);
}

}  // namespace
}  // namespace sqlmap
