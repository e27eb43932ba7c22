// Where sqlmapctl writes: for people lines and aligned tables, in colour on a terminal alone; for
// programs one JSON value.
#ifndef SQLMAP_CTL_SCREEN_H_
#define SQLMAP_CTL_SCREEN_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ctl/progress_line.h"

namespace sqlmap {

enum class Tone : std::uint8_t { kPlain, kGood, kWarning, kBad, kFaint };

// Text that is somebody else's, such as a column's, so that it cannot command a terminal: control
// characters and what is not UTF-8 as \xNN. At most `most` characters, then "...".
std::string Printable(std::string_view foreign, std::size_t most = 1000);

struct TableCell {
  TableCell(std::string says, Tone how = Tone::kPlain) : text(std::move(says)), tone(how) {}
  TableCell(const char* says, Tone how = Tone::kPlain) : text(says), tone(how) {}

  std::string text;
  Tone tone;
};

// Columns are as wide as their widest cell, two spaces apart; the last one has no trailing spaces.
// Counted in characters of UTF-8, each one column wide.
class Table {
 public:
  Table() = default;
  // With a line of headings.
  explicit Table(std::vector<std::string> headings);
  void Add(std::vector<TableCell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  std::string Text(bool colour) const;

 private:
  std::vector<std::vector<TableCell>> rows_;
};

class Screen {
 public:
  // Neither is closed. `out_is_terminal`: colour, unless NO_COLOR is set or TERM is "dumb".
  Screen(std::FILE* out, std::FILE* error);

  // For programs: all that is for people is left out, and the command calls Json once.
  bool json() const { return json_; }
  void set_json(bool json) { json_ = json; }

  // For people; nothing with json(). A line feed is added. Throws Failure (kUnknown) if it cannot
  // be written (a full disk; a pipe that nobody reads ends the program quietly).
  void Line(std::string_view text, Tone tone = Tone::kPlain);
  void Lines(const Table& table);
  // As it is, on standard output, whatever json() says: keys, SQL, metrics.
  void Raw(std::string_view text);
  // On a terminal all but ASCII is escaped.
  void Json(const nlohmann::ordered_json& value);

  // On standard error, with or without json().
  void Remark(std::string_view text, Tone tone = Tone::kWarning);
  // What takes long, in one line on standard error, on a terminal alone, from a second after the
  // first call on, whatever the caller does then. "" takes it away, and so does all other output.
  void Progress(std::string_view text);

  bool out_is_terminal() const { return out_is_terminal_; }
  void Flush();

 private:
  void Write(std::FILE* to, std::string_view text);

  std::FILE* const out_;
  std::FILE* const error_;
  bool json_ = false;
  bool out_is_terminal_ = false;
  bool out_colour_ = false;
  bool error_is_terminal_ = false;
  bool error_colour_ = false;
  ProgressLine progress_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SCREEN_H_
