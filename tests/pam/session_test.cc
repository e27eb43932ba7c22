// The session stage in processes of their own, for it changes the process.
#include <limits.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "pam_test.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kUid = 12345;
constexpr std::uint32_t kGid = 23456;
// What libpam makes of a stack that has nothing but PAM_IGNORE.
constexpr int kIgnored = PAM_PERM_DENIED;

class SessionTest : public PamTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "sessions are opened by root";
    char name[] = "/run/sqlmap-session-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    top_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    MakeDirectory(top_ + "/sites", 0755, 0);
    MakeDirectory(top_ + "/jail", 0755, 0);
    std::ofstream(top_ + "/jail/inside") << "x";
    Account("shop", Home());
  }
  void TearDown() override {
    if (!top_.empty()) fs::remove_all(top_);
  }

  std::string Home() const { return top_ + "/sites/shop"; }
  static void MakeDirectory(const std::string& path, mode_t mode, uid_t owner) {
    ASSERT_EQ(mkdir(path.c_str(), 0700), 0) << path;
    ASSERT_EQ(chown(path.c_str(), owner, owner), 0);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }
  void Account(const std::string& name, const std::string& home, std::uint32_t uid = kUid) const {
    plugin().set_account({name, name, uid, kGid, home, false});
  }
  // "session required MODULE OPTIONS", where TOP stands for the test's directory.
  void Line(const std::string& options, const char* module = kModule) {
    Service("session required MODULE " + options + "\n", {{"TOP", top_}, {"MODULE", module}});
  }

  std::string top_;
};

// In a process of its own; what it says comes through a pipe.
std::string InChild(const std::function<std::string()>& action) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    const std::string text = action();
    _exit(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "the child came to grief";
}

std::string CodeName(int code) {
  switch (code) {
    case PAM_SUCCESS:
      return "success";
    case kIgnored:
      return "ignored";
    case PAM_SESSION_ERR:
      return "refused";
    case PAM_USER_UNKNOWN:
      return "unknown";
    default:
      return std::to_string(code);
  }
}

std::string Octal(mode_t mode) {
  char text[8];
  (void)std::snprintf(text, sizeof text, "%03o", mode);
  return text;
}

// "opened: success, umask 022, free; closed: success". A process that is locked in sees the jail's
// file in its root directory, and works there.
std::string State(int open_status) {
  const mode_t mask = umask(0);
  umask(mask);
  std::string state = "opened: " + CodeName(open_status) + ", umask " + Octal(mask) + ", ";
  char cwd[PATH_MAX];
  const bool at_root = getcwd(cwd, sizeof cwd) != nullptr && std::string(cwd) == "/";
  const bool jail = access("/inside", F_OK) == 0;
  if (jail != at_root) return state + "half locked in";
  return state + (jail ? "locked in" : "free");
}

// A session of `user` from its begin to its end, in a process with umask 022 that works in /run.
std::string Play(
    const ServiceFolder& folder, const char* user = "shop",
    const std::function<void()>& before = [] {}) {
  return InChild([&] {
    umask(022);
    if (chdir("/run") != 0) std::abort();
    PamSession session(folder, "sshd", user);
    before();
    const int status = pam_open_session(session.handle(), 0);
    std::string opened = State(status);
    if (status != PAM_SUCCESS && status != kIgnored) return opened;
    return opened + "; closed: " + CodeName(pam_close_session(session.handle(), 0));
  });
}

void GiveUpCapability(int capability) {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) std::abort();
  data[0].effective &= ~(1U << static_cast<unsigned>(capability));
  if (syscall(SYS_capset, &header, data) != 0) std::abort();
}

constexpr char kOpenAndFree[] = "opened: success, umask 022, free; closed: success";
constexpr char kRefused[] = "opened: refused, umask 022, free";
constexpr char kIgnoredByBoth[] = "opened: ignored, umask 022, free; closed: ignored";

