#include "daemon/supervisor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/process/monotonic.h"
#include "common/snapshot/control.h"
#include "daemon/load_settings.h"
#include "daemon/process.h"
#include "unit/daemon/daemon_files.h"
#include "unit/daemon/scripted_child.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kPatienceMs = 30'000;
// What takes seconds elsewhere; what never happens in these tests keeps its minutes.
constexpr std::int64_t kSilenceMs = 1'500;
constexpr std::int64_t kStopMs = 1'500;
constexpr std::int64_t kHandOverMs = 1'500;
constexpr std::int64_t kPublisherMs = 3'000;
constexpr char kConfig[] = R"([database]
servers = ["/nowhere/mysqld.sock"]
name = "accounts"
user = "sqlmap"
)";

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

struct Child {
  pid_t pid = 0;
  unsigned uid = 0;
  std::string published;
  std::uint64_t generation = 0;
};

// Not what is only waiting for whoever inherited it to notice.
bool Lives(pid_t pid) {
  const std::string status = ReadText("/proc/" + std::to_string(pid) + "/stat");
  return !status.empty() && status.find(") Z ") == std::string::npos;
}

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    WriteText(paths_.config, kConfig);
    WriteText(paths_.passwd,
              "root:x:0:0::/root:/bin/sh\n_sqlmapd:x:64321:64322::/:/usr/sbin/nologin\n");
    WriteText(paths_.group, "root:x:0:\n");
    notify_ = OwnedFd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = AddressOf(notify_path_);
    ASSERT_EQ(bind(notify_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  void TearDown() override {
    if (HasFailure()) std::cerr << ReadText(log_path_);
  }

  // The daemon, with what it says in log_path_; returns when it is ready.
  void Start(int (*run)(ChildContext) = RunScriptedChild) {
    Launch(run);
    Await("READY=1");
  }

  void Launch(int (*run)(ChildContext) = RunScriptedChild) {
    // What the last one said.
    for (char bytes[1000]; recv(notify_.get(), bytes, sizeof bytes, MSG_DONTWAIT) > 0;) {
    }
    auto process = Process::Fork([&] {
      const int log = open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
      dup2(log, STDERR_FILENO);
      setenv("NOTIFY_SOCKET", notify_path_.c_str(), 1);
      for (const auto& [resource, limit] : limits_) setrlimit(resource, &limit);
      DaemonLog lines(DaemonLog::Target::kStandardError);
      SettingsOrErrors settings = LoadDaemonSettings(paths_, lines);
      if (!settings) return 99;
      Supervisor supervisor({paths_, true, run, kSilenceMs, kStopMs, kHandOverMs, kPublisherMs},
                            *std::move(settings), lines);
      return supervisor.Run();
    });
    ASSERT_TRUE(process) << process.error();
    daemon_.reset();
    daemon_.emplace(*std::move(process));
  }

  // Until the service manager is told so.
  void Await(const std::string& what) {
    const std::int64_t end = MonotonicMs() + kPatienceMs;
    for (std::string text; text.find(what) == std::string::npos;) {
      pollfd waiting{notify_.get(), POLLIN, 0};
      ASSERT_LT(MonotonicMs(), end) << "no " << what;
      if (poll(&waiting, 1, 100) != 1) continue;
      char bytes[1000];
      const ssize_t size = recv(notify_.get(), bytes, sizeof bytes, 0);
      text.assign(bytes, size < 0 ? 0 : static_cast<std::size_t>(size));
    }
  }

  // What the child that serves answers; "" if it ended instead, nothing if nobody is there.
  std::optional<std::string> Ask(const std::string& command) {
    const OwnedFd fd = Begin(command);
    return fd.valid() ? ReadAnswer(fd) : std::nullopt;
  }

  // Not valid: nobody is there.
  OwnedFd Begin(const std::string& command) {
    OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = AddressOf(paths_.socket());
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      return {};
    send(fd.get(), command.data(), command.size(), MSG_NOSIGNAL);
    return fd;
  }

  std::optional<std::string> ReadAnswer(const OwnedFd& fd) {
    std::string answer;
    for (char bytes[200];;) {
      pollfd waiting{fd.get(), POLLIN, 0};
      if (poll(&waiting, 1, kPatienceMs) != 1) return std::nullopt;
      const ssize_t size = recv(fd.get(), bytes, sizeof bytes, 0);
      if (size <= 0) return answer;
      answer.append(bytes, static_cast<std::size_t>(size));
    }
  }

  // A publisher that is stopped at its work, and who waits for it. It is quick: whatever the parent
  // has beside its child is stopped until that was in time.
  struct Held {
    pid_t publisher = 0;
    OwnedFd answer;
  };
  Held HoldPublisher() {
    const pid_t child = Who().pid;
    Held held;
    EXPECT_TRUE(Eventually([&] {
      held = {0, Begin("publish " + std::to_string(50'000 + rounds_++))};
      pollfd answered{held.answer.get(), POLLIN, 0};
      while (held.publisher == 0 && poll(&answered, 1, 0) == 0) held.publisher = OtherChild(child);
      if (held.publisher != 0) kill(held.publisher, SIGSTOP);
      return held.publisher != 0 && poll(&answered, 1, 200) == 0;
    }));
    return held;
  }

  // What the parent has beside it, 0 if nothing.
  pid_t OtherChild(pid_t child) {
    const std::string parent = std::to_string(daemon_->pid());
    std::istringstream pids(ReadText("/proc/" + parent + "/task/" + parent + "/children"));
    for (pid_t pid = 0; pids >> pid;)
      if (pid != child) return pid;
    return 0;
  }

  Child Who() {
    Child child;
    std::istringstream words(Ask("who").value_or(""));
    words >> child.pid >> child.uid >> child.published >> child.generation;
    return child;
  }

  // Something that comes about by itself.
  bool Eventually(const std::function<bool()>& condition) {
    for (const std::int64_t end = MonotonicMs() + kPatienceMs; MonotonicMs() < end;) {
      if (condition()) return true;
      poll(nullptr, 0, 10);
    }
    return false;
  }

  bool LogSays(const std::string& text) {
    return Eventually([&] { return ReadText(log_path_).find(text) != std::string::npos; });
  }

  // The page that is at the path now.
  struct Page {
    std::uint64_t generation = 0;
    std::int64_t heartbeat = 0;
    std::int64_t confirmed_until = 0;
    std::uint32_t flags = 0;
  };
  Page Control() {
    const OwnedFd fd(open(paths_.control().c_str(), O_RDONLY | O_CLOEXEC));
    void* const at = mmap(nullptr, kControlSize, PROT_READ, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return {};
    const auto* const page = static_cast<const ControlPage*>(at);
    const Page copy{page->generation, page->heartbeat, page->confirmed_until, page->flags};
    munmap(at, kControlSize);
    return copy;
  }
  int PublishedUsers() {
    const std::uint64_t generation = Control().generation;
    return generation == 0 ? -1 : UsersIn(paths_.snapshot(generation), generation);
  }

  // Whether the parent has yet to take this signal.
  bool SignalWaits(int number) {
    const std::string status = ReadText("/proc/" + std::to_string(daemon_->pid()) + "/status");
    const std::string_view field = "\nShdPnd:";
    const std::size_t at = status.find(field);
    if (at == std::string::npos) return false;
    const std::uint64_t waiting = std::stoull(status.substr(at + field.size()), nullptr, 16);
    return (waiting >> (number - 1) & 1U) != 0;
  }

  // Its exit status, as waitpid(2) has it.
  int End(int number) {
    kill(daemon_->pid(), number);
    const int status = daemon_->Wait();
    daemon_.reset();
    return status;
  }

  unsigned rounds_ = 0;
  ScratchDirectory scratch_;
  const DaemonPaths paths_ = scratch_.Paths();
  const std::string log_path_ = scratch_.path() + "/log";
  const std::string notify_path_ = scratch_.path() + "/notify";
  OwnedFd notify_;
  std::vector<std::pair<__rlimit_resource, rlimit>> limits_;  // that it starts with
  std::optional<Process> daemon_;
};

TEST_F(SupervisorTest, ChildServesWithoutRightsAndHasNothingOfTheParents) {
  Start();
  const Child child = Who();
  EXPECT_EQ(child.uid, 64321U);
  EXPECT_EQ(child.published, "none");
  // The listener, its channel and the client.
  EXPECT_EQ(Ask("hold"), "3 0");
  EXPECT_GT(Control().heartbeat, 0);
}

TEST_F(SupervisorTest, SnapshotIsPublishedAndAnswersOutliveTheDaemon) {
  Start();
  EXPECT_EQ(Ask("publish 100"), "1");
  EXPECT_EQ(PublishedUsers(), 100);
  EXPECT_EQ(Control().flags, control::kComplete);
  const std::uint64_t first = Control().generation;
  EXPECT_EQ(End(SIGKILL), SIGKILL);
  EXPECT_EQ(PublishedUsers(), 100);

  Start();
  EXPECT_EQ(Who().published, "100");
  EXPECT_EQ(Control().generation, first);
  EXPECT_EQ(Ask("publish 101"), "1");
  EXPECT_GT(Control().generation, first);
  EXPECT_EQ(PublishedUsers(), 101);
}

TEST_F(SupervisorTest, RebootLosesNothing) {
  Start();
  ASSERT_EQ(Ask("publish 100"), "1");
  const std::uint64_t before = Control().generation;
  End(SIGTERM);
  std::filesystem::remove_all(paths_.run);
  Start();
  EXPECT_EQ(PublishedUsers(), 100);
  EXPECT_GT(Control().generation, before);
  EXPECT_EQ(Who().published, "100");
}

TEST_F(SupervisorTest, CrashOfTheChildIsHardlyNoticed) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const Child first = Who();
  EXPECT_EQ(Ask("exit"), "");
  const std::int64_t crashed = MonotonicMs();
  const Child second = Who();
  const std::int64_t took = MonotonicMs() - crashed;
  RecordProperty("milliseconds", static_cast<int>(took));
  EXPECT_NE(second.pid, first.pid);
  EXPECT_EQ(second.uid, 64321U);
  EXPECT_EQ(second.published, "10");
  EXPECT_LT(took, 1'000);
  EXPECT_TRUE(LogSays("exited with status 3"));
}

TEST_F(SupervisorTest, ChildThatDiesAgainAndAgainDoesNotBurnTheProcessor) {
  Launch(RunShortLivedChild);
  EXPECT_TRUE(LogSays("starts in 400 ms"));
  EXPECT_EQ(End(SIGTERM), 0);
}

TEST_F(SupervisorTest, ChildThatHangsIsReplaced) {
  Start();
  const Child first = Who();
  const OwnedFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(Ask("hang"), "");
  EXPECT_NE(Who().pid, first.pid);
  EXPECT_TRUE(LogSays("the child hangs"));
}

TEST_F(SupervisorTest, ChildThatHasBeenTakenOverIsEnded) {
  Start();
  for (const char* command : {"unsealed 10", "garbage", "foreign"}) {
    const Child before = Who();
    Ask(command);
    EXPECT_TRUE(Eventually([&] { return !Lives(before.pid); })) << command;
    EXPECT_NE(Who().pid, before.pid) << command;
    EXPECT_EQ(Control().generation, 0U) << command;
  }
}

TEST_F(SupervisorTest, SocketThatATakenOverChildHasShutDownIsMadeAnew) {
  Start();
  for (const char* command : {"shut 0", "shut 2"}) {  // SHUT_RD, SHUT_RDWR
    const pid_t before = Who().pid;
    Ask(command);
    EXPECT_TRUE(Eventually([&] { return Who().pid != before && Who().pid != 0; })) << command;
    EXPECT_TRUE(Eventually([&] { return !Lives(before); })) << command;
  }
  EXPECT_TRUE(LogSays(paths_.socket() + " was shut down"));
}

TEST_F(SupervisorTest, NextChildIsNotHarmedByWhatOneHasDoneToTheSocket) {
  Start();
  EXPECT_EQ(Ask("spoil"), "");
  EXPECT_EQ(Ask("listener"), "does not wait");
}

TEST_F(SupervisorTest, NoChildOutlivesAParentThatWasKilled) {
  Start();
  const pid_t child = Who().pid;
  End(SIGKILL);
  EXPECT_TRUE(Eventually([&] { return !Lives(child); }));
  Start();
  EXPECT_GT(Who().pid, 0);
}

TEST_F(SupervisorTest, CleanStopIsQuickAndTellsTheReaders) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  ASSERT_EQ(Ask("confirm"), "sent");
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until > MonotonicMs() / 1000; }));
  EXPECT_EQ(End(SIGTERM), 0);
  EXPECT_NE(access(paths_.socket().c_str(), F_OK), 0);
  EXPECT_NE(Control().flags & control::kRetired, 0U);
  EXPECT_EQ(Control().confirmed_until, 0);
  EXPECT_EQ(PublishedUsers(), 10);
}

TEST_F(SupervisorTest, ChildThatDoesNotLeaveDoesNotHoldTheStopUp) {
  Start();
  ASSERT_EQ(Ask("stay"), "done");
  const std::int64_t begin = MonotonicMs();
  EXPECT_EQ(End(SIGTERM), 0);
  EXPECT_LT(MonotonicMs() - begin, 10'000);
}

TEST_F(SupervisorTest, SecondDaemonLeavesTheFirstAlone) {
  Start();
  Process first = *std::move(daemon_);
  daemon_.reset();
  Launch();
  EXPECT_EQ(WEXITSTATUS(daemon_->Wait()), 1);
  EXPECT_TRUE(LogSays("another sqlmapd is running, process " + std::to_string(first.pid())));
  EXPECT_GT(Who().pid, 0);
}

TEST_F(SupervisorTest, MistakeInTheNewConfigurationChangesNothing) {
  Start();
  const pid_t before = Who().pid;
  WriteText(paths_.config,
            std::string(kConfig) + "[accounts]\nmin_uid = \"many\"\nno_such_key = 1\n");
  kill(daemon_->pid(), SIGHUP);
  Await("READY=1");
  EXPECT_TRUE(LogSays("min_uid"));
  EXPECT_TRUE(LogSays("no_such_key"));
  EXPECT_TRUE(LogSays("the old one stays in force"));
  EXPECT_EQ(Who().pid, before);
}

TEST_F(SupervisorTest, NewConfigurationTakesOverWithoutARefusedConnection) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const pid_t before = Who().pid;
  WriteText(paths_.config, std::string(kConfig) + "[accounts]\nmin_uid = 200000\n");
  kill(daemon_->pid(), SIGHUP);
  const std::int64_t end = MonotonicMs() + kPatienceMs;
  for (pid_t now = before; now == before;) {
    ASSERT_LT(MonotonicMs(), end);
    const auto answer = Ask("who");
    ASSERT_TRUE(answer) << "refused";
    if (!answer->empty()) now = std::stoi(*answer);
  }
  EXPECT_TRUE(Eventually([&] { return !Lives(before); }));
  // The new rules hold for what comes; what is published stays until then.
  EXPECT_EQ(PublishedUsers(), 10);
  EXPECT_EQ(Ask("publish 11"), "0");
  EXPECT_EQ(PublishedUsers(), 10);
}

TEST_F(SupervisorTest, SnapshotThatIsSwitchedOffIsWithdrawn) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  WriteText(paths_.config, std::string(kConfig) + "[snapshot]\nenabled = false\n");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return Control().generation == 0; }));
  EXPECT_NE(access(paths_.persistent().c_str(), F_OK), 0);
}

