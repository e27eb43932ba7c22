#include "ctl/auth/examine.h"

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>

#include "common/account/line_writer.h"
#include "common/account/rules.h"
#include "common/backend/access_check.h"
#include "common/backend/call.h"
#include "common/login/decide.h"
#include "common/password/recognise.h"
#include "common/sql/rows.h"
#include "common/wire/client.h"

namespace sqlmap::auth {
namespace {

LoginRequest RequestOf(const Attempt& attempt, std::string_view password) {
  return {.name = attempt.name,
          .password = password,
          .service = attempt.service,
          .rhost = attempt.rhost,
          .tty = attempt.tty,
          .pid = getpid()};
}

Deadline UsualDeadline() { return Deadline::In(QueryRunner::kCallBudgetMs); }

NameStep LookAtName(const std::string& name, const AccountSettings& accounts) {
  NameStep step;
  step.served_as = RowReader(accounts).Canonical(name);
  step.allowed = accounts.names.Allows(step.served_as);
  step.uid = accounts.local_uids.IdOf(name);
  step.of_system = step.uid && IsSystemUid(*step.uid);
  return step;
}

UserStep LookAtUser(SqlAccountSource& accounts, const std::string& name) {
  UserStep step;
  step.answer = accounts.FindUserByName(name, UsualDeadline(), [&step](const UserRecord& user) {
    step.uid = user.uid;
    step.gid = user.gid;
    step.home = user.home;
    step.shell = user.shell;
  });
  return step;
}

std::string SchemeOf(const AuthRow& row, const PasswordCheck* check, const AuthSettings& settings) {
  if (check != nullptr && check->scheme) return std::string(NameOf(*check->scheme));
  if (row.hash && row.hash->size() <= kMaxStoredBytes && row.scheme.empty()) {
    const auto recognised =
        Recognise(*row.hash, PasswordSchemeSet::All(), settings.plain_hash_scheme);
    if (recognised) return std::string(NameOf(recognised->scheme));
  }
  return std::string(row.scheme);
}

RowsStep LookAtRows(SqlAccountSource& accounts, const Settings& settings,
                    const LoginRequest& request) {
  RowsStep step;
  step.most = settings.auth.max_rows;
  const PasswordPolicy policy{settings.auth.schemes, settings.auth.plain_hash_scheme, false};
  step.answer =
      accounts.FindAuthRows(request, UsualDeadline(), [&](std::span<const AuthRow> found) {
        LoginFacts facts;
        facts.rows = found;
        const auto checks = std::make_unique<RowChecks>();
        (void)DecideAuthentication(request, facts, policy, step.most, nullptr, checks.get());
        for (std::size_t i = 0; i < found.size(); ++i) {
          const AuthRow& row = found[i];
          const PasswordCheck* const check =
              i < checks->size() && (*checks)[i] ? &*(*checks)[i] : nullptr;
          step.rows.push_back({i + 1, std::string(row.owner), SchemeOf(row, check, settings.auth),
                               row.enabled, std::string(row.services), Serves(row, request.service),
                               check == nullptr ? std::nullopt : std::optional(check->outcome)});
        }
      });
  return step;
}

AccessStep LookAtAccess(SqlAccountSource& accounts, const Settings& settings,
                        const LoginRequest& request, Log& log) {
  AccessStep step;
  const AccessSettings& access = settings.access;
  if (!access.deny_users.empty()) step.lists.push_back("deny_users");
  if (!access.deny_groups.empty()) step.lists.push_back("deny_groups");
  if (!access.allow_users.empty()) step.lists.push_back("allow_users");
  if (!access.allow_groups.empty()) step.lists.push_back("allow_groups");
  step.asked = settings.query(QueryId::kAccess).configured();
  if (step.asked) {
    step.answer = accounts.FindAccess(request, UsualDeadline(),
                                      [&step](bool allowed) { step.allowed = allowed; });
  }
  step.judged = AccessCheck(accounts, settings, log).Ask(request, UsualDeadline());
  return step;
}

ShadowStep LookAtShadow(SqlAccountSource& accounts, const std::string& name) {
  ShadowStep step;
  step.today = Today();
  step.answer = accounts.FindShadow(name, UsualDeadline(), [&step](const ShadowRecord& shadow) {
    step.fields = DescribeAgeing(shadow, step.today);
  });
  return step;
}

LoginAnswer OfTheSystem() {
  LoginAnswer answer;
  answer.verdict = LoginVerdict::kUnknownUser;
  LineWriter(answer.reason).Text("a system account of this host");
  return answer;
}

Stages AskBoth(LoginGate& gate, const LoginRequest& request) {
  Stages stages;
  gate.Authenticate(request, stages.authentication);
  gate.CheckAccount(request, stages.account);
  // pam_sqlmap knows whom it has let in: nobody behind it may decide that the account is good.
  if (stages.authentication.verdict == LoginVerdict::kAccepted &&
      stages.account.verdict == LoginVerdict::kUnavailable) {
    stages.account.verdict = LoginVerdict::kUndecided;
  }
  return stages;
}

}  // namespace

Explanation Examine(Backend& backend, KeptLog& log, const Attempt& attempt,
                    std::string_view password, FunctionRef<void(std::string_view doing)> progress) {
  const Settings& settings = backend.settings();
  const LoginRequest request = RequestOf(attempt, password);
  Explanation explanation;
  explanation.attempt = attempt;
  explanation.name = LookAtName(attempt.name, settings.accounts);
  if (explanation.name.of_system) {
    explanation.stages = {OfTheSystem(), OfTheSystem()};
    return explanation;
  }
  if (explanation.name.DatabaseIsAsked()) {
    SqlAccountSource& accounts = backend.accounts();
    progress("asking who that is");
    explanation.user = LookAtUser(accounts, attempt.name);
    progress("trying the password with each row");
    explanation.rows = LookAtRows(accounts, settings, request);
    progress("asking for the rules and the shadow line");
    explanation.access = LookAtAccess(accounts, settings, request, log);
    explanation.shadow = LookAtShadow(accounts, attempt.name);
  }
  progress("deciding as sqlmapd does");
  explanation.stages = AskBoth(backend.logins(), request);
  for (KeptLog::Entry& entry : log.Take()) {
    if (std::ranges::find(explanation.log, entry.text) == explanation.log.end())
      explanation.log.push_back(std::move(entry.text));
  }
  return explanation;
}

Answer PingDaemon() {
  SocketControl daemon;
  return daemon.Status([](std::string_view) {});
}

Stages AskDaemon(const Attempt& attempt, std::string_view password) {
  SocketGate daemon;
  return AskBoth(daemon, RequestOf(attempt, password));
}

}  // namespace sqlmap::auth
