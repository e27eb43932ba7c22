#include "pam/session.h"

#include <limits.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/process/call_guard.h"
#include "pam/gate.h"
#include "pam/home.h"
#include "pam/jail.h"
#include "pam/trouble.h"

namespace sqlmap {
namespace {

// Marks the handle of a session whose process is locked in; a process that was forked before does
// not have it.
constexpr char kLockedIn[] = "sqlmap_locked_in";

enum class Whose : std::uint8_t { kOurs, kNotOurs, kUnknown };

struct Account {
  Whose whose = Whose::kUnknown;
  Uid uid = 0;
  Gid gid = 0;
  std::string_view home;  // in home_text
  char home_text[PATH_MAX];
};

void LookUp(std::string_view name, Account& account) {
  const auto found = [&account](const UserRecord& user) {
    account.uid = user.uid;
    account.gid = user.gid;
    account.home = {};
    // A longer one is nobody's: cut off, it would be another path.
    if (user.home.empty() || user.home.size() > sizeof account.home_text) return;
    std::memcpy(account.home_text, user.home.data(), user.home.size());
    account.home = {account.home_text, user.home.size()};
  };
  const Answer answer = AskAccount(name, found);
  if (answer.found()) account.whose = Whose::kOurs;
  if (answer.absent()) account.whose = Whose::kNotOurs;
}

bool NeedsAccount(const Options& options) {
  return !options.mkhome.empty() || options.umask.has_value() || options.chroot != Chroot::kNone;
}

void MakeHome(pam_handle_t* handle, const Options& options, const Account& account) {
  const HomeOrder order = {.home = account.home,
                           .uid = account.uid,
                           .gid = account.gid,
                           .root = options.mkhome,
                           .skel = options.skel,
                           .mode = options.home_mode};
  char why_text[kMaxLine];
  LineWriter why(why_text);
  Home home = Home::kNone;
  if (MayHaveIds(account.uid, account.gid)) {
    home = ProvideHome(order, why);
  } else {
    why.Text("no account may have uid ").Number(account.uid).Text(" and gid ").Number(account.gid);
  }
  if (home == Home::kThere) return;
  char text[kMaxLine];
  LineWriter line(text);
  WritePath(line.Text(home == Home::kMade ? "made the home " : "no home "), account.home);
  if (home == Home::kNone) line.Text(": ").Text(why.text());
  pam_syslog(handle, home == Home::kMade ? LOG_INFO : LOG_ERR, "%s", text);
}

int Refuse(pam_handle_t* handle, std::string_view why) {
  char text[kMaxLine];
  LineWriter line(text);
  line.Text("session refused, for it cannot be locked in: ").Text(why);
  pam_syslog(handle, LOG_ERR, "%s", text);
  return PAM_SESSION_ERR;
}

bool FindJail(const Options& options, const Account& account, Jail& jail, LineWriter& why) {
  if (options.chroot == Chroot::kUnclear) {
    why.Text("mend the option chroot, or what may be meant for it");
  } else if (account.whose == Whose::kUnknown) {
    why.Text("nobody can say whether the account is one of the database");
  } else {
    return jail.Find(why);
  }
  return false;
}

enum class Row : std::uint8_t {
  kNoted,    // or nobody wants one
  kNotOurs,  // the account is not
  kNobody,   // nobody is there who could want one
  kRefused,
};

Row AskForRow(pam_handle_t* handle, int flags, const Options& options, const LoginRequest& request,
              GateQuestion question) {
  bool nobody_there = false;
  const LoginAnswer answer = AskGate(request, question, &nobody_there);
  Report(handle, flags, Stage::kSession, options, request, answer);
  switch (answer.verdict) {
    case LoginVerdict::kAccepted:
      return Row::kNoted;
    case LoginVerdict::kUnknownUser:
      return Row::kNotOurs;
    case LoginVerdict::kUnavailable:
      return nobody_there || options.ignore_authinfo_unavail ? Row::kNobody : Row::kRefused;
    default:
      return Row::kRefused;
  }
}

int StatusOf(Row row) {
  if (row == Row::kRefused) return PAM_SESSION_ERR;
  return row == Row::kNoted ? PAM_SUCCESS : PAM_IGNORE;
}

int Open(pam_handle_t* handle, int flags, const Options& options, const LoginRequest& request) {
  Account account;
  if (NeedsAccount(options)) LookUp(request.name, account);
  if (account.whose == Whose::kOurs && !options.mkhome.empty()) MakeHome(handle, options, account);

  // Somebody whose password is in the database, and whose passwd entry is not.
  if (options.chroot != Chroot::kNone && account.whose == Whose::kNotOurs &&
      AskGate(request, &LoginGate::CheckAccount).verdict != LoginVerdict::kUnknownUser) {
    return Refuse(handle, "the database has a password for the account, but no account");
  }
  const bool locked_in = options.chroot != Chroot::kNone && account.whose != Whose::kNotOurs;
  Jail jail(options.chroot == Chroot::kHome ? account.home : options.chroot_path);
  char text[kMaxLine];
  LineWriter why(text);
  if (locked_in && !FindJail(options, account, jail, why)) return Refuse(handle, text);

  const Row row = AskForRow(handle, flags, options, request, &LoginGate::OpenSession);
  if (row == Row::kNotOurs && locked_in)
    return Refuse(handle, "the account has gone since it was looked up");
  if (row == Row::kRefused || row == Row::kNotOurs) return StatusOf(row);
  if (account.whose == Whose::kNotOurs) return PAM_IGNORE;
  if (account.whose == Whose::kUnknown && !options.mkhome.empty())
    pam_syslog(handle, LOG_NOTICE, "no home was looked after: nobody can say who that is");

  if (locked_in) {
    const bool marked = pam_set_data(handle, kLockedIn, handle, nullptr) == PAM_SUCCESS;
    if (!marked || !jail.Enter(why)) {
      if (marked) (void)pam_set_data(handle, kLockedIn, nullptr, nullptr);
      (void)AskForRow(handle, flags, options, request, &LoginGate::CloseSession);
      return Refuse(handle, marked ? text : "out of memory");
    }
  }
  if (options.umask.has_value()) (void)umask(*options.umask);
  return StatusOf(row);
}

bool IsLockedIn(pam_handle_t* handle) {
  const void* mark = nullptr;
  return pam_get_data(handle, kLockedIn, &mark) == PAM_SUCCESS && mark != nullptr;
}

}  // namespace

int OpenSession(pam_handle_t* handle, int flags, const Options& options) noexcept {
  const CallGuard guard;
  if (IsLockedIn(handle)) {
    pam_syslog(
        handle, LOG_ERR,
        "session refused, for it is locked in already: let the line with chroot= be the last");
    return PAM_SESSION_ERR;
  }
  const LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  return Open(handle, flags, options, request);
}

int CloseSession(pam_handle_t* handle, int flags, const Options& options) noexcept {
  const CallGuard guard;
  if (IsLockedIn(handle)) return PAM_SUCCESS;
  const LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  return StatusOf(AskForRow(handle, flags, options, request, &LoginGate::CloseSession));
}

}  // namespace sqlmap
