#include "ctl/check/pam_stage.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/check/pam_control.h"

namespace sqlmap {
namespace {

constexpr std::string_view kUs = "pam_sqlmap.so";

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// Those that ask for passwords of their own, which nobody of the database has, unless pam_unix
// finds his in shadow(5).
bool AsksPasswords(std::string_view module) {
  return IsOneOf(module, {"pam_krb5.so", "pam_ldap.so", "pam_mysql.so", "pam_pwdfile.so",
                          "pam_sss.so", "pam_unix.so", "pam_userdb.so", "pam_winbind.so"});
}

// Those that keep a rule of the host, or do something by the way.
bool IsOfTheHost(std::string_view module) {
  return IsOneOf(
      module,
      {"pam_access.so",     "pam_cap.so",       "pam_ck_connector.so", "pam_echo.so",
       "pam_env.so",        "pam_faildelay.so", "pam_faillock.so",     "pam_gnome_keyring.so",
       "pam_group.so",      "pam_issue.so",     "pam_keyinit.so",      "pam_kwallet5.so",
       "pam_lastlog.so",    "pam_limits.so",    "pam_listfile.so",     "pam_loginuid.so",
       "pam_mail.so",       "pam_mkhomedir.so", "pam_motd.so",         "pam_nologin.so",
       "pam_securetty.so",  "pam_selinux.so",   "pam_sepermit.so",     "pam_shells.so",
       "pam_succeed_if.so", "pam_systemd.so",   "pam_tally2.so",       "pam_time.so",
       "pam_tty_audit.so",  "pam_umask.so",     "pam_usertype.so",     "pam_warn.so",
       "pam_wheel.so"});
}

// What a module may return.
struct Returns {
  std::vector<std::string_view> statuses;
  bool host_decides = false;  // which of them; else that is not known
};

std::vector<std::string_view> OurReturns(const PamLine& line, PamPerson person) {
  const bool auth = line.type == "auth";
  std::vector<std::string_view> statuses;
  if (person == PamPerson::kAccepted) {
    statuses = {"success"};
  } else if (person == PamPerson::kRefused) {
    statuses = {"perm_denied", "acct_expired", "authtok_expired", "cred_insufficient"};
    if (auth) statuses.insert(statuses.end(), {"auth_err", "maxtries"});
  } else {
    statuses = {"user_unknown", "authinfo_unavail", "cred_unavail"};
    if (line.may_ignore) statuses.emplace_back("ignore");
  }
  return statuses;
}

Returns ReturnsOf(const PamLine& line, PamPerson person, ShadowLines shadow) {
  const bool auth = line.type == "auth";
  const std::string_view module = line.module;
  if (module == kUs) return {OurReturns(line, person)};
  if (module == "pam_permit.so") return {{"success"}};
  if (module == "pam_deny.so") return {{"auth_err"}};
  if (module == "pam_localuser.so") return {{"perm_denied"}};
  if (auth && module == "pam_rootok.so") return {{"auth_err"}};
  if (auth && AsksPasswords(module)) {
    Returns returns{{"auth_err", "user_unknown", "authinfo_unavail"}};
    const bool finds_hash = module == "pam_unix.so" && shadow == ShadowLines::kWithHashes;
    if (finds_hash && person != PamPerson::kUnasked)
      returns.statuses.insert(returns.statuses.begin(), "success");
    return returns;
  }
  const bool finds_no_line =
      module == "pam_unix.so" && shadow == ShadowLines::kNone && !line.broken_shadow;
  return {{std::begin(kPamStatuses), std::end(kPamStatuses)},
          (AsksPasswords(module) && !finds_no_line) || IsOfTheHost(module)};
}

enum Impression : std::uint8_t { kNone, kGood, kRefusal };
constexpr Impression kImpressions[] = {kNone, kGood, kRefusal};

// Where it goes on behind a line, and with what.
struct Step {
  std::size_t next;
  Impression impression;

  friend bool operator==(const Step&, const Step&) = default;
};
using Steps = std::vector<Step>;

// What may come of it from somewhere on.
struct End {
  bool possible;  // that somebody gets in
  bool granted;   // he does, by the rules of the host and whatever the unknown modules say
};

class Stage {
 public:
  Stage(std::span<const PamLine> lines, PamPerson person, ShadowLines shadow)
      : lines_(lines),
        us_(static_cast<std::size_t>(std::ranges::find(lines, kUs, &PamLine::module) -
                                     lines.begin())),
        person_(person),
        shadow_(shadow),
        steps_(lines.size()),
        ends_(lines.size() + 1) {
    for (const Impression impression : kImpressions) {
      const bool in = impression == kGood;
      ends_.back()[impression] = {in, in};
    }
    // Jumps go forward alone.
    for (std::size_t at = lines.size(); at-- > 0;) {
      const Returns returns = ReturnsOf(lines[at], person, shadow);
      for (const Impression impression : kImpressions) {
        steps_[at][impression] = StepsBehind(at, returns, impression);
        ends_[at][impression] = EndBehind(steps_[at][impression], returns.host_decides);
      }
    }
  }

  const End& end() const { return ends_[0][kNone]; }