TEST_F(SupervisorTest, SnapshotThatIsSwitchedOffIsWithdrawnWithoutAControlPage) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  std::filesystem::rename(paths_.run, paths_.run + ".away");
  WriteText(paths_.run, "");
  EXPECT_TRUE(LogSays("no control page"));
  WriteText(paths_.config, std::string(kConfig) + "[snapshot]\nenabled = false\n");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(LogSays("the configuration was read again"));
  EXPECT_NE(access(paths_.persistent().c_str(), F_OK), 0) << "the next boot would serve it";
  std::filesystem::remove(paths_.run);
  EXPECT_TRUE(Eventually([&] { return (Control().flags & control::kWithdrawn) != 0; }));
  EXPECT_EQ(Control().generation, 0U);
}

TEST_F(SupervisorTest, NewLocalAccountIsKnownWithoutARestart) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const pid_t before = Who().pid;
  WriteText(paths_.passwd, ReadText(paths_.passwd) + "local:x:100003:100003::/:/bin/sh\n");
  EXPECT_TRUE(LogSays("own accounts or groups have changed"));
  EXPECT_TRUE(Eventually([&] { return Who().pid != before; }));
  EXPECT_EQ(Ask("publish 11"), "0");
}

TEST_F(SupervisorTest, LocalAccountsThatCannotBeReadAreReadLater) {
  Start();
  const pid_t before = Who().pid;
  ASSERT_EQ(chmod(scratch_.path().c_str(), 0777), 0);
  WriteText(paths_.passwd, ReadText(paths_.passwd) + "local:x:100003:100003::/:/bin/sh\n");
  EXPECT_TRUE(LogSays("is not believed"));
  EXPECT_EQ(Who().pid, before);
  ASSERT_EQ(chmod(scratch_.path().c_str(), 0755), 0);
  EXPECT_TRUE(LogSays("own accounts or groups have changed"));
}