TEST_F(SessionTest, WithoutOptionsOnlyTheGateIsAsked) {
  Line("");
  PamSession session(folder_, "sshd", "shop");
  ASSERT_EQ(pam_set_item(session.handle(), PAM_RHOST, "2001:db8::1"), PAM_SUCCESS);
  ASSERT_EQ(pam_set_item(session.handle(), PAM_TTY, "pts/3"), PAM_SUCCESS);
  EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SUCCESS);
  FakeGateCall call = LastCall();
  EXPECT_EQ(call.count, 1);
  EXPECT_EQ(call.question, "open session");
  EXPECT_EQ(call.name, "shop");
  EXPECT_EQ(call.service, "sshd");
  EXPECT_EQ(call.rhost, "2001:db8::1");
  EXPECT_EQ(call.tty, "pts/3");
  EXPECT_EQ(call.pid, getpid());
  EXPECT_EQ(pam_close_session(session.handle(), 0), PAM_SUCCESS);
  call = LastCall();
  EXPECT_EQ(call.count, 2);
  EXPECT_EQ(call.question, "close session");
  EXPECT_EQ(call.pid, getpid());
  EXPECT_TRUE(session.messages().empty());
  EXPECT_TRUE(OurLines().empty()) << "a session that opens is no news";
  EXPECT_EQ(Play(folder_), kOpenAndFree);
}

TEST_F(SessionTest, OnlyAGateThatAcceptsOpensASessionAndARefusalChangesNothing) {
  Line("umask=077 chroot=TOP/jail mkhome=TOP/sites");
  for (int value = 0; value < 256; ++value) {
    const auto verdict = static_cast<LoginVerdict>(value);
    Account(NameFor(verdict), Home());
    const std::string expected = verdict == LoginVerdict::kAccepted
                                     ? "opened: success, umask 077, locked in; closed: success"
                                     : kRefused;
    EXPECT_EQ(Play(folder_, NameFor(verdict).c_str()), expected) << value;
  }
}

TEST_F(SessionTest, EachVerdictHasItsCodeAndItsLine) {
  Line("");
  for (int value = 0; value <= static_cast<int>(LoginVerdict::kUnavailable) + 1; ++value) {
    const auto verdict = static_cast<LoginVerdict>(value);
    int status = PAM_SESSION_ERR;
    if (verdict == LoginVerdict::kAccepted) status = PAM_SUCCESS;
    if (verdict == LoginVerdict::kUnknownUser) status = kIgnored;
    PamSession session(folder_, "sshd", NameFor(verdict));
    EXPECT_EQ(pam_open_session(session.handle(), 0), status) << value;
    EXPECT_EQ(OurLines().size(), status == PAM_SESSION_ERR ? 1U : 0U) << value;
    PamSession accepted(folder_, "sshd", "shop");
    EXPECT_EQ(pam_open_session(accepted.handle(), 0), PAM_SUCCESS);
    ASSERT_EQ(pam_set_item(accepted.handle(), PAM_USER, NameFor(verdict).c_str()), PAM_SUCCESS);
    EXPECT_EQ(pam_close_session(accepted.handle(), 0), status) << value;
    EXPECT_EQ(OurLines().size(), status == PAM_SESSION_ERR ? 1U : 0U) << value;
  }
}

TEST_F(SessionTest, AStoppedDaemonKeepsNobodyOutUnlessSessionsAreToBeLockedIn) {
  Line("", kModuleWithoutPlugin);
  EXPECT_EQ(Play(folder_), kIgnoredByBoth);
  Line("umask=077 mkhome=TOP/sites", kModuleWithoutPlugin);
  EXPECT_EQ(Play(folder_), "opened: ignored, umask 077, free; closed: ignored");
  EXPECT_TRUE(fs::is_empty(top_ + "/sites")) << "whose home is that?";
  Line("umask=077 chroot=TOP/jail", kModuleWithoutPlugin);
  EXPECT_EQ(Play(folder_), kRefused);
  PamSession session(folder_, "sshd", "shop");
  EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SESSION_ERR);
  const std::vector<LogLine> lines = OurLines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(
      lines[0].text,
      "session refused, for it cannot be locked in: nobody can say whether the account is one "
      "of the database");
  EXPECT_EQ(lines[0].priority & LOG_PRIMASK, LOG_ERR);
}

