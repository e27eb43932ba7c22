#include "ctl/auth/show.h"

#include <nlohmann/json.hpp>
#include <string>

#include "common/account/pam_code.h"
#include "common/account/verdict_words.h"
#include "common/backend/reason_words.h"

namespace sqlmap::auth {
namespace {

using nlohmann::ordered_json;

Tone ToneOf(LoginVerdict verdict) {
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return Tone::kGood;
    case LoginVerdict::kUndecided:
    case LoginVerdict::kUnavailable:
      return Tone::kWarning;
    default:
      return Tone::kBad;
  }
}

Tone ToneOf(std::optional<PasswordOutcome> outcome) {
  if (!outcome) return Tone::kFaint;
  if (*outcome == PasswordOutcome::kMatch) return Tone::kGood;
  return *outcome == PasswordOutcome::kMismatch ? Tone::kPlain : Tone::kWarning;
}

// How people and programs are told that a question has no answer.
std::string WhyNot(const Answer& answer) { return std::string(sqlmap::WordsFor(answer.reason)); }

TableCell Unavailable(const Answer& answer) {
  return {"nobody could say: " + WhyNot(answer), Tone::kWarning};
}

TableCell NameCell(const Explanation& explanation) {
  const NameStep& name = explanation.name;
  if (!name.allowed)
    return {"breaks the name rules of [accounts]: the database is not asked", Tone::kBad};
  if (name.served_as != explanation.attempt.name) {
    return {"nobody's: it is served as " + Printable(name.served_as) + " (accounts.name_case)",
            Tone::kBad};
  }
  return "keeps the name rules, and is served as it stands here";
}

TableCell HostCell(const NameStep& name) {
  if (!name.uid) return "not in /etc/passwd";
  const std::string uid = "uid " + std::to_string(*name.uid) + " of /etc/passwd";
  if (name.of_system) return {uid + ", a system account: the database is not asked", Tone::kBad};
  return {uid + ", which NSS asks first; the password may be in the database", Tone::kWarning};
}

TableCell UserCell(const UserStep& user) {
  if (user.answer.unavailable()) return Unavailable(user.answer);
  if (user.answer.absent()) return {"the database has no such user", Tone::kBad};
  return "uid " + std::to_string(user.uid) + ", gid " + std::to_string(user.gid) + ", home " +
         Printable(user.home) + ", shell " + Printable(user.shell);
}

TableCell RowsCell(const RowsStep& step) {
  if (step.answer.unavailable()) return Unavailable(step.answer);
  if (step.answer.absent()) return {"no row: no password opens it", Tone::kBad};
  const std::size_t count = step.rows.size();
  if (count > step.most) {
    return {
        "more than " + std::to_string(step.most) + " rows: the rest is not tried (auth.max_rows)",
        Tone::kWarning};
  }
  return count == 1 ? "1 row" : std::to_string(count) + " rows";
}

std::string Joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

TableCell AccessCell(const AccessStep& access) {
  if (!access.judged) return "no rules";
  std::string rules = Joined(access.lists);
  if (access.asked) rules += rules.empty() ? "the query access" : " and the query access";
  const LoginAnswer& judged = *access.judged;
  if (judged.verdict == LoginVerdict::kAccepted) return {"allowed by " + rules, Tone::kGood};
  return {std::string(sqlmap::WordsFor(judged.verdict)) + " by " + rules + ": " + judged.reason,
          ToneOf(judged.verdict)};
}

TableCell ShadowCell(const ShadowStep& shadow) {
  if (shadow.answer.unavailable()) return Unavailable(shadow.answer);
  if (shadow.answer.absent()) return "no shadow line: it does not age";
  return "see below";
}

void AddStages(const Stages& stages, const std::string& prefix, Table& table) {
  const auto add = [&](const char* stage, const LoginAnswer& answer) {
    const Tone tone = ToneOf(answer.verdict);
    std::string why = answer.reason;
    if (answer.days_left >= 0) why += "; it warns";
    table.Add({prefix + stage,
               {std::string(sqlmap::WordsFor(answer.verdict)), tone},
               {std::string(PamCodeOf(answer.verdict).name), tone},
               Printable(why)});
  };
  add("authentication", stages.authentication);
  add("account", stages.account);
}

enum class Daemon : std::uint8_t { kRunning, kNotRunning, kSilent };

Daemon StateOf(const DaemonStep& daemon) {
  if (daemon.answer.found()) return Daemon::kRunning;
  const bool none = daemon.answer == Answer::Unavailable(Reason::kNotConfigured);
  return none ? Daemon::kNotRunning : Daemon::kSilent;
}

const char* DaemonLine(const DaemonStep& daemon) {
  switch (StateOf(daemon)) {
    case Daemon::kRunning:
      break;
    case Daemon::kNotRunning:
      return "sqlmapd is not running";
    case Daemon::kSilent:
      return "sqlmapd does not answer; its log says why";
  }
  return daemon.says ? "sqlmapd was asked as well: for it that was an attempt, counted and noted"
                     : "sqlmapd is running; it was not asked (--through-daemon)";
}

ordered_json JsonOf(const Answer& answer) {
  if (answer.found()) return "found";
  return answer.absent() ? "absent" : "unavailable";
}

ordered_json JsonOf(const Answer& answer, bool asked) {
  ordered_json value;
  value["answer"] = asked ? JsonOf(answer) : ordered_json();
  if (asked && answer.unavailable()) value["why"] = WhyNot(answer);
  return value;
}

ordered_json JsonOf(const LoginAnswer& answer) {
  return {{"verdict", sqlmap::WordsFor(answer.verdict)},
          {"pam", PamCodeOf(answer.verdict).name},
          {"why", answer.reason},
          {"offline", answer.offline}};
}

ordered_json JsonOf(const Stages& stages) {
  return {{"authentication", JsonOf(stages.authentication)}, {"account", JsonOf(stages.account)}};
}

ordered_json UserJson(const UserStep& user) {
  ordered_json value = JsonOf(user.answer, true);
  if (user.answer.found()) {
    value["uid"] = user.uid;
    value["gid"] = user.gid;
    value["home"] = user.home;
    value["shell"] = user.shell;
  }
  return value;
}

ordered_json RowsJson(const RowsStep& step) {
  ordered_json value = JsonOf(step.answer, true);
  value["max_rows"] = step.most;
  value["rows"] = ordered_json::array();
  for (const RowStep& row : step.rows) {
    value["rows"].push_back({{"row", row.number},
                             {"owner", row.owner},
                             {"scheme", row.scheme},
                             {"enabled", row.enabled},
                             {"services", row.services},
                             {"serves", row.serves},
                             {"password", WordsFor(row.outcome)}});
  }
  return value;
}

ordered_json AccessJson(const AccessStep& access) {
  ordered_json value;
  value["lists"] = access.lists;
  value["query"] = JsonOf(access.answer, access.asked);
  if (access.asked && access.answer.found()) value["query"]["allowed"] = access.allowed;
  value["judged"] = access.judged ? JsonOf(*access.judged) : ordered_json();
  return value;
}

ordered_json ShadowJson(const ShadowStep& shadow) {
  ordered_json value = JsonOf(shadow.answer, true);
  value["today"] = shadow.today;
  value["fields"] = ordered_json::array();
  for (const AgeingWords& field : shadow.fields) {
    value["fields"].push_back(
        {{"field", field.field}, {"value", field.value}, {"meaning", field.meaning}});
  }
  return value;
}

ordered_json DaemonJson(const DaemonStep& daemon) {
  constexpr std::string_view kStates[] = {"running", "not running", "silent"};
  return {{"state", kStates[static_cast<std::size_t>(StateOf(daemon))]},
          {"stages", daemon.says ? JsonOf(*daemon.says) : ordered_json()}};
}

}  // namespace