TEST_F(SupervisorTest, EveryProcessKnowsWhichIdsAreNotTheDatabases) {
  WriteText(paths_.config,
            std::string(kConfig) + "[accounts]\nmin_uid = 2000\nallow_uids = [33]\n");
  WriteText(paths_.passwd, ReadText(paths_.passwd) + "admin:x:2001:2001::/:/bin/sh\n");
  WriteText(paths_.group, ReadText(paths_.group) + "admin:x:2002:\n");
  Start();
  const auto allowed = [&](std::uint32_t uid, std::uint32_t gid) {
    const OwnedFd fd(open(paths_.control().c_str(), O_RDONLY | O_CLOEXEC));
    void* const at = mmap(nullptr, kControlSize, PROT_READ, MAP_SHARED, fd.get(), 0);
    const auto& page = *static_cast<const ControlPage*>(at);
    const std::pair may(MayHaveId(page, IdKind::kUid, uid), MayHaveId(page, IdKind::kGid, gid));
    munmap(at, kControlSize);
    return may;
  };
  EXPECT_EQ(allowed(33, 27), std::pair(true, false));
  EXPECT_EQ(allowed(1999, 1999), std::pair(false, true));
  EXPECT_EQ(allowed(2001, 2001), std::pair(false, true));
  EXPECT_EQ(allowed(2002, 2002), std::pair(true, false));
  WriteText(paths_.passwd, ReadText(paths_.passwd) + "second:x:2003:2003::/:/bin/sh\n");
  EXPECT_TRUE(Eventually([&] { return !allowed(2003, 2003).first; }));
  WriteText(paths_.config, kConfig);
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return allowed(33, 1999) == std::pair(false, true); }));
}

