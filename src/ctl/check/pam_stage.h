// Whom libpam lets in at the end of a stack, as far as its lines tell. Pure.
#ifndef SQLMAP_CTL_CHECK_PAM_STAGE_H_
#define SQLMAP_CTL_CHECK_PAM_STAGE_H_

#include <cstdint>
#include <span>
#include <string>

namespace sqlmap {

// One line that runs a module, or that begins a substack.
struct PamLine {
  std::string type;     // auth, account, password, session
  std::string control;  // "required", "success=1 default=ignore", "substack"; "": libpam has none
  std::string module;   // "pam_unix.so", without its directory; else what stands there
  int level = 0;        // how many substacks it is in
  bool may_ignore = false;     // an option lets pam_sqlmap.so say nothing
  bool broken_shadow = false;  // pam_unix.so accepts who has no shadow line

  friend bool operator==(const PamLine&, const PamLine&) = default;
};

// Somebody of the database, neither local nor root.
enum class PamPerson : std::uint8_t {
  kAccepted,  // pam_sqlmap accepts the password, or the account
  kRefused,   // it does not
  kUnasked,   // in auth: it does not know him, or cannot ask the database
};

// What pam_unix finds of somebody of the database in shadow(5), as glibc has it from sqlmap.
enum class ShadowLines : std::uint8_t {
  kNone,           // no line: in account it refuses him, if his password in passwd(5) is "x"
  kWithoutHashes,  // a line that no password fits
  kWithHashes,     // hashes by which it may accept a password
};

enum class GetsIn : std::uint8_t {
  kNever,
  kPerhaps,  // that is for a module to say, and not known
  kSurely,
};

struct PamStage {
  GetsIn gets_in = GetsIn::kNever;
  // The line that decides it, against pam_sqlmap: "pam_permit.so in front of pam_sqlmap"; "": none.
  std::string by;
};

// `lines`: those of one type, auth or account, with a pam_sqlmap.so. The host's own rules
// (pam_nologin, pam_access, ..., and in account also the others that have passwords of their own,
// and pam_unix where it finds a line) are taken to hold; one that lets somebody in without
// pam_sqlmap having been asked does so kPerhaps.
PamStage JudgeStage(std::span<const PamLine> lines, PamPerson person, ShadowLines shadow);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_PAM_STAGE_H_
