#include "ctl/setup/rehearsal.h"

#include <dlfcn.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <shadow.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "common/password/make.h"
#include "ctl/exit_status.h"
#include "ctl/setup/child.h"
#include "ctl/setup/system_file.h"
#include "ctl/setup/trial_host.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kNoAnswer = "no answer";
constexpr std::string_view kLoaded = "loaded";
constexpr char kEnd[] = "the end of all trials";
constexpr std::string_view kCannot = "cannot";  // what such a result says is bad, before and after
constexpr char kNssModule[] = "libnss_sqlmap.so.2";
constexpr const char* kPamModules[] = {"pam_localuser.so", "pam_sqlmap.so"};
constexpr char kShadow[] = "/etc/shadow";
// It is nobody's: what is typed at a rehearsal must open nothing.
constexpr char kWrongPassword[] = "\x01 the rehearsal of sqlmapctl setup \x02";

// Answers whatever is asked with the password that it is given, and shows nothing.
int Converse(int count, const pam_message** messages, pam_response** responses, void* password) {
  auto* const answers = static_cast<pam_response*>(
      std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (answers == nullptr) return PAM_BUF_ERR;
  for (int i = 0; i < count; ++i) {
    const int style = messages[i]->msg_style;
    if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)
      answers[i].resp = strdup(static_cast<const char*>(password));
  }
  *responses = answers;
  return PAM_SUCCESS;
}

void DoNotDelay(int, unsigned, void*) {}

std::string PamCode(int code) {
  static const std::map<int, const char*> kNames{
      {PAM_SUCCESS, "success"},
      {PAM_OPEN_ERR, "a module cannot be loaded"},
      {PAM_SYSTEM_ERR, "system error"},
      {PAM_SERVICE_ERR, "service error"},
      {PAM_PERM_DENIED, "permission denied"},
      {PAM_AUTH_ERR, "authentication failure"},
      {PAM_AUTHINFO_UNAVAIL, "unavailable"},
      {PAM_USER_UNKNOWN, "user unknown"},
      {PAM_MAXTRIES, "too many tries"},
      {PAM_NEW_AUTHTOK_REQD, "new password required"},
      {PAM_ACCT_EXPIRED, "account expired"},
      {PAM_MODULE_UNKNOWN, "a module cannot be loaded"},
      {PAM_ABORT, "the stack is broken"},
  };
  const auto name = kNames.find(code);
  return name == kNames.end() ? "PAM code " + std::to_string(code) : name->second;
}

class Steps {
 public:
  explicit Steps(int out) : out_(out) {}

  // Its name first, so that a step that hangs is known.
  template <typename Step>
  void Do(const std::string& name, Step step) {
    Say(name + "\t");
    Say(step() + "\n");
  }

 private:
  void Say(const std::string& text) { (void)!write(out_, text.data(), text.size()); }
  const int out_;
};

// Each module has a service of its name in the stage.
std::string LoadPamModule(const std::string& stage, const std::string& module) {
  std::string password(kWrongPassword);
  const pam_conv conversation{Converse, password.data()};
  pam_handle_t* pam = nullptr;
  int code = pam_start_confdir(module.c_str(), "root", &conversation, stage.c_str(), &pam);
  if (code != PAM_SUCCESS) return PamCode(code);
  code = pam_acct_mgmt(pam, PAM_SILENT);
  pam_end(pam, code);
  return code == PAM_MODULE_UNKNOWN || code == PAM_OPEN_ERR ? "cannot be loaded"
                                                            : std::string(kLoaded);
}

std::string LoadNssModule() {
  if (dlopen(kNssModule, RTLD_LAZY | RTLD_LOCAL) != nullptr) return std::string(kLoaded);
  return std::string("cannot be loaded: ") + dlerror();
}

std::string FindUser(const std::string& name) {
  const passwd* const user = getpwnam(name.c_str());
  if (user == nullptr) return "not found";
  return "uid " + std::to_string(user->pw_uid) + ", gid " + std::to_string(user->pw_gid) +
         ", home " + user->pw_dir + ", shell " + user->pw_shell;
}

std::string FindGroups(const std::string& name) {
  const passwd* const user = getpwnam(name.c_str());
  const gid_t primary = user == nullptr ? 0 : user->pw_gid;
  std::vector<gid_t> gids(65536);
  int count = static_cast<int>(gids.size());
  if (getgrouplist(name.c_str(), primary, gids.data(), &count) < 0) return "too many";
  std::sort(gids.begin(), gids.begin() + count);
  std::string text = "gids";
  for (int i = 0; i < count; ++i) text += " " + std::to_string(gids[static_cast<std::size_t>(i)]);
  return text;
}

using PamCall = int (*)(pam_handle_t*, int);

// How somebody fares in that stack with this password.
std::string TryPam(const std::string& service, const std::string& name, std::string password,
                   PamCall call) {
  const pam_conv conversation{Converse, password.data()};
  pam_handle_t* pam = nullptr;
  int code = pam_start(service.c_str(), name.c_str(), &conversation, &pam);
  if (code == PAM_SUCCESS) {
    (void)pam_set_item(pam, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&DoNotDelay));
    code = call(pam, PAM_SILENT);
    pam_end(pam, code);
  }
  OPENSSL_cleanse(password.data(), password.size());
  return PamCode(code);
}

// A password that these people have in the rehearsal alone, and shadow(5) with it. Who has no line
// there is not among them.
struct TrialPassword {
  std::string password;
  std::string shadow;
  std::set<std::string> people;
};

[[noreturn]] void Fail(const char* call) {
  throw Failure(ExitStatus::kUnknown,
                std::string("no password for the trial can be made: ") + call);
}