TEST_F(SupervisorTest, AdministratorMayAskForARead) {
  Start();
  ASSERT_EQ(Ask("refreshed"), "0");
  kill(daemon_->pid(), SIGUSR1);
  EXPECT_TRUE(Eventually([&] { return Ask("refreshed") == "1"; }));
}

TEST_F(SupervisorTest, ReadersLearnThatTheDatabaseIsDown) {
  Start();
  ASSERT_EQ(Ask("down 5"), "done");
  EXPECT_TRUE(Eventually([&] { return (Control().flags & control::kBackendDown) != 0; }));
  ASSERT_EQ(Ask("down 0"), "done");
  EXPECT_TRUE(Eventually([&] { return (Control().flags & control::kBackendDown) == 0; }));
}

TEST_F(SupervisorTest, WhatSomebodyRemovesFromRunComesBack) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const std::uint64_t before = Control().generation;
  std::filesystem::remove_all(paths_.run);
  EXPECT_TRUE(Eventually([&] { return PublishedUsers() == 10; }));
  EXPECT_GT(Control().generation, before);
  // A child that is told "not now" reads again.
  EXPECT_TRUE(Eventually([&] { return Ask("publish 11") == "1"; }));
  EXPECT_EQ(PublishedUsers(), 11);
}

TEST_F(SupervisorTest, SnapshotThatIsLostAltogetherIsReadAgain) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const pid_t before = Who().pid;
  kill(daemon_->pid(), SIGSTOP);  // or it could write one from the other in between
  std::filesystem::remove(paths_.persistent());
  std::filesystem::remove(paths_.snapshot(Control().generation));
  kill(daemon_->pid(), SIGCONT);
  EXPECT_TRUE(Eventually([&] { return Who().pid != before; }));
  const Child child = Who();
  EXPECT_EQ(child.published, "none");
  EXPECT_EQ(child.generation, 0U);
  EXPECT_EQ(Control().generation, 0U);
  EXPECT_EQ(Ask("publish 10"), "1");
  EXPECT_EQ(PublishedUsers(), 10);
  EXPECT_EQ(UsersIn(paths_.persistent()), 10);
}

