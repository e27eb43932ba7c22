#include "ctl/setup/nsswitch_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "ctl/check/nsswitch.h"
#include "ctl/setup/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kOurs = "sqlmap";
constexpr std::string_view kNeeded[] = {"passwd", "group", "shadow"};
constexpr std::string_view kInitgroups = "initgroups";
// What a host knows by itself.
constexpr std::string_view kLocal[] = {"files", "compat", "db", "altfiles", "extrausers"};

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// A service, and the [ACTION]s behind it.
struct Service {
  std::string_view name;
  std::size_t end = 0;  // in the line, behind its actions
  std::size_t begin = 0;
  std::string actions;  // in lower case, without spaces
};

struct DatabaseLine {
  std::string_view database;
  std::vector<Service> services;
};

std::size_t EndOfWord(std::string_view line, std::size_t at, std::size_t end) {
  if (line[at] == '[') return std::min(line.substr(0, end).find(']', at), end - 1) + 1;
  while (at < end && !IsSpace(line[at]) && line[at] != '[') ++at;
  return at;
}

// nullopt: not a line that names services for one of our databases.
std::optional<DatabaseLine> ReadLine(std::string_view line) {
  const std::size_t end = std::min(line.find('#'), line.size());
  const std::size_t colon = line.substr(0, end).find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view database = line.substr(0, colon);
  while (!database.empty() && IsSpace(database.front())) database.remove_prefix(1);
  while (!database.empty() && IsSpace(database.back())) database.remove_suffix(1);
  if (std::ranges::find(kNeeded, database) == std::end(kNeeded) && database != kInitgroups)
    return std::nullopt;
  DatabaseLine read{database, {}};
  for (std::size_t at = colon + 1; at < end;) {
    if (IsSpace(line[at])) {
      ++at;
      continue;
    }
    const std::size_t stop = EndOfWord(line, at, end);
    const std::string_view word = line.substr(at, stop - at);
    if (word[0] != '[') {
      read.services.push_back({word, stop, at, {}});
    } else if (!read.services.empty()) {
      read.services.back().end = stop;
      std::ranges::copy_if(word, std::back_inserter(read.services.back().actions),
                           [](char c) { return !IsSpace(c); });
      std::ranges::transform(read.services.back().actions, read.services.back().actions.begin(),
                             [](char c) { return static_cast<char>(std::tolower(c)); });
    }
    at = stop;
  }
  return read;
}

bool IsLocal(const Service& service) {
  return std::ranges::find(kLocal, service.name) != std::end(kLocal);
}

// Why nothing behind the `count` first services is asked for a name that they do not have; "" if it
// is. glibc takes spaces around "=".
std::string EndOfSearch(std::string_view line, const DatabaseLine& read, std::size_t count) {
  std::string compact;
  for (const char c : line) {
    while (c == '=' && !compact.empty() && IsSpace(compact.back())) compact.pop_back();
    if (!IsSpace(c) || !compact.ends_with('=')) compact += c;
  }
  const auto judged = NssServicesOf(compact, read.database);
  for (std::size_t i = 0; judged && i < std::min(count, judged->size()); ++i) {
    if (!(*judged)[i].returns_not_found) continue;
    const Service& service = read.services[i];
    return "nothing behind \"" + std::string(service.name) + " " + service.actions +
           "\" is ever asked for a name that is not there; take the return away";
  }
  return {};
}

std::size_t CountUpTo(const DatabaseLine& line, const Service& last) {
  return static_cast<std::size_t>(&last - line.services.data()) + 1;
}

// Behind which service sqlmap belongs; the error says why nowhere.
std::expected<std::size_t, std::string> Place(std::string_view text, const DatabaseLine& line) {
  const auto last = std::ranges::find_if(line.services.rbegin(), line.services.rend(), IsLocal);
  if (last == line.services.rend())
    return std::unexpected("names neither files nor compat: local accounts must come first");
  std::string why = EndOfSearch(text, line, CountUpTo(line, *last));
  if (!why.empty()) return std::unexpected(std::move(why));
  return last->end;
}

// nullptr: it is not in the line.
const Service* FindOurs(const DatabaseLine& line) {
  const auto ours = std::ranges::find(line.services, kOurs, &Service::name);
  return ours == line.services.end() ? nullptr : &*ours;
}

}  // namespace

std::expected<std::string, std::string> WithSqlmapInNsswitch(std::string_view text) {
  std::string edited;
  std::vector<std::string_view> seen;
  for (const std::string_view line : WholeLines(text)) {
    edited += line;
    const auto read = ReadLine(line);
    if (!read) continue;
    seen.push_back(read->database);
    if (const Service* const ours = FindOurs(*read)) {
      const std::string why = EndOfSearch(line, *read, CountUpTo(*read, *ours) - 1);
      if (!why.empty()) return std::unexpected(std::string(read->database) + ": " + why);
      continue;
    }
    const auto place = Place(line, *read);
    if (!place) return std::unexpected(std::string(read->database) + ": " + place.error());
    // What follows may touch the action that it stands behind: "[...]systemd".
    const bool touches = *place < line.size() && !IsSpace(line[*place]) && line[*place] != '#';
    edited.insert(edited.size() - line.size() + *place,
                  " " + std::string(kOurs) + (touches ? " " : ""));
  }
  for (const std::string_view database : kNeeded) {
    if (std::ranges::find(seen, database) != seen.end()) continue;
    if (!edited.empty() && edited.back() != '\n') edited += '\n';
    std::string start = std::string(database) + ":";
    start.resize(16, ' ');
    edited += start + "files " + std::string(kOurs) + "\n";
  }
  return edited;
}

std::string WithoutSqlmapInNsswitch(std::string_view text) {
  std::string edited;
  for (const std::string_view line : WholeLines(text)) {
    std::string left(line);
    if (const auto read = ReadLine(line)) {
      for (auto service = read->services.rbegin(); service != read->services.rend(); ++service) {
        if (service->name != kOurs) continue;
        std::size_t begin = service->begin;
        while (begin > 0 && IsSpace(left[begin - 1])) --begin;
        left.erase(begin, service->end - begin);
      }
    }
    edited += left;
  }
  return edited;
}

}  // namespace sqlmap