TEST_F(SessionTest, ADaemonThatDoesNotAnswerRefusesUnlessTheLineSaysOtherwise) {
  const std::string name = NameFor(LoginVerdict::kUnavailable);
  Line("");
  EXPECT_EQ(Play(folder_, name.c_str()), kRefused);
  Line("ignore_authinfo_unavail");
  EXPECT_EQ(Play(folder_, name.c_str()), kIgnoredByBoth);
}

TEST_F(SessionTest, SystemAccountsAndOtherPeoplesAccountsAreLeftAlone) {
  for (const char* const options :
       {"", "umask=077 chroot=TOP/jail mkhome=TOP/sites", "chroot=bad", "umask=bad mkhome=bad"}) {
    Line(options);
    for (const char* const name : {"root", "nobody"}) {
      Account(name, Home());
      EXPECT_EQ(Play(folder_, name), kIgnoredByBoth) << name << options;
      PamSession session(folder_, "sshd", name);
      EXPECT_EQ(pam_open_session(session.handle(), 0), kIgnored);
      EXPECT_EQ(LastCall().count, 0) << "root's session waited for the database";
    }
    EXPECT_EQ(Play(folder_, "ldap-user"), kIgnoredByBoth) << options;
  }
  // A gate that notes whoever comes does not make an account ours.
  Line("umask=077 mkhome=TOP/sites");
  EXPECT_EQ(Play(folder_, "careless"), kIgnoredByBoth);
  EXPECT_TRUE(fs::is_empty(top_ + "/sites"));
}

TEST_F(SessionTest, WhoseAccountIsNotInTheDatabaseThoughThePasswordIsGetsNoWayAroundTheJail) {
  Line("chroot=TOP/jail");
  EXPECT_EQ(Play(folder_, "careless"), "opened: refused, umask 022, free");
  EXPECT_EQ(Play(folder_, "ldap-user"), kIgnoredByBoth);
}

TEST_F(SessionTest, WithoutANameThereIsNoSession) {
  Line("umask=077");
  EXPECT_EQ(Play(folder_, ""), "opened: unknown, umask 022, free");
}

TEST_F(SessionTest, AMissingHomeIsMadeOnceAndTheLogSaysSo) {
  MakeDirectory(top_ + "/skel", 0755, 0);
  std::ofstream(top_ + "/skel/.profile") << "umask 027\n";
  Line("mkhome=TOP/sites skel=TOP/skel home_mode=0750");
  PamSession session(folder_, "sshd", "shop");
  EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SUCCESS);
  struct stat status {};
  ASSERT_EQ(lstat(Home().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFDIR | 0750U);
  EXPECT_EQ(status.st_uid, kUid);
  EXPECT_EQ(status.st_gid, kGid);
  EXPECT_TRUE(fs::exists(Home() + "/.profile"));
  std::vector<LogLine> lines = OurLines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "made the home " + Home());
  EXPECT_EQ(lines[0].priority & LOG_PRIMASK, LOG_INFO);
  EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SUCCESS);
  EXPECT_TRUE(OurLines().empty());
}