TEST_F(SupervisorTest, RestoredSnapshotIsServedByANewChildThatKnowsItsNumber) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const Child before = Who();
  std::filesystem::remove(paths_.snapshot(before.generation));
  EXPECT_TRUE(Eventually([&] { return Who().pid != before.pid; }));
  const Child after = Who();
  EXPECT_GT(after.generation, before.generation);
  EXPECT_EQ(after.generation, Control().generation);
  EXPECT_EQ(after.published, "10");
  EXPECT_EQ(PublishedUsers(), 10);
  EXPECT_TRUE(Eventually([&] { return !Lives(before.pid); }));
  ASSERT_EQ(Ask("confirm"), "sent");
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until > 0; }));
}

TEST_F(SupervisorTest, ConfirmationOfAnotherGenerationIsNotBelieved) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  ASSERT_EQ(Ask("publish 11"), "1");
  for (const char* other : {"confirm-other 1", "confirm-other -1"}) {
    ASSERT_EQ(Ask(other), "sent");
  }
  // What came before has been heard when this has.
  ASSERT_EQ(Ask("down 5"), "done");
  EXPECT_TRUE(Eventually([&] { return (Control().flags & control::kBackendDown) != 0; }));
  EXPECT_EQ(Control().confirmed_until, 0);
  ASSERT_EQ(Ask("confirm"), "sent");
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until > 0; }));
}

TEST_F(SupervisorTest, ConfirmationIsNoYoungerThanTheQuestion) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  ASSERT_EQ(Ask("confirm-late 2"), "sent");  // it has waited somewhere
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until != 0; }));
  EXPECT_LE(Control().confirmed_until, MonotonicMs() / 1000 + 1);
  ASSERT_EQ(Ask("confirm-early 1000"), "sent");
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until > MonotonicMs() / 1000; }));
  // All of the last second counts.
  EXPECT_LE((Control().confirmed_until + 1) * 1000,
            MonotonicMs() + Publication::kConfirmedSeconds * 1000);
}

TEST_F(SupervisorTest, MissIsNotBelievedAnyMoreWhenTheDatabaseSaysSomethingElse) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  ASSERT_EQ(Ask("confirm-early 1000"), "sent");
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until > 0; }));
  ASSERT_EQ(Ask("deny"), "sent");
  EXPECT_TRUE(Eventually([&] { return Control().confirmed_until == 0; }));
}

TEST_F(SupervisorTest, SnapshotOfAChildThatDiedMeanwhileIsOutAndTheNextOneKnowsOrIsNot) {
  Start();
  for (unsigned users = 10; users < 15; ++users) {
    EXPECT_EQ(Ask("publish-exit " + std::to_string(users)), "");
    EXPECT_TRUE(Eventually([&] {
      const Child child = Who();
      const int published = PublishedUsers();
      return child.generation == Control().generation &&
             child.published == (published < 0 ? "none" : std::to_string(published));
    })) << users;
  }
  EXPECT_EQ(Ask("publish 7"), "1");
  EXPECT_EQ(PublishedUsers(), 7);
}

TEST_F(SupervisorTest, SnapshotThatComesWhenAnotherHasTakenOverIsLate) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const Child before = Who();
  ASSERT_EQ(Ask("parting 50"), "done");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(LogSays("parting: 2")) << "somebody may be waiting who can ask the other one";
  EXPECT_TRUE(Eventually([&] { return !Lives(before.pid); }));
  EXPECT_EQ(PublishedUsers(), 10);
  EXPECT_EQ(Who().published, "10");
}

TEST_F(SupervisorTest, ChildThatDoesNotComeUpLeavesTheOldOneServing) {
  Start(RunChildOfGoodSettings);
  ASSERT_EQ(Ask("publish 10"), "1");
  const pid_t before = Who().pid;
  WriteText(paths_.config,
            std::string(kConfig) + "[accounts]\nmin_uid = " + std::to_string(kDeadly) + "\n");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(LogSays("starts in 400 ms"));
  const std::int64_t heartbeat = Control().heartbeat;
  for (int i = 0; i < 100; ++i) ASSERT_EQ(Who().pid, before);
  EXPECT_TRUE(Eventually([&] { return Control().heartbeat > heartbeat; }))
      << "processes take the daemon for dead";
  WriteText(paths_.config, kConfig);
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return Who().pid != before; }));
  EXPECT_TRUE(Eventually([&] { return !Lives(before); }));
  EXPECT_EQ(Who().published, "10");
}

TEST_F(SupervisorTest, CrashesOfThoseThatWereToReplaceAChildAreToldToIt) {
  Start(RunChildOfGoodSettings);
  EXPECT_EQ(Ask("crashes"), "0");
  const pid_t before = Who().pid;
  WriteText(paths_.config,
            std::string(kConfig) + "[accounts]\nmin_uid = " + std::to_string(kDeadly) + "\n");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return std::stoi(Ask("crashes").value_or("0")) >= 3; }));
  EXPECT_EQ(Who().pid, before);
}

