#include "ctl/hash/verdict.h"

namespace sqlmap {
namespace {

std::string SchemeWord(const PasswordCheck& check) {
  return check.scheme ? std::string(NameOf(*check.scheme)) : std::string("unknown scheme");
}

}  // namespace

HashVerdict VerdictOn(const PasswordCheck& check, bool names_scheme) {
  switch (check.outcome) {
    case PasswordOutcome::kMatch:
      return {ExitStatus::kDone, "match", "The password matches: " + SchemeWord(check) + "."};
    case PasswordOutcome::kMismatch:
      return {ExitStatus::kNo, "mismatch",
              "The password does not match: " + SchemeWord(check) + "."};
    case PasswordOutcome::kNoPassword:
      return {ExitStatus::kNo, "no_password",
              "No password matches: the hash is empty, locked with \"!\" or \"*\", or a "
              "placeholder."};
    case PasswordOutcome::kEmptyNotAllowed:
      return {ExitStatus::kNo, "empty_password",
              "The password is empty, which opens nothing: " + SchemeWord(check) + "."};
    case PasswordOutcome::kPasswordTooLong:
      return {ExitStatus::kNo, "password_too_long",
              "The password is longer than " + SchemeWord(check) + " takes."};
    case PasswordOutcome::kSchemeNotAllowed:
      return {
          ExitStatus::kUsage, "scheme_not_allowed",
          "The hash is not of the scheme that it is said to be of, but " + SchemeWord(check) + "."};
    case PasswordOutcome::kTooCostly:
      return {ExitStatus::kUsage, "too_costly",
              "The hash asks for more work than a login may cost: " + SchemeWord(check) +
                  ". It was not computed, and opens no account."};
    case PasswordOutcome::kUnknownScheme:
      break;
  }
  return {ExitStatus::kUsage, "unknown_scheme",
          names_scheme
              ? "The hash is not of that scheme, or malformed; sqlmapctl hash --list has them all."
              : "The hash does not say its scheme, or is malformed. Bare hexadecimal digits and 13 "
                "characters of DES need --plain-hash-scheme, MariaDB's ed25519 needs "
                "--scheme-column; sqlmapctl hash --list has them all."};
}

bool AllowedBy(const PasswordPolicy& here, std::string_view stored, std::string_view scheme_column,
               std::string& why_not) {
  Work none = Work::None();
  const PasswordCheck check = VerifyPassword("any", stored, here, scheme_column, none);
  if (check.outcome == PasswordOutcome::kSchemeNotAllowed) {
    why_not = "[auth] schemes leaves out " + SchemeWord(check);
    return false;
  }
  if (check.outcome == PasswordOutcome::kUnknownScheme) {
    why_not = "[auth] plain_hash_scheme, or the column `scheme` of the row, has to say what it is";
    return false;
  }
  return true;
}

}  // namespace sqlmap
