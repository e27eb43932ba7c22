// The client against a server that keeps the rules.
#include "common/wire/client.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "common/wire/answer_encoder.h"
#include "test_server.h"

namespace sqlmap {

namespace {

using wire_test::Listener;
using wire_test::ReadRequest;
using wire_test::Saying;
using wire_test::SendAll;
using wire_test::TestServer;

UserRecord User(std::string_view name, Uid uid) {
  return {.name = name,
          .password = "x",
          .uid = uid,
          .gid = 2000,
          .gecos = "G",
          .home = "/home/x",
          .shell = "/bin/sh"};
}

// Answers from what was asked, so that a wrong question shows in the answer.
void AnswerByTheBook(int fd) {
  RequestParser parser;
  std::string out;
  if (ReadRequest(fd, parser)) {
    const Request& request = parser.request();
    const std::string name(request.name);
    const std::array<Gid, 3> gids = {5, 6, 7};
    const std::string members = name + '\0' + "other" + '\0';
    bool good = true;
    switch (request.kind) {
      case RequestKind::kUserByName:
        good = AppendUser(User(name, 1001), out);
        break;
      case RequestKind::kUserById:
        good = AppendUser(User("by-id", request.id), out);
        break;
      case RequestKind::kGroupByName:
        good = AppendGroup({.name = name, .password = "x", .gid = 1, .members = {members, 2}}, out);
        break;
      case RequestKind::kGroupById:
        good = AppendGroup({.name = "by-id", .password = "x", .gid = request.id}, out);
        break;
      case RequestKind::kGroupsOfUser:
        good = AppendGids(gids, out);
        break;
      case RequestKind::kShadowByName:
        good = AppendShadow({.name = name, .hash = "$6$hash", .lstchg = 19'000}, out);
        break;
      case RequestKind::kListUsers:
        for (Uid uid = 1; uid <= 1000; ++uid) {
          good = good && AppendUser(User("user" + std::to_string(uid), uid), out);
        }
        AppendAbsent(out);
        break;
      case RequestKind::kListGroups:
        good = AppendGroup({.name = "one", .password = "x", .gid = 1}, out);
        AppendAbsent(out);
        break;
      case RequestKind::kListShadows:
        AppendAbsent(out);
        break;
      case RequestKind::kAuthenticate:
      case RequestKind::kCheckAccount:
      case RequestKind::kPrepareChange:
      case RequestKind::kChangePassword:
      case RequestKind::kOpenSession:
      case RequestKind::kCloseSession: {
        LoginAnswer answer{.verdict = LoginVerdict::kAccepted, .days_left = 3};
        const std::string said =
            std::string(request.login.name) + '|' + std::string(request.login.service) + '|' +
            std::string(request.login.rhost) + '|' + std::string(request.login.tty) + '|' +
            std::string(request.login.password) + '|' +
            (request.login.allow_empty_password ? "nullok" : "") +
            (request.login.new_password.empty() ? "" : "new ") +
            std::string(request.login.new_password) + (request.login.by_root ? " by root" : "");
        said.copy(answer.reason, sizeof answer.reason - 1);
        AppendVerdict(answer, out);
        break;
      }
      case RequestKind::kSshKeys:
        good = AppendSshKeys({"ssh-ed25519 AAAA\t\"r\xc3\xb6\" of " + name + "\n"}, out);
        break;
      case RequestKind::kRefresh:
        AppendText(std::string(request.wait ? "wait" : "") + (request.force ? "force" : ""), out);
        break;
      case RequestKind::kStatus:
        AppendText("generation 7", out);
        break;
      case RequestKind::kFlush:
        AppendText("forgot <" + name + ">", out);
        break;
    }
    ASSERT_TRUE(good);
  }
  SendAll(fd, out);
}

// A child that was taken over can say anything.
TEST(SocketSource, AnswerWithAnIdThatTheHostForbidsIsNone) {
  TestServer server(AnswerByTheBook);
  struct Case {
    const char* what;
    IdRule may_have;
    bool user, users, groups, memberships;
  };
  const Case cases[] = {
      {"all is well", [](IdKind, std::uint32_t) noexcept { return true; }, true, true, true, true},
      {"uid of the one user",
       [](IdKind kind, std::uint32_t id) noexcept { return kind != IdKind::kUid || id != 1001; },
       false, true, true, true},
      {"uid of the last of the list",
       [](IdKind kind, std::uint32_t id) noexcept { return kind != IdKind::kUid || id != 1000; },
       true, false, true, true},
      {"gid of a user",
       [](IdKind kind, std::uint32_t id) noexcept { return kind != IdKind::kGid || id < 2000; },
       false, false, true, true},
      {"gid of a group",
       [](IdKind kind, std::uint32_t id) noexcept { return kind != IdKind::kGid || id != 1; }, true,
       true, false, true},
      {"one of three",
       [](IdKind kind, std::uint32_t id) noexcept { return kind != IdKind::kGid || id != 7; }, true,
       true, true, false},
  };
  for (const Case& each : cases) {
    SocketSource source(server.path(), kLookUpBudgetMs, each.may_have);
    const auto as = [](bool good) {
      return good ? Answer::Found() : Answer::Unavailable(Reason::kServerError);
    };
    Cursor<UserRecord>* users = nullptr;
    Cursor<GroupRecord>* groups = nullptr;
    bool seen = false;
    EXPECT_EQ(source.FindUserByName("shop", [&](const UserRecord&) { seen = true; }), as(each.user))
        << each.what;
    EXPECT_EQ(seen, each.user) << each.what;
    EXPECT_EQ(source.FindGroupByName("web", [](const GroupRecord&) {}), as(each.groups))
        << each.what;
    EXPECT_EQ(source.FindGroupsOfUser("bob", [](std::span<const Gid>) {}), as(each.memberships))
        << each.what;
    EXPECT_EQ(source.ListUsers(users), as(each.users)) << each.what;
    EXPECT_EQ(source.ListGroups(groups), as(each.groups)) << each.what;
    if (users != nullptr) users->Close();
    if (groups != nullptr) groups->Close();
  }
}

// Who lists keeps the record from row to row, and from one walk, of a snapshot perhaps, to the
// next.
TEST(SocketSource, RecordTakesNothingFromTheOneThatWasThereBefore) {
  TestServer server(AnswerByTheBook);
  SocketSource source(server.path());
  Cursor<UserRecord>* users = nullptr;
  ASSERT_TRUE(source.ListUsers(users).found());
  UserRecord user;
  user.packed = "another's";
  EXPECT_TRUE(users->Next(user).found());
  EXPECT_EQ(user.packed, "");
  users->Close();
  Cursor<GroupRecord>* groups = nullptr;
  ASSERT_TRUE(source.ListGroups(groups).found());
  GroupRecord group;
  group.packed = "another's";
  EXPECT_TRUE(groups->Next(group).found());
  EXPECT_EQ(group.packed, "");
  groups->Close();
}

TEST(SocketSource, NobodyIsRootWhateverTheDaemonSays) {
  TestServer server(AnswerByTheBook);
  SocketSource source(server.path());
  for (const Uid uid : {0U, 65534U, 65535U, 4294967294U, 4294967295U}) {
    EXPECT_EQ(source.FindUserById(uid, [](const UserRecord&) { FAIL(); }),
              Answer::Unavailable(Reason::kServerError));
    EXPECT_EQ(source.FindGroupById(uid, [](const GroupRecord&) { FAIL(); }),
              Answer::Unavailable(Reason::kServerError));
  }
}

TEST(SocketSource, EachQuestionGetsItsRecord) {
  TestServer server(AnswerByTheBook);
  SocketSource source(server.path());
  int calls = 0;
  EXPECT_EQ(source.FindUserByName("shop",
                                  [&](const UserRecord& user) {
                                    ++calls;
                                    EXPECT_EQ(user.name, "shop");
                                    EXPECT_EQ(user.uid, 1001U);
                                    EXPECT_EQ(user.home, "/home/x");
                                  }),
            Answer::Found());
  EXPECT_EQ(source.FindUserById(4'000'000'000U,
                                [&](const UserRecord& user) {
                                  ++calls;
                                  EXPECT_EQ(user.uid, 4'000'000'000U);
                                }),
            Answer::Found());
  EXPECT_EQ(source.FindGroupByName("web",
                                   [&](const GroupRecord& group) {
                                     ++calls;
                                     EXPECT_EQ(group.name, "web");
                                     EXPECT_EQ(group.members.bytes,
                                               std::string_view("web\0other\0", 10));
                                   }),
            Answer::Found());
  EXPECT_EQ(source.FindGroupById(77,
                                 [&](const GroupRecord& group) {
                                   ++calls;
                                   EXPECT_EQ(group.gid, 77U);
                                   EXPECT_EQ(group.members.count, 0U);
                                 }),
            Answer::Found());
  EXPECT_EQ(
      source.FindGroupsOfUser(
          "bob",
          [&](std::span<const Gid> gids) {
            ++calls;
            EXPECT_EQ(std::vector<Gid>(gids.begin(), gids.end()), (std::vector<Gid>{5, 6, 7}));
          }),
      Answer::Found());
  EXPECT_EQ(source.FindShadow("bob",
                              [&](const ShadowRecord& shadow) {
                                ++calls;
                                EXPECT_EQ(shadow.name, "bob");
                                EXPECT_EQ(shadow.hash, "$6$hash");
                                EXPECT_EQ(shadow.lstchg, 19'000);
                                EXPECT_EQ(shadow.max, -1);
                              }),
            Answer::Found());
  EXPECT_EQ(calls, 6);
  EXPECT_FALSE(source.no_daemon());
}

TEST(SocketSource, ListIsWholeInOrderAndEnds) {
  TestServer server(AnswerByTheBook);
  SocketSource source(server.path());
  Cursor<UserRecord>* users = nullptr;
  ASSERT_EQ(source.ListUsers(users), Answer::Found());
  UserRecord user;
  for (Uid uid = 1; uid <= 1000; ++uid) {
    ASSERT_EQ(users->Next(user), Answer::Found());
    ASSERT_EQ(user.uid, uid);
    ASSERT_EQ(user.name, "user" + std::to_string(uid));
  }
  EXPECT_EQ(users->Next(user), Answer::Absent());
  EXPECT_EQ(users->Next(user), Answer::Absent());
  users->Close();

  Cursor<GroupRecord>* groups = nullptr;
  ASSERT_EQ(source.ListGroups(groups), Answer::Found());
  GroupRecord group;
  EXPECT_EQ(groups->Next(group), Answer::Found());
  EXPECT_EQ(group.name, "one");
  EXPECT_EQ(groups->Next(group), Answer::Absent());
  groups->Close();

  Cursor<ShadowRecord>* shadows = nullptr;
  ASSERT_EQ(source.ListShadows(shadows), Answer::Found());
  ShadowRecord shadow;
  EXPECT_EQ(shadows->Next(shadow), Answer::Absent());
  shadows->Close();
}

TEST(SocketSource, TheDaemonsWordIsTheAnswer) {
  const auto never = [](const auto&) { ADD_FAILURE() << "there is no record"; };
  std::string absent;
  AppendAbsent(absent);
  {
    TestServer server(Saying(absent));
    SocketSource source(server.path());
    EXPECT_EQ(source.FindUserByName("bob", never), Answer::Absent());
    EXPECT_EQ(source.FindGroupsOfUser("bob", [](std::span<const Gid>) { ADD_FAILURE(); }),
              Answer::Absent());
    EXPECT_FALSE(source.no_daemon());
  }
  for (const auto& [reason, number] : kReasonNumbers) {
    std::string bytes;
    AppendUnavailable(reason, "why", bytes);
    TestServer server(Saying(bytes));
    SocketSource source(server.path());
    EXPECT_EQ(source.FindUserByName("bob", never), Answer::Unavailable(reason));
    EXPECT_EQ(source.FindShadow("bob", never), Answer::Unavailable(reason));
    Cursor<UserRecord>* users = nullptr;
    EXPECT_EQ(source.ListUsers(users), Answer::Unavailable(reason));
    EXPECT_EQ(users, nullptr);
    EXPECT_FALSE(source.no_daemon()) << "it said so itself";
  }
}

TEST(SocketSource, ListThatBrokeOffIsNotAList) {
  std::string bytes;
  ASSERT_TRUE(AppendUser(User("one", 1), bytes));
  AppendUnavailable(Reason::kTimeout, "", bytes);
  TestServer server(Saying(bytes));
  Cursor<UserRecord>* users = nullptr;
  EXPECT_EQ(SocketSource(server.path()).ListUsers(users), Answer::Unavailable(Reason::kTimeout));
  EXPECT_EQ(users, nullptr);
}

TEST(SocketSource, LargeGroupAndLargeListArriveWhole) {
  std::string members;
  for (int i = 0; i < 200'000; ++i) members += "customer" + std::to_string(i) + '\0';
  const auto serve = [&](int fd) {
    RequestParser parser;
    ASSERT_TRUE(ReadRequest(fd, parser));
    std::string out;
    const GroupRecord group{
        .name = "all", .password = "x", .gid = 1, .members = {members, 200'000}};
    ASSERT_TRUE(AppendGroup(group, out));
    if (parser.request().kind == RequestKind::kListGroups) {
      ASSERT_TRUE(AppendGroup({.name = "small", .gid = 2}, out));
      ASSERT_TRUE(AppendGroup(group, out));
      AppendAbsent(out);
    }
    SendAll(fd, out);
  };
  TestServer server(serve);
  SocketSource source(server.path());
  bool found = false;
  EXPECT_EQ(source.FindGroupByName("all",
                                   [&](const GroupRecord& group) {
                                     found = group.members.bytes == members && group.name == "all";
                                   }),
            Answer::Found());
  EXPECT_TRUE(found);
  Cursor<GroupRecord>* groups = nullptr;
  ASSERT_EQ(source.ListGroups(groups), Answer::Found());
  GroupRecord group;
  ASSERT_EQ(groups->Next(group), Answer::Found());
  EXPECT_EQ(group.members.bytes, members);
  ASSERT_EQ(groups->Next(group), Answer::Found());
  EXPECT_EQ(group.name, "small");
  ASSERT_EQ(groups->Next(group), Answer::Found());
  EXPECT_EQ(group.members.bytes, members);
  EXPECT_EQ(groups->Next(group), Answer::Absent());
  groups->Close();
}

TEST(SocketGate, LoginGoesOverWholeAndTheVerdictComesBack) {
  TestServer server(AnswerByTheBook);
  SocketGate gate(server.path());
  LoginAnswer answer;
  const LoginRequest request{.name = "bob",
                             .password = "secret",
                             .service = "sshd",
                             .rhost = "::1",
                             .tty = "ssh",
                             .allow_empty_password = true};
  gate.Authenticate(request, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_EQ(answer.days_left, 3);
  EXPECT_STREQ(answer.reason, "bob|sshd|::1|ssh|secret|nullok");
  gate.CheckAccount(request, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason, "bob|sshd|::1|ssh||") << "the account stage sends no password";
  EXPECT_FALSE(gate.no_daemon());
}

TEST(SocketGate, EachQuestionOfAPasswordChangeCarriesWhatItNeedsAndNoMore) {
  TestServer server(AnswerByTheBook);
  SocketGate gate(server.path());
  LoginRequest request{.name = "bob",
                       .password = "old",
                       .new_password = "young",
                       .service = "passwd",
                       .rhost = "::1",
                       .tty = "tty1"};
  LoginAnswer answer;
  gate.PrepareChange(request, answer);
  EXPECT_STREQ(answer.reason, "bob|passwd|::1|tty1|old|");
  gate.ChangePassword(request, answer);
  EXPECT_STREQ(answer.reason, "bob|passwd|::1|tty1|old|new young");
  request.by_root = true;
  gate.PrepareChange(request, answer);
  EXPECT_STREQ(answer.reason, "bob|passwd|::1|tty1|old| by root");
  gate.ChangePassword(request, answer);
  EXPECT_STREQ(answer.reason, "bob|passwd|::1|tty1|old|new young by root");
  gate.OpenSession(request, answer);
  EXPECT_STREQ(answer.reason, "bob|passwd|::1|tty1||");
  gate.CloseSession(request, answer);
  EXPECT_STREQ(answer.reason, "bob|passwd|::1|tty1||");
}

TEST(SocketGate, NothingButAVerdictLetsAnybodyIn) {
  std::string user, absent, text, unavailable;
  ASSERT_TRUE(AppendUser(User("bob", 1), user));
  AppendAbsent(absent);
  AppendText("accepted", text);
  AppendUnavailable(Reason::kNotAllowed, "not your account", unavailable);
  for (const std::string& bytes : {user, absent, text, unavailable, std::string()}) {
    TestServer server(Saying(bytes));
    SocketGate gate(server.path());
    for (const auto question :
         {&LoginGate::Authenticate, &LoginGate::CheckAccount, &LoginGate::PrepareChange,
          &LoginGate::ChangePassword, &LoginGate::OpenSession, &LoginGate::CloseSession}) {
      LoginAnswer answer{.verdict = LoginVerdict::kAccepted, .days_left = 9};
      (gate.*question)({.name = "bob", .password = "secret"}, answer);
      // What answers like this may have stored the new password before.
      const bool unknown =
          question == &LoginGate::ChangePassword && bytes != unavailable && bytes != absent;
      EXPECT_EQ(answer.verdict, unknown ? LoginVerdict::kUndecided : LoginVerdict::kUnavailable);
      EXPECT_EQ(answer.unanswered, bytes != unavailable && bytes != absent);
      EXPECT_EQ(answer.days_left, -1);
      EXPECT_STRNE(answer.reason, "");
      if (bytes == unavailable) {
        EXPECT_STREQ(answer.reason, "not your account");
      }
    }
    EXPECT_FALSE(gate.no_daemon());
  }
}

TEST(SocketGate, PasswordThatIsTooLongIsNotSent) {
  TestServer server(AnswerByTheBook);
  SocketGate gate(server.path());
  const std::string password(kRequestMax, 'p');
  LoginAnswer answer{.verdict = LoginVerdict::kAccepted};
  gate.Authenticate({.name = "bob", .password = password}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnavailable);
}

TEST(SocketControl, ReportsAndReasonsReachTheAdministrator) {
  const auto text_of = [](SocketControl& control, std::uint16_t flags, Answer& answer) {
    std::string said;
    answer = control.Refresh(flags, [&](std::string_view text) { said = text; });
    return said;
  };
  Answer answer;
  {
    TestServer server(AnswerByTheBook);
    SocketControl control(server.path());
    std::string said;
    EXPECT_EQ(control.Status([&](std::string_view text) { said = text; }), Answer::Found());
    EXPECT_EQ(said, "generation 7");
    EXPECT_EQ(text_of(control, request_flag::kWait | request_flag::kForce, answer), "waitforce");
    EXPECT_EQ(answer, Answer::Found());
    EXPECT_EQ(text_of(control, request_flag::kForce, answer), "force");
    for (const std::string name : {"bob", ""}) {
      EXPECT_EQ(control.Flush(name, [&](std::string_view text) { said = text; }), Answer::Found());
      EXPECT_EQ(said, "forgot <" + name + ">");
    }
  }
  std::string refused;
  AppendUnavailable(Reason::kNotAllowed, "only root may refresh", refused);
  TestServer server(Saying(refused));
  SocketControl control(server.path());
  EXPECT_EQ(text_of(control, 0, answer), "only root may refresh");
  EXPECT_EQ(answer, Answer::Unavailable(Reason::kNotAllowed));
}

TEST(SocketControl, KeysComeAsTheyAreAndWhoeverHasNoneHasNone) {
  std::string said = "untouched";
  const auto keep = [&](std::string_view text) { said = text; };
  {
    TestServer server(AnswerByTheBook);
    SocketControl control(server.path());
    EXPECT_EQ(control.SshKeys("bob", keep), Answer::Found());
    EXPECT_EQ(said, "ssh-ed25519 AAAA\t\"r\xc3\xb6\" of bob\n");
    EXPECT_FALSE(control.no_daemon());
  }
  said = "untouched";
  std::string absent;
  AppendAbsent(absent);
  TestServer nobody(Saying(absent));
  EXPECT_EQ(SocketControl(nobody.path()).SshKeys("bob", keep), Answer::Absent());
  EXPECT_EQ(said, "untouched");
  std::string text;
  AppendText("ssh-ed25519 AAAA\n", text);
  TestServer report(Saying(text));
  EXPECT_EQ(SocketControl(report.path()).SshKeys("bob", keep),
            Answer::Unavailable(Reason::kServerError));
  EXPECT_EQ(said, "untouched") << "a report for people is no list of keys";
}

// The daemon's report has what a database server has said in it.
TEST(SocketControl, NothingThatTheDaemonSaysCommandsTheAdministratorsTerminal) {
  std::string report;
  AppendText("users 1\nerror \x1b[2J\r\x9b\x7f\n", report);
  TestServer server(Saying(report));
  SocketControl control(server.path());
  std::string said;
  EXPECT_EQ(control.Status([&](std::string_view text) { said = text; }), Answer::Found());
  EXPECT_EQ(said, "users 1\nerror ?[2J???\n");
}

// Who is not there.

void ExpectNoDaemon(const char* path) {
  SocketSource source(path);
  EXPECT_EQ(source.FindUserByName("bob", [](const UserRecord&) { ADD_FAILURE(); }),
            Answer::Unavailable(Reason::kNotConfigured))
      << path;
  EXPECT_TRUE(source.no_daemon()) << path;
  Cursor<UserRecord>* users = nullptr;
  EXPECT_EQ(source.ListUsers(users), Answer::Unavailable(Reason::kNotConfigured)) << path;
  SocketGate gate(path);
  LoginAnswer answer{.verdict = LoginVerdict::kAccepted};
  gate.Authenticate({.name = "bob", .password = "secret"}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnavailable) << path;
  EXPECT_TRUE(gate.no_daemon()) << path;
}

TEST(SocketClient, WhereNobodyListensThereIsNoDaemon) {
  ExpectNoDaemon("/tmp/sqlmap-wire-no-such-directory/socket");
  ExpectNoDaemon("/etc/passwd");
  ExpectNoDaemon("/etc/sqlmap-wire-no-such-socket");
  ExpectNoDaemon("");
  ExpectNoDaemon("socket");
  ExpectNoDaemon("/socket");
  const std::string endless = "/etc/" + std::string(103, 's');
  ASSERT_EQ(endless.size(), 108U);
  ExpectNoDaemon(endless.c_str());
  Listener listener;
  listener.Stop();
  ExpectNoDaemon(listener.path());
}

TEST(SocketClient, SocketThatAnybodyCouldHavePutThereIsNoDaemon) {
  TestServer server(AnswerByTheBook);
  const std::string& directory = server.listener().directory();
  const auto answer = [&] {
    return SocketSource(server.path()).FindUserByName("bob", [](const UserRecord&) {});
  };
  ASSERT_EQ(answer(), Answer::Found());
  for (const mode_t mode : {0777U, 01777U, 0775U}) {
    ASSERT_EQ(chmod(directory.c_str(), mode), 0);
    ExpectNoDaemon(server.path());
  }
  ASSERT_EQ(chmod(directory.c_str(), 0755), 0);
  ASSERT_EQ(chown(directory.c_str(), 1001, 1001), 0);
  ExpectNoDaemon(server.path());
  ASSERT_EQ(chown(directory.c_str(), 0, 0), 0);
  EXPECT_EQ(answer(), Answer::Found());
}

TEST(SocketClient, DaemonThatComesBackIsThere) {
  std::string absent;
  AppendAbsent(absent);
  TestServer server(Saying(absent));
  SocketSource source(server.path());
  const std::string aside = std::string(server.path()) + "-aside";
  ASSERT_EQ(rename(server.path(), aside.c_str()), 0);
  EXPECT_TRUE(source.FindUserById(1, [](const UserRecord&) {}).unavailable());
  EXPECT_TRUE(source.no_daemon());
  ASSERT_EQ(rename(aside.c_str(), server.path()), 0);
  EXPECT_EQ(source.FindUserById(1, [](const UserRecord&) {}), Answer::Absent());
  EXPECT_FALSE(source.no_daemon());
}

}  // namespace
}  // namespace sqlmap