TEST_F(SupervisorTest, FlushThatAChildTakesIsSeenByTheOneThatServesBesideIt) {
  Start();
  const pid_t before = Who().pid;
  ASSERT_EQ(Ask("flushes"), "0");
  ASSERT_EQ(Ask("last 7"), "done");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return Who().pid != before && !Lives(before); }));
  EXPECT_EQ(Ask("flushes"), "1");
}

TEST_F(SupervisorTest, ChildThatTalksWithoutEndDoesNotDrownWhatTheParentTellsTheNextOne) {
  Start();
  const pid_t before = Who().pid;
  ASSERT_EQ(Ask("stay"), "done");
  kill(daemon_->pid(), SIGHUP);
  pid_t next = 0;
  ASSERT_TRUE(Eventually([&] {
    next = Who().pid;
    return next != 0 && next != before;
  }));
  kill(next, SIGSTOP);
  EXPECT_EQ(Ask("flood 1000"), "sent");
  EXPECT_TRUE(LogSays("a child was not told what is to be forgotten"));
  kill(daemon_->pid(), SIGUSR1);
  EXPECT_TRUE(Eventually([&] { return !SignalWaits(SIGUSR1); }));
  EXPECT_EQ(Ask("publish 10"), "2") << "what the parent says to this one once it has acted on that";
  kill(next, SIGCONT);
  EXPECT_TRUE(Eventually([&] { return Ask("refreshed") == "1"; }));
}

TEST_F(SupervisorTest, ChildThatDoesNotLeaveWhenAnotherHasTakenOverIsEnded) {
  Start();
  const pid_t before = Who().pid;
  ASSERT_EQ(Ask("stay"), "done");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(Eventually([&] { return !Lives(before); }));
  EXPECT_GT(Who().pid, 0);
}

TEST_F(SupervisorTest, PublisherThatHangsIsEndedAndTheNextSnapshotIsPublished) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const Held held = HoldPublisher();
  EXPECT_EQ(ReadAnswer(held.answer), "0");
  EXPECT_TRUE(LogSays("the publisher was ended by signal 9"));
  EXPECT_EQ(Ask("publish 12"), "1");
  EXPECT_EQ(PublishedUsers(), 12);
}

TEST_F(SupervisorTest, SnapshotThatIsOutWhileTheDaemonEndsStartsNobody) {
  Start();
  const Held held = HoldPublisher();
  kill(daemon_->pid(), SIGHUP);
  Await("READY=1");
  ASSERT_EQ(Ask("stay"), "done");
  kill(daemon_->pid(), SIGTERM);
  EXPECT_TRUE(Eventually([&] { return (Control().flags & control::kRetired) != 0; }));
  kill(held.publisher, SIGCONT);
  EXPECT_EQ(daemon_->Wait(), 0);
  daemon_.reset();
}

TEST_F(SupervisorTest, StopInTheMiddleOfATakeOverLeavesNobody) {
  for (int round = 0; round < 5; ++round) {
    Start();
    const pid_t before = Who().pid;
    if (round == 0) {
      ASSERT_EQ(Ask("stay"), "done");
    }
    kill(daemon_->pid(), SIGSTOP);  // so that it finds both
    kill(daemon_->pid(), SIGHUP);
    kill(daemon_->pid(), SIGTERM);
    kill(daemon_->pid(), SIGCONT);
    EXPECT_EQ(daemon_->Wait(), 0);
    daemon_.reset();
    EXPECT_FALSE(Lives(before));
    EXPECT_FALSE(Ask("who").has_value());
    EXPECT_NE(Control().flags & control::kRetired, 0U);
  }
}

TEST_F(SupervisorTest, StopWhileNoChildComesUpIsClean) {
  Start(RunChildOfGoodSettings);
  WriteText(paths_.config,
            std::string(kConfig) + "[accounts]\nmin_uid = " + std::to_string(kDeadly) + "\n");
  kill(daemon_->pid(), SIGHUP);
  EXPECT_TRUE(LogSays("starts in 100 ms"));
  const pid_t child = Who().pid;
  EXPECT_EQ(End(SIGTERM), 0);
  EXPECT_FALSE(Lives(child));
}

TEST_F(SupervisorTest, CopyForTheNextBootThatIsRemovedOrDamagedIsWrittenAgain) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  const Child before = Who();
  std::filesystem::remove_all(paths_.state);
  EXPECT_TRUE(Eventually([&] { return UsersIn(paths_.persistent(), before.generation) == 10; }));
  EXPECT_TRUE(LogSays("will survive a reboot again"));
  ASSERT_EQ(truncate(paths_.persistent().c_str(), 500), 0);
  EXPECT_TRUE(Eventually([&] { return UsersIn(paths_.persistent(), before.generation) == 10; }));
  EXPECT_EQ(Who().pid, before.pid);
  EXPECT_EQ(Control().generation, before.generation);
}

TEST_F(SupervisorTest, CopyForTheNextBootThatFailedIsWrittenWhenThereIsRoom) {
  std::filesystem::create_directories(paths_.persistent() + "/precious");
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  EXPECT_TRUE(LogSays("will not survive a reboot"));
  std::filesystem::remove_all(paths_.persistent());
  EXPECT_TRUE(Eventually([&] { return UsersIn(paths_.persistent()) == 10; }));
}

