#include "ctl/setup/nsswitch_text.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ctl/nsswitch_lines.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kOurs = "sqlmap";
constexpr std::string_view kNeeded[] = {"passwd", "group", "shadow"};
constexpr std::string_view kInitgroups = "initgroups";
// What a host knows by itself.
constexpr std::string_view kLocal[] = {"files", "compat", "db", "altfiles", "extrausers"};

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

// nullopt: not a line that names services for one of our databases.
std::optional<NssLine> ReadLine(std::string_view line) {
  auto read = ReadNssLine(line);
  const bool ours = read && (std::ranges::find(kNeeded, read->database) != std::end(kNeeded) ||
                             read->database == kInitgroups);
  return ours ? std::move(read) : std::nullopt;
}

bool IsLocal(const NssPlace& place) {
  return std::ranges::find(kLocal, place.service.name) != std::end(kLocal);
}

bool IsOurs(const NssPlace& place) { return place.service.name == kOurs; }

// A service with its actions, in quotes: "files [notfound=return]".
std::string Shown(std::string_view text, const NssPlace& place) {
  const std::size_t actions = place.begin + place.service.name.size();
  std::string shown = "\"" + place.service.name + " ";
  for (const char c : text.substr(actions, place.end - actions)) {
    if (!IsSpace(c)) shown += static_cast<char>(std::tolower(c));
  }
  return shown + "\"";
}

// Why sqlmap is of no use in the line, behind these of its services or as the last of them, or does
// harm; "" if all is well.
std::string Obstacle(std::string_view text, const NssLine& line,
                     std::span<const NssPlace> services) {
  for (const NssPlace& place : services) {
    const bool last = IsOurs(place) && &place == &line.services.back();
    if (place.service.returns_not_found && !IsOurs(place)) {
      return "nothing behind " + Shown(text, place) +
             " is ever asked for a name that is not there; take the return away";
    }
    if (LosesWhatItFinds(line.database, place.service, last)) {
      return "whoever " + Shown(text, place) +
             " finds is asked of those behind it, too, and unknown if they do not know him; take "
             "the action away";
    }
  }
  return {};
}

// Behind which service sqlmap belongs; the error says why nowhere.
std::expected<std::size_t, std::string> Place(std::string_view text, const NssLine& line) {
  const auto last = std::ranges::find_if(line.services.rbegin(), line.services.rend(), IsLocal);
  if (last == line.services.rend())
    return std::unexpected("names neither files nor compat: local accounts must come first");
  std::string why = Obstacle(text, line, {line.services.data(), &*last + 1});
  if (!why.empty()) return std::unexpected(std::move(why));
  return last->end;
}

// nullptr: it is not in the line.
const NssPlace* FindOurs(const NssLine& line) {
  const auto ours = std::ranges::find_if(line.services, IsOurs);
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
    if (const NssPlace* const ours = FindOurs(*read)) {
      const std::string why = Obstacle(line, *read, {read->services.data(), ours + 1});
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
        if (!IsOurs(*service)) continue;
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
