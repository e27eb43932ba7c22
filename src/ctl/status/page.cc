#include "ctl/status/page.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>
#include <vector>

namespace sqlmap {
namespace {

struct Heading {
  StatusGroup group;
  const char* text;
};

constexpr Heading kHeadings[] = {
    {StatusGroup::kDaemon, "sqlmapd"},
    {StatusGroup::kAccounts, "accounts"},
    {StatusGroup::kServers, "servers"},
    {StatusGroup::kConnections, "connections to the database"},
    {StatusGroup::kAnswers, "answers in memory"},
    {StatusGroup::kQuestions, "questions"},
    {StatusGroup::kLatency, "how long it takes, of the last five to ten minutes"},
    {StatusGroup::kLogins, "logins"},
};

std::string Words(std::string text) {
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string TimeText(std::int64_t then, std::int64_t now) {
  const time_t at = then;
  tm parts{};
  char text[40] = "?";
  if (localtime_r(&at, &parts) != nullptr)
    (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  const auto ago = static_cast<double>(std::max<std::int64_t>(now - then, 0));
  return std::string(text) + ", " + (ago < 1 ? "0 s" : DurationText(ago)) + " ago";
}

TableCell CellOf(const StatusLine& line, std::int64_t now) {
  const StatusKey& key = *line.key;
  switch (key.type) {
    case StatusType::kText:
      return Printable(line.value);
    case StatusType::kState:
      if (line.value == "-") return "-";
      return {Printable(Words(line.value)), line.value == key.part ? Tone::kGood : Tone::kBad};
    case StatusType::kTime:
      return TimeText(std::stoll(line.value), now);
    case StatusType::kSummary:
      if (key.part == "_count") return line.value;
      [[fallthrough]];
    case StatusType::kSeconds:
      return DurationText(std::stod(line.value));
    case StatusType::kGauge:
    case StatusType::kCounter:
      break;
  }
  return line.value;
}

bool IsZero(const StatusLine& line) {
  return line.value.find_first_not_of("0.") == std::string::npos;
}

using Lines = std::vector<const StatusLine*>;

// One row for each of a kind, one column for each key that any of them has.
Table TableOf(const Lines& lines, std::int64_t now) {
  std::vector<const StatusKey*> columns;
  std::vector<std::array<std::string, 2>> rows;
  for (const StatusLine* line : lines) {
    if (std::ranges::find(columns, line->key) == columns.end()) columns.push_back(line->key);
    const bool known = std::ranges::find(rows, line->stars) != rows.end();
    if (!known && !std::ranges::all_of(lines, [&](const StatusLine* other) {
          return other->stars != line->stars || IsZero(*other);
        })) {
      rows.push_back(line->stars);
    }
  }
  if (rows.empty()) return {};
  std::vector<std::string> headings = {"", std::string(columns[0]->stars[0])};
  for (const StatusKey* column : columns) headings.emplace_back(column->label);
  Table table(std::move(headings));
  for (const std::array<std::string, 2>& stars : rows) {
    std::vector<TableCell> row = {"", Words(stars[0])};
    for (const StatusKey* column : columns) {
      const auto line = std::ranges::find_if(lines, [&](const StatusLine* each) {
        return each->key == column && each->stars == stars;
      });
      row.push_back(line == lines.end() ? TableCell("") : CellOf(**line, now));
    }
    table.Add(std::move(row));
  }
  return table;
}

}  // namespace

std::string DurationText(double seconds) {
  struct Unit {
    double below;
    double one;
    int digits;
    const char* name;
  };
  constexpr Unit kUnits[] = {{0.000'999'5, 0.000'001, 0, "us"},
                             {0.999'5, 0.001, 1, "ms"},
                             {120, 1, 1, "s"},
                             {7'200, 60, 0, "min"},
                             {172'800, 3'600, 0, "h"},
                             {1e300, 86'400, 0, "d"}};
  const Unit& unit =
      *std::ranges::find_if(kUnits, [&](const Unit& each) { return seconds < each.below; });
  const double value = seconds / unit.one;
  const bool whole = value == static_cast<double>(static_cast<std::int64_t>(value));
  char text[400];
  (void)std::snprintf(text, sizeof text, "%.*f %s", whole ? 0 : unit.digits, value, unit.name);
  return text;
}

void ShowStatus(const StatusReport& report, std::int64_t now, Screen& screen) {
  bool first = true;
  for (const Heading& heading : kHeadings) {
    Table single;
    Lines several;
    for (const StatusLine& line : report) {
      if (line.key->group != heading.group || line.key->label.empty()) continue;
      if (!line.key->stars[0].empty()) {
        several.push_back(&line);
      } else {
        single.Add({"", std::string(line.key->label), CellOf(line, now)});
      }
    }
    const Table table = TableOf(several, now);
    if (single.empty() && table.empty()) continue;
    if (!std::exchange(first, false)) screen.Line("");
    screen.Line(heading.text);
    screen.Lines(single);
    screen.Lines(table);
  }
}

}  // namespace sqlmap
