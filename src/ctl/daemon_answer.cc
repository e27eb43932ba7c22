#include "ctl/daemon_answer.h"

#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

const char* Explain(Reason reason) {
  switch (reason) {
    case Reason::kNotConfigured:
      return "sqlmapd is not running: no socket, or not in a directory that is root's alone";
    case Reason::kNotAllowed:
      return "only root may do this";
    case Reason::kTimeout:
      return "sqlmapd did not answer in time; its log says what it is at";
    default:
      return "sqlmapd did not answer; its log says why";
  }
}

ExitStatus StatusOf(Reason reason) {
  return reason == Reason::kServerError ? ExitStatus::kNo : ExitStatus::kUnknown;
}

}  // namespace

void ThrowUnlessFound(const Answer& answer, const std::string& said) {
  if (answer.found()) return;
  throw Failure(StatusOf(answer.reason), said.empty() ? Explain(answer.reason) : said);
}

}  // namespace sqlmap
