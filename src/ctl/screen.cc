#include "ctl/screen.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "common/account/shown_text.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

constexpr std::string_view kColourEnd = "\033[0m";

std::string_view ColourOf(Tone tone) {
  switch (tone) {
    case Tone::kGood:
      return "\033[32m";
    case Tone::kWarning:
      return "\033[33m";
    case Tone::kBad:
      return "\033[31m";
    case Tone::kFaint:
      return "\033[2m";
    case Tone::kPlain:
      break;
  }
  return {};
}

std::string InColour(std::string_view text, Tone tone) {
  const std::string_view begin = ColourOf(tone);
  if (begin.empty() || text.empty()) return std::string(text);
  return std::string(begin).append(text).append(kColourEnd);
}

bool MayColour(bool terminal) {
  const char* const term = std::getenv("TERM");
  const char* const no_colour = std::getenv("NO_COLOR");
  return terminal && term != nullptr && std::strcmp(term, "dumb") != 0 &&
         (no_colour == nullptr || *no_colour == '\0');
}

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0) != 0x80; }));
}

// Whoever reads no answer must not take the exit status for a "no".
[[noreturn]] void ThrowNotWritten() {
  throw Failure(ExitStatus::kUnknown,
                std::string("standard output: ") + std::system_category().message(errno));
}

}  // namespace

std::string Printable(std::string_view foreign, std::size_t most) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string shown;
  for (std::size_t count = 0; !foreign.empty(); ++count) {
    if (count == most) return shown + "...";
    const std::size_t size = ShownCharacter(foreign);
    if (size != 0) {
      shown += foreign.substr(0, size);
    } else {
      const unsigned byte = static_cast<unsigned char>(foreign[0]);
      shown += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15U]};
    }
    foreign.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return shown;
}

Table::Table(std::vector<std::string> headings) {
  std::vector<TableCell> row;
  row.reserve(headings.size());
  for (std::string& heading : headings) row.emplace_back(std::move(heading), Tone::kFaint);
  rows_.push_back(std::move(row));
}

std::string Table::Text(bool colour) const {
  std::vector<std::size_t> widths;
  for (const std::vector<TableCell>& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], Characters(row[i].text));
  }
  std::string text;
  for (const std::vector<TableCell>& row : rows_) {
    std::string line;
    std::size_t spaces = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string& cell = row[i].text;
      if (!cell.empty()) {
        line.append(spaces, ' ').append(colour ? InColour(cell, row[i].tone) : cell);
        spaces = 0;
      }
      spaces += widths[i] - Characters(cell) + 2;
    }
    text.append(line).append("\n");
  }
  return text;
}

Screen::Screen(std::FILE* out, std::FILE* error)
    : out_(out),
      error_(error),
      out_is_terminal_(isatty(fileno(out)) == 1),
      out_colour_(MayColour(out_is_terminal_)),
      error_is_terminal_(isatty(fileno(error)) == 1),
      error_colour_(MayColour(error_is_terminal_)) {}

void Screen::Write(std::FILE* to, std::string_view text) {
  progress_.Clear();
  if (std::fwrite(text.data(), 1, text.size(), to) == text.size() || to != out_) return;
  ThrowNotWritten();
}

void Screen::Line(std::string_view text, Tone tone) {
  if (!json_) Write(out_, (out_colour_ ? InColour(text, tone) : std::string(text)) + "\n");
}

void Screen::Lines(const Table& table) {
  if (!json_) Write(out_, table.Text(out_colour_));
}

void Screen::Raw(std::string_view text) { Write(out_, text); }

void Screen::Json(const nlohmann::ordered_json& value) {
  using Handler = nlohmann::ordered_json::error_handler_t;
  if (json_) Write(out_, value.dump(2, ' ', out_is_terminal_, Handler::replace) + "\n");
}

void Screen::Remark(std::string_view text, Tone tone) {
  Write(error_, (error_colour_ ? InColour(text, tone) : std::string(text)) + "\n");
}

void Screen::Progress(std::string_view text) {
  if (!error_is_terminal_) return;
  if (text.empty()) {
    progress_.Clear();
  } else {
    progress_.Show(fileno(error_), text);
  }
}

void Screen::Flush() {
  if (std::fflush(out_) != 0) ThrowNotWritten();
}

}  // namespace sqlmap
