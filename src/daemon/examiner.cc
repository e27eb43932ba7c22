#include "daemon/examiner.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <exception>
#include <string_view>
#include <type_traits>

#include "common/process/owned_fd.h"
#include "common/snapshot/view.h"
#include "daemon/error_text.h"
#include "daemon/privileges.h"
#include "daemon/process.h"
#include "daemon/snapshot_facts.h"

namespace sqlmap {
namespace {

// Goes through a pipe, and any bytes are one.
struct Report {
  Examined sound;
  char wrong[256] = {};  // ends before the last byte at the latest; "": it is sound
};
static_assert(std::is_trivially_copyable_v<Report>);

Report ReportOf(const Examination& examination) {
  Report report;
  if (examination) {
    report.sound = *examination;
  } else {
    std::string_view(examination.error()).copy(report.wrong, sizeof report.wrong - 1);
  }
  return report;
}

int Look(FunctionRef<Examination()> look, int pipe, pid_t parent) noexcept {
  Report report;
  try {
    CloseAllBut(pipe, -1, 0);
    const auto kept = KeepToMemory(parent);
    report = ReportOf(kept ? look() : Examination(std::unexpected(kept.error())));
  } catch (const std::exception& error) {
    report = ReportOf(std::unexpected(error.what()));
  }
  return write(pipe, &report, sizeof report) == sizeof report ? 0 : 1;
}

}  // namespace

Examination ExamineApart(FunctionRef<Examination()> look) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::unexpected("pipe: " + ErrorText());
  const OwnedFd read_end(ends[0]);
  OwnedFd write_end(ends[1]);
  const pid_t parent = getpid();
  auto process = Process::Fork([&] { return Look(look, write_end.get(), parent); });
  if (!process) return std::unexpected(std::move(process.error()));
  write_end = OwnedFd();
  Report report;
  const bool told = read(read_end.get(), &report, sizeof report) == sizeof report;
  const int status = process->Wait();
  if (!told || status != 0) return std::unexpected("whoever read it " + DescribeEnd(status));
  report.wrong[sizeof report.wrong - 1] = '\0';
  if (report.wrong[0] != '\0') return std::unexpected(report.wrong);
  return report.sound;
}

Examination Examine(std::span<const char> bytes, const SnapshotRules& rules) {
  return ExamineApart([&]() -> Examination {
    const auto view = SnapshotView::Of(bytes);
    if (!view) return std::unexpected("not a snapshot, or not whole");
    if (auto verified = VerifyWhole(*view, rules); !verified)
      return std::unexpected(std::move(verified.error()));
    return Examined{view->generation(), FactsOf(*view)};
  });
}

}  // namespace sqlmap