TrialPassword MakeTrialPassword(const std::vector<std::string>& people) {
  if (!SystemFileExists(kShadow)) return {};
  std::array<unsigned char, 16> random{};
  if (getentropy(random.data(), random.size()) != 0) Fail("getentropy");
  constexpr std::string_view kDigits = "0123456789abcdef";
  TrialPassword trial;
  for (const unsigned char byte : random) {
    trial.password += kDigits[byte / 16];
    trial.password += kDigits[byte % 16];
  }
  // Random as it is, it needs no costly hash; each stack verifies it twice.
  constexpr std::uint32_t kRounds = 5000;
  const auto hash = MakePasswordHash(trial.password, PasswordScheme::kSha512Crypt, kRounds);
  if (!hash) Fail("crypt");
  trial.shadow = ReadSystemFile(kShadow);
  for (const std::string& name : people) {
    std::string shadow = WithHash(trial.shadow, name, View(*hash));
    if (shadow.empty()) continue;
    trial.shadow = std::move(shadow);
    trial.people.insert(name);
  }
  return trial;
}

struct Rehearsed {
  const std::vector<std::string>& services;
  const std::vector<std::string>& people;
  const std::string& stage;
  TrialPassword trial;
};

// Everything, with `changes` in force.
int Observe(int out, const std::vector<FileChange>& changes, bool load, const Rehearsed& what) {
  std::vector<TrialFile> over;
  for (const FileChange& change : changes) over.push_back({change.path, change.after});
  if (!what.trial.people.empty()) over.push_back({kShadow, what.trial.shadow});
  std::vector<TrialFile> own;
  for (const std::string module : kPamModules)
    own.push_back({module, "account required " + module + "\n"});
  Steps steps(out);
  const bool mounted = EnterTrialHost(what.stage, over, own);
  const int error = errno;
  steps.Do("files for the trial alone", [&] {
    return mounted ? std::string("mounted")
                   : std::string("cannot be mounted: ") + std::system_category().message(error);
  });
  if (!mounted) return 1;
  if (load) {
    steps.Do(kNssModule, LoadNssModule);
    for (const char* const module : kPamModules)
      steps.Do(module, [&] { return LoadPamModule(what.stage, module); });
  }
  for (const std::string& name : what.people) {
    steps.Do("getent passwd " + name, [&] { return FindUser(name); });
    steps.Do("id " + name, [&] { return FindGroups(name); });
    steps.Do("getent shadow " + name, [&] {
      return std::string(getspnam(name.c_str()) == nullptr ? "not found" : "found");
    });
  }
  for (const std::string& service : what.services) {
    for (const std::string& name : what.people) {
      const std::string stack = "pam.d/" + service + ": ";
      steps.Do(stack + "the account of " + name,
               [&] { return TryPam(service, name, kWrongPassword, pam_acct_mgmt); });
      if (what.trial.people.contains(name)) {
        steps.Do(stack + "the right password of " + name + "'s",
                 [&] { return TryPam(service, name, what.trial.password, pam_authenticate); });
      }
      steps.Do(stack + "a wrong password of " + name + "'s",
               [&] { return TryPam(service, name, kWrongPassword, pam_authenticate); });
      ForgetFailedLogins();  // or the next trial would hear of this one's
    }
  }
  steps.Do(kEnd, [] { return std::string("reached"); });
  return 0;
}

std::vector<std::pair<std::string, std::string>> ReadSteps(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> steps;
  for (std::string_view line : WholeLines(text)) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    const bool whole = line.ends_with('\n') && tab != line.size();
    if (whole) line.remove_suffix(1);
    steps.emplace_back(line.substr(0, tab), whole ? line.substr(tab + 1) : kNoAnswer);
  }
  return steps;
}

}  // namespace

std::vector<Trial> Compare(std::string_view before, std::string_view after) {
  auto old = ReadSteps(before);
  if (old.empty() || old.back().first != kEnd) old.emplace_back(kEnd, kNoAnswer);
  std::vector<Trial> trials;
  for (auto& [what, result] : ReadSteps(after)) {
    const auto same = std::ranges::find(old, what, &std::pair<std::string, std::string>::first);
    Trial trial{what, same == old.end() ? "" : same->second, result, false};
    // What is new has nothing to be compared with.
    trial.good = trial.after != kNoAnswer && !trial.after.starts_with(kCannot) &&
                 (same == old.end() ? trial.after == kLoaded : trial.after == trial.before);
    trials.push_back(std::move(trial));
    if (!trials.back().good) return trials;
  }
  const auto missing = std::ranges::find_if(old, [&](const auto& step) {
    return std::ranges::find(trials, step.first, &Trial::what) == trials.end();
  });
  if (missing != old.end())
    trials.push_back({missing->first, missing->second, std::string(kNoAnswer), false});
  return trials;
}

std::vector<Trial> Rehearse(const std::vector<FileChange>& changes, bool load,
                            const std::vector<std::string>& services, const std::string& local_name,
                            const std::string& stage) {
  std::vector<std::string> people{"root"};
  if (!local_name.empty()) people.push_back(local_name);
  Rehearsed what{services, people, stage, MakeTrialPassword(people)};
  const auto observe = [&](const std::vector<FileChange>& in_force, bool load_now) {
    return RunChild([&](int out) { return Observe(out, in_force, load_now, what); }, kTrialMs).said;
  };
  const std::string before = observe({}, false);
  const std::string after = observe(changes, load);
  OPENSSL_cleanse(what.trial.password.data(), what.trial.password.size());
  OPENSSL_cleanse(what.trial.shadow.data(), what.trial.shadow.size());
  return Compare(before, after);
}

}  // namespace sqlmap