TEST_F(SupervisorTest, MissingCopyForTheNextBootIsSeenAfterARestart) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  End(SIGTERM);
  std::filesystem::remove(paths_.persistent());
  Start();
  EXPECT_TRUE(Eventually([&] { return UsersIn(paths_.persistent()) == 10; }));
}

TEST_F(SupervisorTest, EmptyDirectoryInPlaceOfTheControlPageMakesWay) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  std::filesystem::remove(paths_.control());
  std::filesystem::create_directory(paths_.control());
  EXPECT_TRUE(Eventually([&] { return PublishedUsers() == 10; }));
}

TEST_F(SupervisorTest, ChildHasRoomForItsClients) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  limit.rlim_cur = 256;
  limits_ = {{RLIMIT_NOFILE, limit}};
  Start();
  EXPECT_EQ(Ask("descriptors"), std::to_string(std::min<rlim_t>(limit.rlim_max, 8192)));
  End(SIGTERM);
  limits_ = {{RLIMIT_NOFILE, {300, 300}}};
  Start();
  EXPECT_EQ(Ask("descriptors"), "300");
}

TEST_F(SupervisorTest, ChildThatCannotHaveItsThreadsSaysSoAndIsStartedAgain) {
  limits_ = {{RLIMIT_NPROC, {2, 2}}};  // does not hold for root
  Launch(RunChild);
  EXPECT_TRUE(LogSays("cannot go on: "));
  EXPECT_TRUE(LogSays("exited with status 1"));
  EXPECT_TRUE(LogSays("starts in 100 ms"));
  EXPECT_EQ(End(SIGTERM), 0);
}

// Logins that are remembered, and what stands in the file then.
constexpr char kOffline[] = "[cache]\noffline_auth_seconds = 60\n";

class OfflineSupervisorTest : public SupervisorTest {
 protected:
  void SetUp() override {
    SupervisorTest::SetUp();
    Configure(kOffline);
  }
  void Configure(const std::string& more) { WriteText(paths_.config, std::string(kConfig) + more); }
  // And the next child serves.
  void Reload() {
    const pid_t before = Who().pid;
    kill(daemon_->pid(), SIGHUP);
    EXPECT_TRUE(Eventually([&] { return Who().pid != before && !Lives(before); }));
  }
  // "rw-------" of root's.
  static bool IsRootsAlone(const std::string& path) {
    struct stat status {};
    return lstat(path.c_str(), &status) == 0 && status.st_mode == (S_IFREG | 0600) &&
           status.st_uid == 0 && status.st_gid == 0;
  }
  bool Stands(const std::string& text) {
    return Eventually([&] { return ReadText(paths_.offline()) == text; });
  }
};

TEST_F(OfflineSupervisorTest, WhatIsRememberedIsRootsAloneAndSurvivesARestart) {
  Start();
  EXPECT_EQ(Ask("offline"), "32 ");
  EXPECT_TRUE(IsRootsAlone(paths_.offline_key()));
  ASSERT_EQ(Ask("remember 1"), "sent");
  EXPECT_TRUE(Stands("remembered 1"));
  EXPECT_TRUE(IsRootsAlone(paths_.offline()));
  const std::string key = ReadText(paths_.offline_key());
  EXPECT_EQ(key.size(), 32U);
  EXPECT_NE(key, std::string(32, '\0'));
  EXPECT_EQ(End(SIGKILL), SIGKILL);
  std::filesystem::remove_all(paths_.run);
  Start();
  EXPECT_EQ(Ask("offline"), "32 remembered 1");
  EXPECT_EQ(ReadText(paths_.offline_key()), key);
}

TEST_F(OfflineSupervisorTest, NextChildHasItTooAfterAReloadAndAfterACrash) {
  Start();
  ASSERT_EQ(Ask("remember 1"), "sent");
  ASSERT_EQ(Ask("remember 2"), "sent");
  EXPECT_TRUE(Stands("remembered 2"));
  Reload();
  EXPECT_EQ(Ask("offline"), "32 remembered 2");
  EXPECT_EQ(Ask("exit"), "");
  EXPECT_EQ(Ask("offline"), "32 remembered 2");
}

TEST_F(OfflineSupervisorTest, WhatComesWhileTheLastOneIsWrittenIsNotLost) {
  Start();
  for (int i = 1; i <= 50; ++i) ASSERT_EQ(Ask("remember " + std::to_string(i)), "sent");
  EXPECT_TRUE(Stands("remembered 50"));
  Reload();
  EXPECT_EQ(Ask("offline"), "32 remembered 50");
}

TEST_F(OfflineSupervisorTest, SwitchedOffNothingOfItIsLeft) {
  Start();
  ASSERT_EQ(Ask("remember 1"), "sent");
  ASSERT_TRUE(Stands("remembered 1"));
  Configure("");
  Reload();
  EXPECT_EQ(Ask("offline"), "0 ");
  for (const std::string& path : {paths_.offline(), paths_.offline_key()})
    EXPECT_TRUE(Eventually([&] { return access(path.c_str(), F_OK) != 0; })) << path;
  // And what a child still sends does not come back.
  ASSERT_EQ(Ask("remember 2"), "sent");
  EXPECT_EQ(End(SIGTERM), 0);
  EXPECT_NE(access(paths_.offline().c_str(), F_OK), 0);

  Configure(kOffline);
  Start();
  EXPECT_EQ(Ask("offline"), "32 ");
  ASSERT_EQ(Ask("remember 3"), "sent");
  ASSERT_TRUE(Stands("remembered 3"));
  End(SIGTERM);
  const std::string unfinished = paths_.state + "/.offline.new";
  WriteText(unfinished, "of a writer that was killed", 0600);
  Configure("");
  Start();
  for (const std::string& path : {paths_.offline(), paths_.offline_key(), unfinished})
    EXPECT_NE(access(path.c_str(), F_OK), 0) << path;
}

