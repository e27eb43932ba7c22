#include "daemon/offline_gate.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/account/line_writer.h"
#include "common/login/decide.h"

namespace sqlmap {
namespace {

constexpr QueryId kAsked[] = {QueryId::kAuth, QueryId::kAccess};

bool Uses(const Settings& settings, QueryParameter parameter) {
  return std::ranges::any_of(kAsked, [&](QueryId id) {
    const auto& parameters = settings.query(id).parameters;
    return std::ranges::find(parameters, parameter) != parameters.end();
  });
}

// "3 h", in the largest unit of which there are two.
void WriteAge(LineWriter& line, std::int64_t seconds) {
  constexpr struct {
    std::int64_t seconds;
    const char* name;
  } kUnits[] = {{86'400, " d"}, {3'600, " h"}, {60, " min"}, {1, " s"}};
  for (const auto& unit : kUnits) {
    if (seconds < 2 * unit.seconds && unit.seconds != 1) continue;
    line.Number(seconds / unit.seconds).Text(unit.name);
    return;
  }
}

// Anybody may ask about himself, with one service of his invention after the other: that must not
// push out what is remembered of others.
bool MayBeRemembered(const LoginRequest& request) { return request.uid == 0; }

}  // namespace

OfflineId OfflineRules(const Settings& settings, const OfflineKey& key) {
  std::string text;
  // Each with its length: no two rules are written alike.
  const auto add = [&](std::string_view piece) {
    text += std::to_string(piece.size()) + ':';
    text += piece;
  };
  add(settings.database.name);
  for (const QueryId id : {QueryId::kAuth, QueryId::kAccess, QueryId::kGetspnam}) {
    add(settings.query(id).sql);
    for (const QueryParameter parameter : settings.query(id).parameters) add(NameOf(parameter));
  }
  const AccessSettings& access = settings.access;
  for (const auto* list :
       {&access.allow_users, &access.deny_users, &access.allow_groups, &access.deny_groups}) {
    add(std::to_string(list->size()));
    for (const std::string& name : *list) add(name);
  }
  for (const PasswordSchemeName& row : kPasswordSchemes)
    add(settings.auth.schemes.Contains(row.scheme) ? row.name : "");
  const auto plain = settings.auth.plain_hash_scheme;
  add(plain ? std::to_string(static_cast<int>(*plain)) : "");
  add(std::to_string(settings.auth.max_rows));
  return key.Id({"rules", text});
}

OfflineGate::OfflineGate(LoginGate& inner, OfflineMemory& memory, const Settings& settings,
                         OfflineMemory::Clock clock)
    : inner_(inner),
      memory_(memory),
      clock_(std::move(clock)),
      by_rhost_(Uses(settings, QueryParameter::kRhost)),
      by_tty_(Uses(settings, QueryParameter::kTty)) {}

OfflineId OfflineGate::NameOf(const LoginRequest& request) const {
  return memory_.NameId(request.name);
}

OfflineId OfflineGate::ScopeOf(const LoginRequest& request, OfflineStage stage) const {
  return memory_.key().Id({stage == OfflineStage::kPassword ? "password" : "account", request.name,
                           request.service, by_rhost_ ? request.rhost : std::string_view(),
                           by_tty_ ? request.tty : std::string_view()});
}

void OfflineGate::Learn(const LoginRequest& request, LoginVerdict verdict) noexcept {
  switch (verdict) {
    case LoginVerdict::kWrongPassword:
      if (!request.password.empty()) memory_.ForgetIfRemembered(NameOf(request), request.password);
      return;
    case LoginVerdict::kUnknownUser:
    case LoginVerdict::kBlocked:
    case LoginVerdict::kAccountExpired:
    case LoginVerdict::kPasswordExpired:
    case LoginVerdict::kPasswordMustChange:
    case LoginVerdict::kServiceNotAllowed:
    case LoginVerdict::kAccessDenied:
      (void)memory_.Forget(NameOf(request));
      return;
    case LoginVerdict::kAccepted:
    case LoginVerdict::kThrottled:
    case LoginVerdict::kTooSoon:
    case LoginVerdict::kNotChanged:
    case LoginVerdict::kUndecided:
    case LoginVerdict::kUnavailable:
      return;
  }
}

void OfflineGate::Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const OfflineMemory::Ticket ticket = memory_.Begin();
  inner_.Authenticate(request, answer);
  if (answer.verdict == LoginVerdict::kUnavailable && answer.no_server) {
    RecallLogin(request, answer);
  } else if (answer.verdict != LoginVerdict::kAccepted) {
    Learn(request, answer.verdict);
  } else if (request.password.empty()) {
    (void)memory_.Forget(NameOf(request));
  } else if (MayBeRemembered(request)) {
    memory_.Remember(ticket, NameOf(request), ScopeOf(request, OfflineStage::kPassword),
                     request.password);
  }
}