TEST_F(SessionTest, AHomeThatCannotBeMadeIsAnErrorInTheLogAndTheServiceDecides) {
  Line("mkhome=TOP/sites");
  struct {
    std::string home;
    std::string why;
  } const cases[] = {
      {top_ + "/elsewhere", "it is not below mkhome=" + top_ + "/sites"},
      {"", "its path must be absolute, without \".\", \"..\", \"//\" or a \"/\" at the end"},
  };
  for (const auto& c : cases) {
    Account("shop", c.home);
    PamSession session(folder_, "sshd", "shop");
    EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SUCCESS) << c.home;
    const std::vector<LogLine> lines = OurLines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].text, "no home " + (c.home.empty() ? "\"\"" : c.home) + ": " + c.why);
    EXPECT_EQ(lines[0].priority & LOG_PRIMASK, LOG_ERR);
  }
  Account("shop", "/" + std::string(5000, 'x'));
  EXPECT_EQ(Play(folder_), kOpenAndFree);
  Account("shop", Home(), 0);
  EXPECT_EQ(Play(folder_), kOpenAndFree);
  Line("mkhome=TOP/sites umask=022 skel=relative");
  Account("shop", Home());
  EXPECT_EQ(Play(folder_), kOpenAndFree);
  EXPECT_TRUE(fs::is_empty(top_ + "/sites"));
}

TEST_F(SessionTest, AnAnswerAboutSomebodyElseMakesNoHomeAndOpensNoJail) {
  plugin().set_account({"shop", "Shop", kUid, kGid, Home(), false});
  Line("mkhome=TOP/sites");
  EXPECT_EQ(Play(folder_), kOpenAndFree);
  EXPECT_TRUE(fs::is_empty(top_ + "/sites"));
  Line("chroot=TOP/jail");
  EXPECT_EQ(Play(folder_), kRefused);
  plugin().set_account({"shop", "shop", kUid, kGid, Home(), true});
  EXPECT_EQ(Play(folder_), kRefused);
}

TEST_F(SessionTest, UmaskAndChrootWorkInAnyCombinationAndOrder) {
  struct {
    const char* options;
    const char* opened;
  } const cases[] = {
      {"umask=0027", "success, umask 027, free"},
      {"umask=0", "success, umask 000, free"},
      {"umask=u=rwx", "success, umask 077, free"},
      {"chroot=TOP/jail", "success, umask 022, locked in"},
      {"chroot=TOP/jail umask=0027", "success, umask 027, locked in"},
      {"umask=0027 debug chroot=TOP/jail", "success, umask 027, locked in"},
      {"bogus umask=0027 chroot=TOP/jail mkhome=TOP/sites", "success, umask 027, locked in"},
      {"chroot=TOP/jail chroot=", "refused, umask 022, free"},
      {"chroot=jail", "refused, umask 022, free"},
      {"chroot", "refused, umask 022, free"},
      {"chrot=TOP/jail umask=0027", "refused, umask 022, free"},
      {"chroot=TOP/jail/", "refused, umask 022, free"},
      {"chroot=TOP/../TOP/jail", "refused, umask 022, free"},
      {"chroot=TOP/nowhere", "refused, umask 022, free"},
      {"chroot=TOP/jail/inside", "refused, umask 022, free"},
  };
  for (const auto& c : cases) {
    Line(c.options);
    const std::string played = Play(folder_);
    EXPECT_EQ(played.substr(0, played.find(';')), std::string("opened: ") + c.opened) << c.options;
  }
}

TEST_F(SessionTest, AJailThatSomebodyElseCanChangeIsNone) {
  Line("chroot=TOP/jail");
  struct {
    uid_t owner;
    mode_t mode;
  } const cases[] = {{kUid, 0755}, {0, 0775}, {0, 0757}, {0, 01777}};
  for (const std::string path : {"", "/jail"}) {
    for (const auto& c : cases) {
      ASSERT_EQ(chown((top_ + path).c_str(), c.owner, 0), 0);
      ASSERT_EQ(chmod((top_ + path).c_str(), c.mode), 0);
      EXPECT_EQ(Play(folder_), kRefused) << path << " " << c.owner << " " << Octal(c.mode);
      PamSession session(folder_, "sshd", "shop");
      EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SESSION_ERR);
      const std::vector<LogLine> lines = OurLines();
      ASSERT_EQ(lines.size(), 1U);
      EXPECT_NE(lines[0].text.find(top_ + path), std::string::npos) << lines[0].text;
    }
    ASSERT_EQ(chown((top_ + path).c_str(), 0, 0), 0);
    ASSERT_EQ(chmod((top_ + path).c_str(), 0755), 0);
  }
  fs::rename(top_ + "/jail", top_ + "/real");
  fs::create_directory_symlink(top_ + "/real", top_ + "/jail");
  EXPECT_EQ(Play(folder_), kRefused);
}