TEST_F(OfflineSupervisorTest, LastWordsOfTheChildAreKeptWhenAllEnds) {
  Start();
  ASSERT_EQ(Ask("last 7"), "done");
  EXPECT_EQ(End(SIGTERM), 0);
  EXPECT_EQ(ReadText(paths_.offline()), "remembered 7");
}

TEST_F(OfflineSupervisorTest, ChildThatWasTakenOverFromIsHeardOnlyWhenItForgets) {
  Start();
  ASSERT_EQ(Ask("remember 1"), "sent");
  ASSERT_TRUE(Stands("remembered 1"));
  ASSERT_EQ(Ask("last 7"), "done");
  Reload();
  EXPECT_EQ(Ask("offline"), "32 remembered 1");
  EXPECT_TRUE(Eventually([&] { return Ask("forgotten") == "7"; }));
  ASSERT_EQ(Ask("forget 8"), "sent");
  EXPECT_EQ(Ask("forgotten"), "7") << "told what it said itself";
  EXPECT_EQ(ReadText(paths_.offline()), "remembered 1");
}

TEST_F(OfflineSupervisorTest, ChildThatHandsOverWhatNoChildOfOursDoesIsEnded) {
  Start();
  for (const char* command : {"remember-unsealed 1", "remember-large"}) {
    const pid_t before = Who().pid;
    Ask(command);
    EXPECT_TRUE(Eventually([&] { return !Lives(before); })) << command;
    EXPECT_NE(Who().pid, before) << command;
    EXPECT_NE(access(paths_.offline().c_str(), F_OK), 0) << command;
  }
}

TEST_F(OfflineSupervisorTest, FilesThatOthersMayHaveReadOrWrittenAreNotBelieved) {
  WriteText(paths_.offline(), "forged", 0666);
  WriteText(paths_.offline_key(), std::string(32, 'k'), 0644);
  Start();
  EXPECT_EQ(Ask("offline"), "32 ");
  EXPECT_TRUE(LogSays(paths_.offline() + ": "));
  EXPECT_TRUE(LogSays(paths_.offline_key() + ": "));
  EXPECT_NE(ReadText(paths_.offline_key()), std::string(32, 'k'));
  EXPECT_TRUE(IsRootsAlone(paths_.offline_key()));
  ASSERT_EQ(Ask("remember 1"), "sent");
  EXPECT_TRUE(Stands("remembered 1"));
  EXPECT_TRUE(IsRootsAlone(paths_.offline()));
  End(SIGTERM);
  WriteText(paths_.offline_key(), "short", 0600);
  Start();
  EXPECT_TRUE(LogSays(paths_.offline_key() + ": is no key"));
  EXPECT_EQ(ReadText(paths_.offline_key()).size(), 32U);
}

TEST_F(OfflineSupervisorTest, DiskThatTakesNothingIsNamedAndTriedAgain) {
  std::filesystem::create_directories(paths_.offline() + "/precious");
  Start();
  ASSERT_EQ(Ask("remember 1"), "sent");
  EXPECT_TRUE(LogSays("remembered logins will not survive a restart: " + paths_.offline()));
  Reload();
  EXPECT_EQ(Ask("offline"), "32 remembered 1");
  std::filesystem::remove_all(paths_.offline());
  EXPECT_TRUE(Stands("remembered 1"));
}

TEST_F(OfflineSupervisorTest, RowThatIsRequiredForEachLoginIsSaidToPreventIt) {
  Configure(std::string(kOffline) +
            "[queries]\nauth_success = \"INSERT INTO log VALUES (:name)\"\n"
            "[log_rows]\nrequired = [\"auth_success\"]\n");
  Start();
  EXPECT_TRUE(LogSays("offline_auth_seconds lets nobody in while [log_rows] required has"));
}

TEST_F(SupervisorTest, FileInPlaceOfRunDoesNotStopTheDaemonAndWhenItIsGoneAllIsWell) {
  Start();
  ASSERT_EQ(Ask("publish 10"), "1");
  std::filesystem::rename(paths_.run, paths_.run + ".away");
  WriteText(paths_.run, "");
  EXPECT_TRUE(LogSays("no control page"));
  EXPECT_TRUE(LogSays("no socket"));
  std::filesystem::remove(paths_.run);
  EXPECT_TRUE(Eventually([&] { return PublishedUsers() == 10 && Ask("who").has_value(); }));
}

TEST_F(SupervisorTest, HostWithoutTheServiceUserIsToldWhatToDo) {
  WriteText(paths_.passwd, "root:x:0:0::/root:/bin/sh\n");
  Launch();
  EXPECT_EQ(WEXITSTATUS(daemon_->Wait()), 1);
  EXPECT_TRUE(LogSays("useradd --system"));
}

}  // namespace
}  // namespace sqlmap
