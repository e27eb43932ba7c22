#include "common/backend/ssh_keys.h"

#include <algorithm>
#include <expected>
#include <utility>

#include "common/backend/call.h"
#include "common/login/authorized_key.h"

namespace sqlmap {
namespace {

// What a row has besides remarks; empty if that is nothing. A second line is not taken for one of
// its own: options that a view puts in front of a text stand in the first alone.
std::expected<std::string_view, KeyLineFault> OnlyLine(std::string_view text) {
  std::string_view only;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (IsRemark(line)) continue;
    if (!only.empty()) return std::unexpected("it has more than one line");
    only = line;
  }
  return only;
}

// One line of the log for all that is left out of an account's keys.
class LeftOut {
 public:
  void Add(std::size_t row, KeyLineFault why) {
    if (count_++ == 0) first_ = "row " + std::to_string(row) + ": " + std::string(why);
  }
  void AllFrom(std::size_t row) { all_from_ = row; }

  // "" if nothing was.
  std::string Describe(std::string_view name) const {
    const std::string of = " of \"" + std::string(name) + "\" left out";
    std::string text;
    if (count_ != 0) {
      text =
          std::to_string(count_) + (count_ == 1 ? " row" : " rows") + of + ", the first: " + first_;
    }
    if (all_from_ != 0) {
      text += (text.empty() ? "" : "; ") + std::string("all from row ") +
              std::to_string(all_from_) + of + ": there are more than 4096 rows, or 1 MiB of them";
    }
    return text;
  }

 private:
  std::size_t count_ = 0;
  std::string first_;
  std::size_t all_from_ = 0;
};

static_assert(SshKeyRows::kMost == 4096 && SshKeyRows::kMostBytes == std::size_t{1} << 20);

}  // namespace

Answer SshKeys::Find(std::string_view name, std::string& lines) noexcept {
  lines.clear();
  const auto read = [&](const SshKeyRows& rows) {
    LeftOut left_out;
    std::string good;
    for (const auto& [number, text] : rows.rows) {
      const auto line = OnlyLine(text);
      if (!line) {
        left_out.Add(number, line.error());
      } else if (const auto key = ParseKeyLine(*line)) {
        good.append(key->line).push_back('\n');
      } else if (!line->empty()) {
        left_out.Add(number, key.error());
      }
    }
    left_out.AllFrom(rows.all_from);
    if (const std::string what = left_out.Describe(name); !what.empty())
      complaints_.OnParts(QueryId::kSshKeys, what);
    lines = std::move(good);
  };
  const Answer answer = accounts_.FindSshKeys(name, Deadline::In(kPromptCallMs), read);
  return answer.found() && lines.empty() ? Answer::Absent() : answer;
}

}  // namespace sqlmap