TEST_F(SessionTest, TheHomeIsAJailIfItIsRoots) {
  Line("chroot=home");
  Account("shop", top_ + "/jail");
  EXPECT_EQ(Play(folder_), "opened: success, umask 022, locked in; closed: success");
  ASSERT_EQ(chown((top_ + "/jail").c_str(), kUid, kGid), 0);
  EXPECT_EQ(Play(folder_), kRefused) << "sshd would not do that either";
  for (const std::string home : {"", "/", "relative", "/run/..", "/nonexistent"}) {
    Account("shop", home);
    EXPECT_EQ(Play(folder_), kRefused) << home;
  }
}

TEST_F(SessionTest, WhereChrootIsForbiddenNothingIsHalfDoneAndTheRowIsEnded) {
  Line("chroot=TOP/jail umask=077");
  EXPECT_EQ(Play(folder_, "shop", [] { GiveUpCapability(CAP_SYS_CHROOT); }), kRefused);
  EXPECT_EQ(Play(folder_, "shop",
                 [] {
                   if (setresuid(kUid, kUid, kUid) != 0) std::abort();
                 }),
            kRefused);
  const std::string questions = InChild([&] {
    GiveUpCapability(CAP_SYS_CHROOT);
    PamSession session(folder_, "sshd", "shop");
    pam_open_session(session.handle(), 0);
    const FakeGateCall call = LastCall();
    return call.question + " " + std::to_string(call.count);
  });
  EXPECT_EQ(questions, "close session 2");
}

TEST_F(SessionTest, ASessionThatIsLockedInAsksNobodyWhatStandsInItsJail) {
  Line("chroot=TOP/jail");
  const std::string locked_in = InChild([&] {
    PamSession session(folder_, "sshd", "shop");
    pam_open_session(session.handle(), 0);
    pam_close_session(session.handle(), 0);
    return LastCall().question + " " + std::to_string(LastCall().count);
  });
  EXPECT_EQ(locked_in, "open session 1");
  // A service that lets a child open the session, and ends it outside.
  PamSession session(folder_, "sshd", "shop");
  EXPECT_EQ(InChild([&] { return State(pam_open_session(session.handle(), 0)); }),
            "opened: success, umask 022, locked in");
  EXPECT_EQ(pam_close_session(session.handle(), 0), PAM_SUCCESS);
  EXPECT_EQ(LastCall().question, "close session");
}

TEST_F(SessionTest, AProcessThatIsLockedInOpensNoOtherSession) {
  Service("session required MODULE chroot=TOP/jail\nsession required MODULE umask=077\n",
          {{"TOP", top_}});
  EXPECT_EQ(Play(folder_), "opened: refused, umask 022, locked in");
  Service("session required MODULE umask=077\nsession required MODULE chroot=TOP/jail\n",
          {{"TOP", top_}});
  EXPECT_EQ(Play(folder_), "opened: success, umask 077, locked in; closed: success");
}

TEST_F(SessionTest, TheProcessIsAsItWasButForWhatWasAskedFor) {
  Line("mkhome=TOP/sites");
  EXPECT_EQ(InChild([&] {
              const auto descriptors = [] {
                return std::distance(fs::directory_iterator("/proc/self/fd"),
                                     fs::directory_iterator());
              };
              PamSession session(folder_, "sshd", "shop");
              pam_open_session(session.handle(), 0);  // what libpam and the plugin keep
              fs::remove(Home());
              const auto before = descriptors();
              pam_open_session(session.handle(), 0);
              pam_close_session(session.handle(), 0);
              return std::to_string(descriptors() - before) + (fs::exists(Home()) ? " made" : "");
            }),
            "0 made");
}

}  // namespace
}  // namespace sqlmap