std::string_view WordsFor(std::optional<PasswordOutcome> outcome) {
  if (!outcome) return "not tried";
  switch (*outcome) {
    case PasswordOutcome::kMatch:
      return "match";
    case PasswordOutcome::kMismatch:
      return "mismatch";
    case PasswordOutcome::kNoPassword:
      return "no password";
    case PasswordOutcome::kUnknownScheme:
      return "unknown scheme";
    case PasswordOutcome::kSchemeNotAllowed:
      return "scheme not allowed";
    case PasswordOutcome::kTooCostly:
      return "too costly";
    case PasswordOutcome::kEmptyNotAllowed:
      return "empty, not allowed";
    case PasswordOutcome::kPasswordTooLong:
      break;
  }
  return "too long";
}

void Show(const Explanation& explanation, Screen& screen) {
  Table steps;
  steps.Add({"name", NameCell(explanation)});
  steps.Add({"host", HostCell(explanation.name)});
  if (explanation.name.DatabaseIsAsked()) {
    steps.Add({"user", UserCell(explanation.user)});
    steps.Add({"auth", RowsCell(explanation.rows)});
    steps.Add({"access", AccessCell(explanation.access)});
    steps.Add({"shadow", ShadowCell(explanation.shadow)});
  }
  screen.Lines(steps);
  if (!explanation.rows.rows.empty()) {
    Table rows({"ROW", "OWNER", "SCHEME", "STATUS", "SERVICES", "PASSWORD"});
    for (const RowStep& row : explanation.rows.rows) {
      rows.Add({std::to_string(row.number),
                row.owner.empty() ? "-" : Printable(row.owner),
                row.scheme.empty() ? "-" : Printable(row.scheme),
                {row.enabled ? "on" : "off", row.enabled ? Tone::kPlain : Tone::kBad},
                {row.services.empty() ? "all" : Printable(row.services),
                 row.serves ? Tone::kPlain : Tone::kBad},
                {std::string(WordsFor(row.outcome)), ToneOf(row.outcome)}});
    }
    screen.Line("");
    screen.Lines(rows);
  }
  if (!explanation.shadow.fields.empty()) {
    const std::int64_t today = explanation.shadow.today;
    Table shadow({"SHADOW", "VALUE", "ON DAY " + std::to_string(today) + ", " + DateOf(today)});
    for (const AgeingWords& field : explanation.shadow.fields)
      shadow.Add({std::string(field.field), std::to_string(field.value), field.meaning});
    screen.Line("");
    screen.Lines(shadow);
  }
  Table stages({"STAGE", "VERDICT", "PAM", "WHY"});
  AddStages(explanation.stages, "", stages);
  if (explanation.daemon.says) AddStages(*explanation.daemon.says, "sqlmapd: ", stages);
  screen.Line("");
  screen.Lines(stages);
  screen.Line("");
  for (const std::string& line : explanation.log)
    screen.Line("log: " + Printable(line), Tone::kWarning);
  screen.Line(DaemonLine(explanation.daemon));
}

ordered_json ToJson(const Explanation& explanation) {
  const NameStep& name = explanation.name;
  ordered_json value;
  value["name"] = explanation.attempt.name;
  value["service"] = explanation.attempt.service;
  value["rhost"] = explanation.attempt.rhost;
  value["tty"] = explanation.attempt.tty;
  value["name_allowed"] = name.allowed;
  value["served_as"] = name.served_as;
  value["local_uid"] = name.uid ? ordered_json(*name.uid) : ordered_json();
  value["system_account"] = name.of_system;
  if (name.DatabaseIsAsked()) {
    value["user"] = UserJson(explanation.user);
    value["auth"] = RowsJson(explanation.rows);
    value["access"] = AccessJson(explanation.access);
    value["shadow"] = ShadowJson(explanation.shadow);
  }
  value["stages"] = JsonOf(explanation.stages);
  value["log"] = explanation.log;
  value["sqlmapd"] = DaemonJson(explanation.daemon);
  return value;
}

}  // namespace sqlmap::auth
