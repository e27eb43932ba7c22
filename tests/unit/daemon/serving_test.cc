// The child's server and answerer over a real socket, with a table in place of the database.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <deque>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <mutex>
#include <new>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "common/wire/client.h"
#include "common/wire/request_writer.h"
#include "daemon/answerer.h"
#include "daemon/event.h"
#include "daemon/mailbox.h"
#include "daemon/server.h"
#include "unit/wire/test_server.h"

namespace sqlmap {
namespace {

constexpr Uid kAlice = 10001;
constexpr std::string_view kPassword = "right";
constexpr std::string_view kSlow = "slow";
constexpr std::string_view kNever = "never looked at";
constexpr std::string_view kAttacker = "192.0.2.66";
constexpr std::string_view kHome = "198.51.100.1";
constexpr Server::Limits kLimits{256, 32, 16};

// alice, and what a test makes of her.
class Table final : public AccountSource {
 public:
  Answer FindUserByName(std::string_view name, UserSink found) noexcept override {
    if (name.starts_with("slow")) {
      slow_asked.release();
      slow_open.wait(false);
    }
    return Tell(name == "alice", [&] { found(Alice()); });
  }
  Answer FindUserById(Uid uid, UserSink found) noexcept override {
    return Tell(uid == kAlice, [&] { found(Alice()); });
  }
  Answer FindGroupByName(std::string_view, GroupSink) noexcept override { return Tell(false, {}); }
  Answer FindGroupById(Gid, GroupSink) noexcept override { return Tell(false, {}); }
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override {
    return Tell(name == "alice", [&] { found(std::vector<Gid>{10001, 10002}); });
  }
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override {
    ShadowRecord shadow;
    shadow.name = "alice";
    shadow.hash = "$y$secret";
    return Tell(name == "alice", [&] { found(shadow); });
  }
  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override {
    cursor = new (std::nothrow) Rows(rows);
    return cursor != nullptr ? Answer::Found() : Answer::Unavailable(Reason::kNoMemory);
  }
  Answer ListGroups(Cursor<GroupRecord>*&) noexcept override { return Answer::Absent(); }
  Answer ListShadows(Cursor<ShadowRecord>*&) noexcept override { return Answer::Absent(); }

  std::atomic<int> asked = 0;
  std::atomic<bool> down = false;
  std::atomic<bool> gone = false;  // alice
  std::function<void()> meanwhile = [] {};
  // Questions about names that begin with "slow" are answered once this is open.
  std::counting_semaphore<> slow_asked{0};
  std::atomic<bool> slow_open = false;
  int rows = 0;

 private:
  class Rows final : public Cursor<UserRecord> {
   public:
    explicit Rows(int left) : left_(left) {}
    Answer Next(UserRecord& record) noexcept override {
      if (left_-- <= 0) return Answer::Absent();
      record = Alice();
      return Answer::Found();
    }
    void Close() noexcept override { delete this; }

   private:
    int left_;
  };

  static UserRecord Alice() {
    return {"alice", "x", kAlice, kAlice, "Alice", "/home/alice", "/bin/sh"};
  }
  Answer Tell(bool here, const std::function<void()>& found) {
    ++asked;
    meanwhile();
    if (down) return Answer::Unavailable(Reason::kUnreachable);
    if (!here || gone) return Answer::Absent();
    found();
    return Answer::Found();
  }
};

class Gate final : public LoginGate {
 public:
  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    ++looked_at;
    if (request.password == kNever) ++never_looked_at;
    if (request.password == kSlow) {
      slow_asked.release();
      slow_open.wait(false);
    }
    const bool right = request.name == "alice" && request.password == kPassword;
    answer.verdict = right ? LoginVerdict::kAccepted : LoginVerdict::kWrongPassword;
    if (request.name == "localjoe") answer.verdict = LoginVerdict::kUnknownUser;
  }
  void CheckAccount(const LoginRequest&, LoginAnswer& answer) noexcept override {
    answer.verdict = LoginVerdict::kAccepted;
  }
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Authenticate(request, answer);
  }
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Authenticate(request, answer);
  }
  void OpenSession(const LoginRequest&, LoginAnswer& answer) noexcept override {
    answer.verdict = LoginVerdict::kAccepted;
  }
  void CloseSession(const LoginRequest&, LoginAnswer& answer) noexcept override {
    answer.verdict = LoginVerdict::kAccepted;
  }

  std::atomic<int> looked_at = 0;
  std::atomic<int> never_looked_at = 0;
  // The same with passwords.
  std::counting_semaphore<> slow_asked{0};
  std::atomic<bool> slow_open = false;
};

