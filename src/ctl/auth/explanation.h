// Why a login is let in or refused, step by step: values. Without a password or a hash.
#ifndef SQLMAP_CTL_AUTH_EXPLANATION_H_
#define SQLMAP_CTL_AUTH_EXPLANATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/answer.h"
#include "common/account/login_gate.h"
#include "common/account/record.h"
#include "common/password/verify.h"
#include "ctl/auth/ageing_words.h"
#include "ctl/exit_status.h"

namespace sqlmap::auth {

// Whom PAM would ask about.
struct Attempt {
  std::string name;
  std::string service;
  std::string rhost;
  std::string tty;
};

struct NameStep {
  bool allowed = false;    // by the name rules of [accounts]
  std::string served_as;   // by accounts.name_case: any other spelling is nobody's
  std::optional<Uid> uid;  // of the account of /etc/passwd that has the name
  bool of_system = false;  // ... and is the system's own: nobody is asked about it

  bool DatabaseIsAsked() const { return allowed && !of_system; }
};

struct UserStep {
  Answer answer;
  Uid uid = 0;
  Gid gid = 0;
  std::string home;
  std::string shell;
};

// A row of the query `auth`.
struct RowStep {
  std::size_t number = 0;  // from 1
  std::string owner;
  std::string scheme;  // as the hash shows, else as the row says; "" if neither
  bool enabled = false;
  std::string services;  // "": all
  bool serves = false;   // this service
  std::optional<PasswordOutcome> outcome;
};

struct RowsStep {
  Answer answer;
  std::vector<RowStep> rows;
  std::size_t most = 0;  // auth.max_rows
};

struct ShadowStep {
  Answer answer;
  std::int64_t today = 0;
  std::vector<AgeingWords> fields;
};

struct AccessStep {
  std::vector<std::string_view> lists;  // that are set: "deny_users"
  bool asked = false;                   // there is a query `access`
  Answer answer;                        // what it said
  bool allowed = false;                 // if it gave rows
  std::optional<LoginAnswer> judged;    // nullopt: there are neither lists nor a query
};

// What both stages say.
struct Stages {
  LoginAnswer authentication;
  LoginAnswer account;
};

struct DaemonStep {
  Answer answer;               // whether it is there
  std::optional<Stages> says;  // if it was asked about this login
};

struct Explanation {
  Attempt attempt;
  NameStep name;
  // The next four mean nothing if the database is not asked about that name.
  UserStep user;
  RowsStep rows;
  AccessStep access;
  ShadowStep shadow;
  Stages stages;
  std::vector<std::string> log;  // what the layers below had to say
  DaemonStep daemon;
};

// kDone if both stages accept, kNo if one of them refuses, kUnknown if nobody could say.
constexpr ExitStatus StatusOf(const Stages& stages) {
  const auto unknown = [](const LoginAnswer& answer) {
    return answer.verdict == LoginVerdict::kUnavailable ||
           answer.verdict == LoginVerdict::kUndecided;
  };
  const auto accepted = [](const LoginAnswer& answer) {
    return answer.verdict == LoginVerdict::kAccepted;
  };
  const bool one_refuses = (!unknown(stages.authentication) && !accepted(stages.authentication)) ||
                           (!unknown(stages.account) && !accepted(stages.account));
  if (one_refuses) return ExitStatus::kNo;
  return accepted(stages.authentication) && accepted(stages.account) ? ExitStatus::kDone
                                                                     : ExitStatus::kUnknown;
}

// For programs and people: "match", "mismatch", "no password", ...; "not tried" for nullopt.
std::string_view WordsFor(std::optional<PasswordOutcome> outcome);

}  // namespace sqlmap::auth

#endif  // SQLMAP_CTL_AUTH_EXPLANATION_H_