void OfflineGate::CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const OfflineMemory::Ticket ticket = memory_.Begin();
  inner_.CheckAccount(request, answer);
  if (answer.verdict == LoginVerdict::kUnavailable) {
    if (answer.no_server) RecallAccount(request, answer);
    // Its shadow line is remembered (offline_accounts.h), so that whoever steps over "unavailable"
    // would let it in for a service, or from a place, that nobody has ever allowed.
    const bool ours = memory_.RecallAccount(NameOf(request)).has_value();
    if (answer.verdict == LoginVerdict::kUnavailable && ours)
      answer.verdict = LoginVerdict::kUndecided;
  } else if (answer.verdict != LoginVerdict::kAccepted) {
    Learn(request, answer.verdict);
  } else if (MayBeRemembered(request)) {
    memory_.RememberAccount(ticket, NameOf(request), ScopeOf(request, OfflineStage::kAccount),
                            answer.ageing);
  }
}

void OfflineGate::PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept {
  inner_.PrepareChange(request, answer);
  Learn(request, answer.verdict);
}

void OfflineGate::ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept {
  inner_.ChangePassword(request, answer);
  switch (answer.verdict) {
    case LoginVerdict::kWrongPassword:
    case LoginVerdict::kThrottled:
    case LoginVerdict::kTooSoon:
      return Learn(request, answer.verdict);
    default:
      // Also where nobody knows whether it was changed.
      (void)memory_.Forget(NameOf(request));
  }
}

void OfflineGate::RecallLogin(const LoginRequest& request, LoginAnswer& answer) noexcept {
  if (request.password.empty()) return;
  const OfflineMemory::Recalled recalled =
      memory_.Recall(NameOf(request), ScopeOf(request, OfflineStage::kPassword), request.password);
  if (recalled.match == OfflineMemory::Match::kNothing) return;
  answer = LoginAnswer();
  LineWriter line(answer.reason);
  if (recalled.match == OfflineMemory::Match::kRight) {
    answer.verdict = LoginVerdict::kAccepted;
    answer.offline = true;
    line.Text("no server answers; the password was verified ");
  } else {
    answer.verdict = LoginVerdict::kWrongPassword;
    line.Text("no server answers; it is not the password that was verified ");
  }
  WriteAge(line, recalled.seconds);
  line.Text(" ago (offline)");
}

void OfflineGate::RecallAccount(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const auto recalled = memory_.RecallAccount(ScopeOf(request, OfflineStage::kAccount));
  if (!recalled) return;
  LoginFacts facts;
  facts.shadow = recalled->ageing;
  const LoginAnswer today = DecideAccount(request, facts, clock_() / 86'400);
  answer = today;
  LineWriter line(answer.reason);
  line.Text("no server answers; what one said ");
  WriteAge(line, recalled->seconds);
  line.Text(" ago (offline): ").Text(today.reason);
}

}  // namespace sqlmap