class Lines final : public Log {
 public:
  void Write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard guard(mutex_);
    text_ += line;
    text_ += '\n';
  }
  std::string text() const {
    const std::lock_guard guard(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
};

// What was noted of logins, one line for each.
class Notes {
 public:
  void Note(const LoginRequest& request, LoginAnswer& answer) {
    std::string line = std::string(request.name) + ' ' + std::string(request.service) + ' ' +
                       std::string(request.rhost) + ' ' + std::string(request.tty) + " <" +
                       std::string(request.password) + "> " +
                       (request.pid == getpid() ? "me " : "") +
                       (request.uid == 0 ? "" : "uid " + std::to_string(request.uid) + ' ') +
                       std::to_string(static_cast<int>(answer.verdict));
    if (fails) answer.verdict = LoginVerdict::kUnavailable;
    const std::lock_guard guard(mutex_);
    lines_.push_back(std::move(line));
    noted_.release();
  }
  // Waits for it.
  std::string Next() {
    noted_.acquire();
    const std::lock_guard guard(mutex_);
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
  }

  std::atomic<bool> fails = false;

 private:
  std::counting_semaphore<> noted_{0};
  std::mutex mutex_;
  std::deque<std::string> lines_;
};

class ServingTest : public testing::Test {
 protected:
  explicit ServingTest(bool notes = false, bool note_is_required = false, bool publishes = false,
                       std::uint32_t found_seconds = 0)
      : publishes_(publishes) {
    if (notes) {
      sources_.note = [this](const LoginRequest& request, LoginAnswer& answer) {
        notes_.Note(request, answer);
      };
      sources_.note_is_required = note_is_required;
    }
    // What is remembered is answer_cache_test's, unless something is to be.
    settings_.cache.found_seconds = found_seconds;
    settings_.cache.absent_seconds = found_seconds;
    settings_.accounts.name_case = NameCase::kLower;
    settings_.accounts.local_uids =
        LocalIds::Parse("localjoe:x:1000:1000::/home/localjoe:/bin/sh\n");
    fcntl(listener_.fd(), F_SETFL, O_NONBLOCK);
    std::promise<void> up;
    loop_thread_ = std::jthread([this, &up] {
      EventLoop loop;
      Mailbox mailbox;
      std::unique_ptr<Answerer> answerer;
      Server server(
          loop, listener_.fd(),
          [&](ClientId id, Asked asked) { answerer->OnRequest(id, std::move(asked)); }, kLimits);
      answerer = std::make_unique<Answerer>(
          settings_, sources_,
          Answerer::Calls{
              [&](ClientId id, AnswerBytes bytes) { server.Reply(id, std::move(bytes)); },
              [&](ClientId id) { return server.Release(id); },
              [this](bool forced, const Answerer::Calls::Done& done) {
                if (publishes_ && !reading_fails_)
                  return done(RefreshResult::kDone, "generation 2");
                done(forced ? RefreshResult::kDone : RefreshResult::kFailed,
                     forced ? "forced" : "too little left");
              },
              [this] { ++found_; },
              [](bool for_root) { return std::string(for_root ? "all of it\n" : "all is well\n"); },
              publishes_,
              [this](std::string_view name) {
                forgotten_logins_ += name;
                return name == "alice";
              }},
          flushes_, loop, mailbox, log_);
      EventLoop::Watch results;
      loop.WatchIo(results, mailbox.fd(), EPOLLIN, [&](std::uint32_t) { mailbox.Deliver(); });
      mailbox_ = &mailbox;
      answerer_ = answerer.get();
      drain_ = [&] { server.Drain([&] { loop.Exit(0); }); };
      up.set_value();
      loop.Run();
      answerer.reset();  // its workers post to the mailbox
    });
    up.get_future().wait();
  }
  ~ServingTest() override {
    for (std::atomic<bool>* open : {&table_.slow_open, &gate_.slow_open}) {
      *open = true;
      open->notify_all();
    }
    if (mailbox_ != nullptr) mailbox_->Post([this] { drain_(); });
  }

  Answer Ask(std::string_view name) {
    SocketSource source(listener_.path());
    return source.FindUserByName(name, [](const UserRecord&) {});
  }

  // What `work` returns in a process of that user.
  int As(Uid uid, const std::function<int()>& work) {
    const pid_t child = fork();
    if (child == 0) {
      if (setgroups(0, nullptr) != 0 || setgid(uid) != 0 || setuid(uid) != 0) _exit(99);
      _exit(work());
    }
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  LoginVerdict LogIn(std::string_view name, std::string_view password,
                     std::string_view rhost = "") {
    SocketGate gate(listener_.path());
    LoginAnswer answer;
    gate.Authenticate(
        {.name = name, .password = password, .service = "sshd", .rhost = rhost, .tty = "ssh"},
        answer);
    return answer.verdict;
  }
  // A connection on which that has been asked.
  OwnedFd AskToLogIn(std::string_view name, std::string_view password, std::string_view rhost) {
    RequestWriter request(RequestKind::kAuthenticate);
    request.Text(name).Text("sshd").Text(rhost).Text("ssh").Text(password);
    const std::string bytes = Joined(request);
    OwnedFd fd = Connect();
    EXPECT_EQ(send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    return fd;
  }
  // In the loop's thread: what it had to do before is done.
  std::string Describe() {
    std::promise<std::string> text;
    mailbox_->Post([&] {
      StatusWriter status(true);
      answerer_->Describe(status);
      text.set_value(status.text());
    });
    return text.get_future().get();
  }
  OwnedFd Connect() {
    OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, listener_.path());
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // Waits until the server has closed the connection; the bytes that came before.
  // Asks as that user, without end waiting for the answers, until the handle is gone.
  class Crowd {
   public:
    Crowd(ServingTest& test, Uid uid, int count, std::string_view request) {
      int up[2];
      EXPECT_EQ(pipe(up), 0);
      child_ = fork();
      if (child_ == 0) {
        if (setgroups(0, nullptr) != 0 || setgid(uid) != 0 || setuid(uid) != 0) _exit(99);
        std::vector<OwnedFd> clients;
        for (int i = 0; i < count; ++i) {
          clients.push_back(test.Connect());
          // Fails where the server has closed already.
          (void)!send(clients.back().get(), request.data(), request.size(), MSG_NOSIGNAL);
        }
        // The server has seen to all of them when the last one, too many, is closed or refused.
        (void)ReadToTheEnd(clients.back());
        (void)!write(up[1], "x", 1);
        for (;;) pause();
      }
      close(up[1]);
      char ready = 0;
      EXPECT_EQ(read(up[0], &ready, 1), 1);
      close(up[0]);
    }
    ~Crowd() {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

   private:
    pid_t child_;
  };
  static std::string Joined(RequestWriter& request) {
    std::string bytes;
    for (const iovec& piece : request.Pieces())
      bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
    return bytes;
  }
  static std::string ReadToTheEnd(const OwnedFd& fd) {
    std::string all;
    char bytes[4096];
    for (ssize_t got = 0; (got = recv(fd.get(), bytes, sizeof bytes, 0)) > 0;)
      all.append(bytes, static_cast<std::size_t>(got));
    return all;
  }

  const bool publishes_;
  std::atomic<bool> reading_fails_ = false;
  std::string forgotten_logins_;
  std::atomic<std::uint64_t> flushes_ = 7;
  Settings settings_;
  Table table_;
  Gate gate_;
  Notes notes_;
  Answerer::Sources sources_{table_, gate_};
  Lines log_;
  wire_test::Listener listener_;
  std::atomic<int> found_ = 0;
  Mailbox* mailbox_ = nullptr;
  Answerer* answerer_ = nullptr;
  std::function<void()> drain_;
  std::jthread loop_thread_;  // last: it uses the rest
};

TEST_F(ServingTest, AccountOfTheDatabaseIsAnswered) {
  EXPECT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(Ask("nobody"), Answer::Absent());
}

TEST_F(ServingTest, AHundredProcessesWithOneQuestionAreOneQuery) {
  constexpr int kProcesses = 100;
  std::promise<void> go;
  table_.meanwhile = [gate = go.get_future().share()] { gate.wait(); };
  std::vector<OwnedFd> clients;
  std::vector<std::jthread> threads;
  std::atomic<int> found = 0;
  for (int i = 0; i < kProcesses; ++i) {
    threads.emplace_back([&] { found += Ask("alice").found() ? 1 : 0; });
  }
  while (table_.asked == 0) std::this_thread::yield();
  // All but a few stragglers wait by now; whoever comes later asks again, once.
  go.set_value();
  threads.clear();
  EXPECT_EQ(found, kProcesses);
  EXPECT_LT(table_.asked, kProcesses);
}

TEST_F(ServingTest, DatabaseThatIsDownIsNotAnAbsentAccount) {
  table_.down = true;
  EXPECT_EQ(Ask("alice"), Answer::Unavailable(Reason::kUnreachable));
  EXPECT_EQ(Ask("nobody"), Answer::Unavailable(Reason::kUnreachable));
}

TEST_F(ServingTest, AccountThatWasSeenIsServedWhileTheDatabaseIsDownAndDeletedOneIsNot) {
  ASSERT_EQ(Ask("alice"), Answer::Found());
  table_.down = true;
  EXPECT_EQ(Ask("alice"), Answer::Found());
  table_.down = false;
  table_.gone = true;
  ASSERT_EQ(Ask("alice"), Answer::Absent());
  table_.down = true;
  EXPECT_TRUE(Ask("alice").unavailable());
}

TEST_F(ServingTest, AccountThatTheSnapshotHasNotIsReasonToReadSoon) {
  ASSERT_EQ(Ask("nobody"), Answer::Absent());
  EXPECT_EQ(found_, 0);
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(found_, 1);
}

TEST_F(ServingTest, HashesAreForRootAlone) {
  const auto shadow = [&] {
    SocketSource source(listener_.path());
    return source.FindShadow("alice", [](const ShadowRecord&) {});
  };
  EXPECT_EQ(shadow(), Answer::Found());
  for (const Uid uid : {Uid{65534}, kAlice}) {
    EXPECT_EQ(As(uid, [&] { return shadow() == Answer::Unavailable(Reason::kNotAllowed) ? 0 : 1; }),
              0);
  }
}

TEST_F(ServingTest, WhoIsNotRootMayTryThePasswordOfHisOwnAccountOnly) {
  EXPECT_EQ(LogIn("alice", kPassword), LoginVerdict::kAccepted);
  const auto verdict = [&](std::string_view name, std::string_view password) {
    return static_cast<int>(LogIn(name, password));
  };
  EXPECT_EQ(As(kAlice, [&] { return verdict("alice", kPassword); }),
            static_cast<int>(LoginVerdict::kAccepted));
  EXPECT_EQ(As(kAlice, [&] { return verdict("alice", "wrong"); }),
            static_cast<int>(LoginVerdict::kWrongPassword));
  EXPECT_EQ(As(kAlice, [&] { return verdict("nobody", kPassword); }),
            static_cast<int>(LoginVerdict::kUnavailable));
  EXPECT_EQ(As(65534, [&] { return verdict("alice", kPassword); }),
            static_cast<int>(LoginVerdict::kUnavailable));
}

TEST_F(ServingTest, WhoTriesPasswordsWithAProgramOfHisOwnIsInTheLog) {
  pid_t tried = 0;
  const auto wrong = [&](std::string_view password) {
    int pids[2];
    EXPECT_EQ(pipe(pids), 0);
    EXPECT_EQ(As(kAlice,
                 [&] {
                   const pid_t self = getpid();
                   (void)!write(pids[1], &self, sizeof self);
                   return LogIn("alice", password) == LoginVerdict::kWrongPassword ? 1 : 0;
                 }),
              password == kPassword ? 0 : 1);
    EXPECT_EQ(read(pids[0], &tried, sizeof tried), static_cast<ssize_t>(sizeof tried));
    for (const int fd : pids) close(fd);
  };
  wrong(kPassword);
  EXPECT_EQ(LogIn("alice", "wrong"), LoginVerdict::kWrongPassword);  // root's services log
  EXPECT_EQ(log_.text(), "");
  wrong("secret guess");
  EXPECT_EQ(log_.text(), "wrong password from uid " + std::to_string(kAlice) + ", process " +
                             std::to_string(tried) + ", for alice\n");
}

TEST_F(ServingTest, WhetherItIsHisOwnAccountIsTheDatabasesWord) {
  table_.down = true;
  EXPECT_EQ(As(kAlice, [&] { return static_cast<int>(LogIn("alice", kPassword)); }),
            static_cast<int>(LoginVerdict::kUnavailable));
}

TEST_F(ServingTest, RefreshIsForRootAndTellsWhatCameOfIt) {
  const auto refresh = [&](unsigned flags, std::string& text) {
    SocketControl control(listener_.path());
    return control.Refresh(static_cast<std::uint16_t>(request_flag::kWait | flags),
                           [&](std::string_view said) { text = said; });
  };
  std::string text;
  EXPECT_EQ(refresh(request_flag::kForce, text), Answer::Found());
  EXPECT_EQ(text, "forced");
  EXPECT_TRUE(refresh(0, text).unavailable());
  EXPECT_EQ(text, "too little left");
  EXPECT_EQ(As(65534,
               [&] {
                 const Answer answer = refresh(request_flag::kForce, text);
                 return answer == Answer::Unavailable(Reason::kNotAllowed) ? 0 : 1;
               }),
            0);
}

TEST_F(ServingTest, GarbageEndsItsOwnConnectionWithoutAWord) {
  const OwnedFd client = Connect();
  ASSERT_GT(send(client.get(), "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL), 0);
  EXPECT_EQ(ReadToTheEnd(client), "");
  EXPECT_EQ(Ask("alice"), Answer::Found());
}

TEST_F(ServingTest, ClientThatSendsNothingIsSentAwayAndNobodyWaitsForIt) {
  const OwnedFd silent = Connect();
  const OwnedFd slow = Connect();
  ASSERT_EQ(send(slow.get(), "SQM", 3, MSG_NOSIGNAL), 3);
  EXPECT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(ReadToTheEnd(silent), "");
  EXPECT_EQ(ReadToTheEnd(slow), "");
}

TEST_F(ServingTest, ClientThatGoesAwayMeanwhileTakesNobodyAlong) {
  std::promise<void> go;
  table_.meanwhile = [gate = go.get_future().share()] { gate.wait(); };
  std::jthread waiting([&] { EXPECT_EQ(Ask("alice"), Answer::Found()); });
  while (table_.asked == 0) std::this_thread::yield();
  {
    SocketSource impatient(listener_.path(), 1);
    EXPECT_TRUE(impatient.FindUserByName("alice", [](const UserRecord&) {}).unavailable());
  }
  go.set_value();
}

TEST_F(ServingTest, LongListArrivesWhole) {
  table_.rows = 100'000;
  SocketSource source(listener_.path(), 10'000);
  Cursor<UserRecord>* cursor = nullptr;
  ASSERT_EQ(source.ListUsers(cursor), Answer::Found());
  int rows = 0;
  UserRecord record;
  Answer answer = cursor->Next(record);
  for (; answer.found(); answer = cursor->Next(record)) ++rows;
  cursor->Close();
  EXPECT_TRUE(answer.absent());
  EXPECT_EQ(rows, 100'000);
}

TEST_F(ServingTest, ReaderWhoStopsInTheMiddleOfAListHoldsNobodyUp) {
  table_.rows = 1'000'000;
  std::vector<OwnedFd> stuck;
  for (int i = 0; i < 4; ++i) {  // more than there are threads for lists
    stuck.push_back(Connect());
    unsigned char request[kRequestHeader] = {};
    std::memcpy(request, &kMagic, sizeof kMagic);
    request[8] = static_cast<unsigned char>(RequestKind::kListUsers);
    ASSERT_EQ(send(stuck.back().get(), request, sizeof request, MSG_NOSIGNAL),
              static_cast<ssize_t>(sizeof request));
  }
  EXPECT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(LogIn("alice", kPassword), LoginVerdict::kAccepted);
}

TEST_F(ServingTest, RootIsServedWhileOtherUsersHaveAllTheirPlaces) {
  RequestWriter request(RequestKind::kUserByName);
  const std::string slow = Joined(request.Text("slow"));
  const Crowd first(*this, 65534, 17, slow);
  // What a user namespace has is one user.
  const Crowd second(*this, 100'001, 17, slow);
  const Crowd third(*this, 400'000, 1, slow);
  const Crowd fourth(*this, 65533, 1, slow);  // the others have all their places
  EXPECT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(LogIn("alice", kPassword), LoginVerdict::kAccepted);
}

TEST_F(ServingTest, UserWhoTriesPasswordsWithoutEndStopsNobodysLogin) {
  RequestWriter request(RequestKind::kAuthenticate);
  request.Text("alice").Text("su").Text("").Text("").Text(kSlow);
  const Crowd flood(*this, kAlice, 17, Joined(request));
  gate_.slow_asked.acquire();
  EXPECT_EQ(LogIn("alice", kPassword), LoginVerdict::kAccepted);
}

TEST_F(ServingTest, QueriesOfOneUserKeepRootsWaitingForNone) {
  RequestWriter request(RequestKind::kUserByName);
  const Crowd flood(*this, 65534, 17, Joined(request.Text("slow")));
  table_.slow_asked.acquire();
  EXPECT_EQ(Ask("nobody"), Answer::Absent());
  EXPECT_EQ(Ask("alice"), Answer::Found());
}

TEST_F(ServingTest, NameThatWasReasonToReadIsNoneAgainUntilItChanges) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(found_, 1);
  table_.gone = true;
  ASSERT_EQ(Ask("alice"), Answer::Absent());
  table_.gone = false;
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(found_, 2);
}

TEST_F(ServingTest, WhatWasAskedIsAnsweredBeforeItLeaves) {
  std::promise<void> go;
  table_.meanwhile = [gate = go.get_future().share()] { gate.wait(); };
  std::jthread waiting([&] { EXPECT_EQ(Ask("alice"), Answer::Found()); });
  while (table_.asked == 0) std::this_thread::yield();
  std::promise<void> draining;
  mailbox_->Post([&] {
    drain_();
    draining.set_value();
  });
  draining.get_future().wait();
  go.set_value();
  waiting.join();
  mailbox_ = nullptr;  // its loop has ended
}

// The verdict in an answer.
std::uint8_t DetailOf(const std::string& frame) {
  return frame.size() > 5 ? static_cast<std::uint8_t>(frame[5]) : std::uint8_t{0};
}
std::uint8_t NumberOf(LoginVerdict verdict) {
  for (const auto& [value, number] : kVerdictNumbers) {
    if (value == verdict) return number;
  }
  return 0;
}

TEST_F(ServingTest, AHundredGuessesAtOnceAreFewAndHoldNobodyElseUp) {
  ASSERT_EQ(LogIn("alice", kPassword, kHome), LoginVerdict::kAccepted);
  const int before = gate_.looked_at;
  std::vector<OwnedFd> guesses;
  for (int i = 0; i < 100; ++i) guesses.push_back(AskToLogIn("alice", "wrong", kAttacker));

  // Five fail for nothing, four have their turns, the last of them after 7.5 s.
  std::map<std::uint8_t, int> verdicts;
  std::size_t answered = 0;
  while (answered < 96) {
    std::vector<pollfd> fds;
    for (const OwnedFd& guess : guesses) fds.push_back({guess.get(), POLLIN, 0});
    ASSERT_GT(poll(fds.data(), fds.size(), 10'000), 0);
    for (std::size_t i = fds.size(); i-- > 0;) {
      if (fds[i].revents == 0) continue;
      ++verdicts[DetailOf(ReadToTheEnd(guesses[i]))];
      guesses.erase(guesses.begin() + static_cast<std::ptrdiff_t>(i));
      ++answered;
    }
  }
  EXPECT_EQ(verdicts[NumberOf(LoginVerdict::kThrottled)], 91);
  EXPECT_GE(verdicts[NumberOf(LoginVerdict::kWrongPassword)], 5);
  EXPECT_EQ(verdicts.size(), 2U);

  EXPECT_EQ(LogIn("alice", kPassword, kHome), LoginVerdict::kAccepted);
  EXPECT_FALSE(guesses.empty()) << "she did not wait for the attacker's turns";
  EXPECT_LE(gate_.looked_at - before, 10);
  const std::string status = Describe();
  EXPECT_EQ(log_.text(),
            "slowed down: logins from 192.0.2.66, of which too many have failed; see [throttle] "
            "in sqlmapd.toml\n");
  EXPECT_NE(status.find("\nlogins_throttled 91\n"), std::string::npos) << status;
  EXPECT_NE(status.find("\nsources_slowed 1\n"), std::string::npos) << status;
}

TEST_F(ServingTest, PasswordOfAClientThatLeftBeforeItsTurnIsNotLookedAt) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(LogIn("alice", "wrong", kAttacker), LoginVerdict::kWrongPassword);
  }
  { const OwnedFd gone = AskToLogIn("alice", kNever, kAttacker); }
  // Its turn is before this one's.
  EXPECT_EQ(LogIn("alice", "wrong", kAttacker), LoginVerdict::kWrongPassword);
  EXPECT_EQ(gate_.never_looked_at, 0);
  EXPECT_EQ(gate_.looked_at, 6);
}

TEST_F(ServingTest, GuessingTheOldPasswordOfAChangeIsSlowedLikeALogin) {
  SocketGate gate(listener_.path());
  LoginAnswer answer;
  const LoginRequest wrong{
      .name = "alice", .password = "wrong", .service = "passwd", .rhost = kAttacker};
  for (int i = 0; i < 3; ++i) {
    gate.PrepareChange(wrong, answer);
    EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
    gate.ChangePassword(wrong, answer);
    EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  }
  (void)Describe();
  EXPECT_NE(log_.text().find("slowed down: logins from 192.0.2.66"), std::string::npos);
}

TEST_F(ServingTest, WhatRootChangesIsNoGuess) {
  SocketGate gate(listener_.path());
  LoginAnswer answer;
  for (int i = 0; i < 20; ++i) {
    gate.ChangePassword({.name = "alice", .service = "passwd", .rhost = kHome, .by_root = true},
                        answer);
    EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  }
  (void)Describe();
  EXPECT_EQ(log_.text(), "");
}

TEST_F(ServingTest, WhoeverIsNotRootIsSlowedWhateverHeSaysOfHimself) {
  const auto guess = [&](int i) {
    return As(kAlice, [&] {
      return static_cast<int>(LogIn("alice", "wrong", "192.0.2." + std::to_string(i)));
    });
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(guess(i), static_cast<int>(LoginVerdict::kWrongPassword));
  (void)Describe();
  EXPECT_NE(log_.text().find("slowed down: logins from UID:10001,"), std::string::npos)
      << log_.text();
}

TEST_F(ServingTest, PeopleOfThisHostWhomTheDatabaseDoesNotKnowSlowDownNobody) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(LogIn("localjoe", "her own", kHome), LoginVerdict::kUnknownUser);
  }
  (void)Describe();
  EXPECT_EQ(log_.text(), "");
}

class NotingTest : public ServingTest {
 protected:
  NotingTest() : ServingTest(true) {}
};
class RequiredNoteTest : public ServingTest {
 protected:
  RequiredNoteTest() : ServingTest(true, true) {}
};

class RememberingTest : public ServingTest {
 protected:
  explicit RememberingTest(bool publishes = false) : ServingTest(false, false, publishes, 300) {}

  std::string Flush(std::string_view name) {
    SocketControl control(listener_.path());
    std::string text;
    const Answer answer = control.Flush(name, [&](std::string_view said) { text = said; });
    EXPECT_EQ(answer, Answer::Found());
    return text;
  }
};
class RememberingAndPublishingTest : public RememberingTest {
 protected:
  RememberingAndPublishingTest() : RememberingTest(true) {}
};

TEST_F(RememberingTest, AccountThatWasMissedAMomentAgoResolvesAfterAFlush) {
  table_.gone = true;
  ASSERT_EQ(Ask("alice"), Answer::Absent());
  ASSERT_EQ(Ask("bob"), Answer::Absent());
  table_.gone = false;
  ASSERT_EQ(Ask("alice"), Answer::Absent()) << "remembered";
  EXPECT_EQ(Flush("alice"), "1 answer forgotten, and the remembered logins of alice");
  EXPECT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(forgotten_logins_, "alice");
  EXPECT_EQ(Flush(""), "2 answers forgotten");
  EXPECT_EQ(forgotten_logins_, "alice") << "what lets people in while the database is down";
}

TEST_F(RememberingTest, LoginIsForgottenWhateverTheCaseInWhichTheNameIsTyped) {
  EXPECT_EQ(Flush("Alice"), "0 answers forgotten, and the remembered logins of alice");
  EXPECT_EQ(forgotten_logins_, "alice") << "the case in which it is remembered";
  EXPECT_EQ(Flush("Bob"), "0 answers forgotten") << "nothing of him was remembered";
}

TEST_F(RememberingTest, AnswerIsForgottenWhateverTheCaseInWhichTheNameIsTyped) {
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(Flush("ALICE"), "1 answer forgotten, and the remembered logins of alice");
}

TEST_F(RememberingTest, FlushOfOneNameLeavesTheOtherWhereCaseTellsTwoApart) {
  mailbox_->Post([this] { settings_.accounts.name_case = NameCase::kExact; });
  (void)Describe();
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(Flush("ALICE"), "0 answers forgotten");
  EXPECT_EQ(Flush("alice"), "1 answer forgotten, and the remembered logins of alice");
}

TEST_F(RememberingTest, WhatWasForgottenIsNotServedWhileTheDatabaseIsDown) {
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(Flush("alice"), "1 answer forgotten, and the remembered logins of alice");
  table_.down = true;
  EXPECT_TRUE(Ask("alice").unavailable());
}

TEST_F(RememberingTest, AnswerThatWasUnderWayIsNeitherSharedNorRememberedAfterAFlush) {
  std::promise<Answer> before;
  std::jthread asks([&] { before.set_value(Ask("slow")); });
  table_.slow_asked.acquire();
  EXPECT_EQ(Flush("slow"), "0 answers forgotten");
  std::jthread asks_again([&] { EXPECT_EQ(Ask("slow"), Answer::Absent()); });
  table_.slow_asked.acquire();  // a question of its own
  table_.slow_open = true;
  table_.slow_open.notify_all();
  EXPECT_EQ(before.get_future().get(), Answer::Absent());
  asks_again.join();
  EXPECT_NE(Describe().find("\ncache_entries 1\n"), std::string::npos) << Describe();
}

TEST_F(RememberingAndPublishingTest, FlushReturnsWhenTheSnapshotIsOfNow) {
  EXPECT_EQ(Flush("bob"), "0 answers forgotten; generation 2");
}

TEST_F(RememberingAndPublishingTest, FlushThatCannotReadAnewSaysWhatWasForgotten) {
  reading_fails_ = true;
  SocketControl control(listener_.path());
  std::string text;
  EXPECT_EQ(control.Flush("alice", [&](std::string_view said) { text = said; }),
            Answer::Unavailable(Reason::kServerError));
  EXPECT_EQ(text,
            "0 answers forgotten, and the remembered logins of alice; not read anew: too little "
            "left");
}

TEST_F(RememberingTest, FlushHoldsForOtherChildrenWhenItIsAnswered) {
  EXPECT_EQ(Flush("bob"), "0 answers forgotten");
  EXPECT_EQ(flushes_, 8U);
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(Flush("bob"), "0 answers forgotten");
  EXPECT_EQ(flushes_, 9U);
  table_.gone = true;
  EXPECT_EQ(Ask("alice"), Answer::Found()) << "one's own flush of a name leaves the others";
}

TEST_F(RememberingTest, WhatIsAskedRightAfterAFlushOfAnotherChildIsAskedAnew) {
  ASSERT_EQ(Ask("alice"), Answer::Found());
  table_.gone = true;
  ASSERT_EQ(Ask("alice"), Answer::Found()) << "remembered";
  ++flushes_;
  EXPECT_EQ(Ask("alice"), Answer::Absent());
}

TEST_F(RememberingTest, AnswerThatWasUnderWayIsNotRememberedAfterAFlushOfAnotherChild) {
  std::promise<Answer> before;
  std::jthread asks([&] { before.set_value(Ask("slow")); });
  table_.slow_asked.acquire();
  ++flushes_;
  table_.slow_open = true;
  table_.slow_open.notify_all();
  EXPECT_EQ(before.get_future().get(), Answer::Absent());
  const int asked = table_.asked;
  EXPECT_EQ(Ask("slow"), Answer::Absent());
  EXPECT_EQ(table_.asked, asked + 1);
}

TEST_F(RememberingTest, FlushIsForRoot) {
  const auto flush = [&] {
    SocketControl control(listener_.path());
    return control.Flush("alice", [](std::string_view) {}) ==
                   Answer::Unavailable(Reason::kNotAllowed)
               ? 0
               : 1;
  };
  ASSERT_EQ(Ask("alice"), Answer::Found());
  EXPECT_EQ(As(kAlice, flush), 0);
  EXPECT_NE(Describe().find("\ncache_entries 1\n"), std::string::npos);
}

TEST_F(ServingTest, EverybodyMaySeeTheStateAndRootAloneAllOfIt) {
  const auto said = [&] {
    SocketControl control(listener_.path());
    std::string text;
    EXPECT_EQ(control.Status([&](std::string_view report) { text = report; }), Answer::Found());
    return text;
  };
  EXPECT_EQ(said(), "all of it\n");
  EXPECT_EQ(As(kAlice, [&] { return said() == "all is well\n" ? 0 : 1; }), 0);
}

TEST_F(RememberingTest, StatusCountsWhatWasAskedAndHowLongItTook) {
  for (int i = 0; i < 3; ++i) ASSERT_EQ(Ask("alice"), Answer::Found());
  ASSERT_EQ(LogIn("alice", kPassword, kHome), LoginVerdict::kAccepted);
  const std::string status = Describe();
  for (const char* line :
       {"cache_hits 2", "cache_misses 1", "queries 1", "questions.user_by_name 3",
        "questions.authenticate 1", "latency.lookup.count 3", "latency.authentication.count 1"}) {
    EXPECT_NE(status.find("\n" + std::string(line) + "\n"), std::string::npos) << line << status;
  }
  EXPECT_NE(status.find("\nlatency.lookup.p50 0.0"), std::string::npos) << status;
}

std::string Numbered(std::string_view text, LoginVerdict verdict) {
  return std::string(text) + std::to_string(static_cast<int>(verdict));
}

TEST_F(NotingTest, EachLoginIsNotedOnceAndWithoutItsPassword) {
  notes_.fails = true;  // which changes nothing for the person
  EXPECT_EQ(LogIn("alice", kPassword, kHome), LoginVerdict::kAccepted);
  EXPECT_EQ(notes_.Next(), Numbered("alice sshd 198.51.100.1 ssh <> me ", LoginVerdict::kAccepted));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(LogIn("bob", "wrong", kAttacker), LoginVerdict::kWrongPassword);
    EXPECT_EQ(notes_.Next(),
              Numbered("bob sshd 192.0.2.66 ssh <> me ", LoginVerdict::kWrongPassword));
  }
}

TEST_F(NotingTest, NoteSaysThatItWasNotRootWhoAsked) {
  const auto guess = [&] {
    return As(kAlice, [&] { return static_cast<int>(LogIn("alice", "wrong", kHome)); });
  };
  EXPECT_EQ(guess(), static_cast<int>(LoginVerdict::kWrongPassword));
  EXPECT_EQ(notes_.Next(),
            Numbered("alice sshd 198.51.100.1 ssh <> uid 10001 ", LoginVerdict::kWrongPassword));
}

TEST_F(NotingTest, LoginThatWasRefusedUnseenIsNotedToo) {
  std::vector<OwnedFd> guesses;
  for (int i = 0; i < 30; ++i) guesses.push_back(AskToLogIn("bob", "wrong", kAttacker));
  const std::string throttled =
      Numbered("bob sshd 192.0.2.66 ssh <> me ", LoginVerdict::kThrottled);
  int seen = 0;
  for (int i = 0; i < 26; ++i) seen += notes_.Next() == throttled ? 1 : 0;
  EXPECT_GT(seen, 0);
}

TEST_F(RequiredNoteTest, LoginWhoseRowIsRequiredWaitsForIt) {
  EXPECT_EQ(LogIn("alice", kPassword, kHome), LoginVerdict::kAccepted);
  EXPECT_EQ(notes_.Next(), Numbered("alice sshd 198.51.100.1 ssh <> me ", LoginVerdict::kAccepted));
  EXPECT_EQ(As(kAlice, [&] { return static_cast<int>(LogIn("alice", kPassword, kHome)); }),
            static_cast<int>(LoginVerdict::kAccepted));
  EXPECT_EQ(notes_.Next(),
            Numbered("alice sshd 198.51.100.1 ssh <> uid 10001 ", LoginVerdict::kAccepted));
  notes_.fails = true;
  EXPECT_EQ(LogIn("alice", kPassword, kHome), LoginVerdict::kUnavailable);
}

}  // namespace
}  // namespace sqlmap