  PamStage WhoLetsIn() const {
    PamStage who{end().granted ? GetsIn::kSurely : GetsIn::kPerhaps, {}};
    Step here{0, kNone};
    while (here.next < lines_.size()) {
      const std::size_t at = here.next;
      const Steps& steps = StepsAt(here);
      // Backwards: success stands first, and who fails has let nobody in.
      const auto step = std::find_if(steps.rbegin(), steps.rend(),
                                     [this](const Step& next) { return EndAt(next).possible; });
      if (Skips(at, *step)) {
        // By a rule of the host, which need not hold.
        if (ReturnsOf(lines_[at], person_, shadow_).host_decides) who.gets_in = GetsIn::kPerhaps;
        who.by = NameOf(at);
        return who;
      }
      if (step->impression == kGood && here.impression != kGood) who.by = NameOf(at);
      here = *step;
    }
    return who;
  }

  // The first line behind which it is lost, or not known any more.
  std::string WhoKeepsOut() const {
    const bool possible = end().possible;
    Step here{0, kNone};
    while (here.next < lines_.size()) {
      const std::size_t at = here.next;
      const Steps& steps = StepsAt(here);
      if (std::ranges::any_of(steps, [this](const Step& next) { return EndAt(next).granted; }))
        return NameOf(at);
      const auto best = std::ranges::find_if(
          steps, [this, possible](const Step& next) { return EndAt(next).possible == possible; });
      if (Skips(at, *best) || (best->impression == kRefusal && here.impression != kRefusal))
        return NameOf(at);
      here = *best;
    }
    return {};
  }

 private:
  const Steps& StepsAt(const Step& here) const { return steps_[here.next][here.impression]; }
  const End& EndAt(const Step& here) const { return ends_[here.next][here.impression]; }
  bool Skips(std::size_t at, const Step& step) const { return at < us_ && step.next > us_; }

  std::string NameOf(std::size_t at) const {
    return lines_[at].module + (at < us_   ? " in front of pam_sqlmap"
                                : at > us_ ? " behind pam_sqlmap"
                                           : "");
  }

  // The first line behind `at` that is not in its substack.
  std::size_t EndOfLevel(std::size_t at) const {
    const int level = lines_[at].level;
    ++at;
    while (at < lines_.size() && lines_[at].level >= level) ++at;
    return at;
  }

  // A substack is one line to those around it. 0: there are not so many.
  std::size_t Jump(std::size_t at, int count) const {
    const std::size_t end = EndOfLevel(at);
    const int level = lines_[at].level;
    for (++at; at < end && count > 0; --count) {
      ++at;
      while (at < end && lines_[at].level > level) ++at;
    }
    return count == 0 ? at : 0;
  }

  Step StepBehind(std::size_t at, bool good, int action, Impression before) const {
    const bool done = action == kDone && before != kRefusal;
    switch (action) {
      case kIgnore:
        return {at + 1, before};
      case kReset:
        return {at + 1, kNone};
      case kOk:
      case kDone:
        return {done ? EndOfLevel(at) : at + 1, good && before != kRefusal ? kGood : kRefusal};
      case kBad:
        return {at + 1, kRefusal};
      case kDie:
        return {EndOfLevel(at), kRefusal};
      default:
        break;
    }
    const std::size_t next = Jump(at, action);
    return next == 0 ? Step{EndOfLevel(at), kRefusal} : Step{next, before};
  }

  Steps StepsBehind(std::size_t at, const Returns& returns, Impression before) const {
    if (lines_[at].control == "substack") return {{at + 1, before}};
    const auto control = ReadPamControl(lines_[at].control);
    if (!control) return {{at + 1, kRefusal}};
    Steps steps;
    const auto add = [&steps](const Step& step) {
      if (std::ranges::find(steps, step) == steps.end()) steps.push_back(step);
    };
    for (const std::string_view status : returns.statuses) {
      const bool good = status == "success" || status == "new_authtok_reqd";
      const auto place = std::ranges::find(kPamStatuses, status) - std::begin(kPamStatuses);
      const int action = (*control)[static_cast<std::size_t>(place)];
      add(StepBehind(at, good, action, before));
      // Back to what was in front of the substack, whatever that is.
      if (action == kReset && lines_[at].level > 0) {
        for (const Impression impression : kImpressions) add({at + 1, impression});
      }
    }
    return steps;
  }

  End EndBehind(const Steps& steps, bool host_decides) const {
    const auto possible = [this](const Step& next) { return EndAt(next).possible; };
    const auto granted = [this](const Step& next) { return EndAt(next).granted; };
    return {std::ranges::any_of(steps, possible), host_decides
                                                      ? std::ranges::any_of(steps, granted)
                                                      : std::ranges::all_of(steps, granted)};
  }

  const std::span<const PamLine> lines_;
  const std::size_t us_;
  const PamPerson person_;
  const ShadowLines shadow_;
  std::vector<std::array<Steps, std::size(kImpressions)>> steps_;
  std::vector<std::array<End, std::size(kImpressions)>> ends_;
};

}  // namespace

PamStage JudgeStage(std::span<const PamLine> lines, PamPerson person, ShadowLines shadow) {
  const Stage stage(lines, person, shadow);
  const End& end = stage.end();
  if (person == PamPerson::kAccepted) {
    if (end.granted) return {GetsIn::kSurely, {}};
    return {end.possible ? GetsIn::kPerhaps : GetsIn::kNever, stage.WhoKeepsOut()};
  }
  return end.possible ? stage.WhoLetsIn() : PamStage();
}

}  // namespace sqlmap
