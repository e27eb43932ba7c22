#include "ctl/setup/pam_stacks.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "ctl/host.h"
#include "ctl/pam_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kOurs = "pam_sqlmap.so";
constexpr std::string_view kSpace = " \t\r\n\f\v";
constexpr int kDeepest = 16;  // of includes in each other; libpam's own limit is 16, too

std::string PathOf(std::string_view included) {
  if (included.starts_with('/')) return std::string(included);
  return HostPaths().pam_directory + "/" + std::string(included);
}

bool IsOurs(std::string_view module) { return module.substr(module.rfind('/') + 1) == kOurs; }

// What a [control] of numbers skips at most; 0 without one.
int LongestJump(std::string_view control) {
  int longest = 0;
  if (!control.starts_with('[')) return longest;
  for (std::size_t equals = control.find('='); equals != std::string_view::npos;
       equals = control.find('=', equals + 1)) {
    int jump = 0;
    const std::size_t digits =
        std::min(control.find_first_not_of(kSpace, equals + 1), control.size());
    (void)std::from_chars(control.data() + digits, control.data() + control.size(), jump);
    longest = std::max(longest, jump);
  }
  return longest;
}

struct Jump {
  std::string type;
  int left;  // modules of its type that it skips behind those that were read
  std::string words;
};
using Jumps = std::vector<Jump>;
using Places = decltype(PamChanges::places);

// What is seen on the way through a stack.
struct PamWalk {
  bool changes = false;             // one of the places
  std::map<std::string, int> ours;  // how often pam_sqlmap.so, by type
  std::string jump;                 // the first past a place
};

class Walker {
 public:
  Walker(const PamTexts& texts, const Places& places) : texts_(texts), places_(places) {}

  // `type`: lines of others do not count; "": all do. `jumps`: those of this level.
  void Read(const std::string& path, std::string_view type, Jumps& jumps, int depth) {
    const auto text = texts_.find(path);
    if (text == texts_.end() || depth == kDeepest) return;
    auto place = places_.find(path);
    for (const PamEntry& entry : PamEntriesOf(text->second)) {
      if (place != places_.end() && entry.at >= place->second) {
        PassPlace(jumps);
        place = places_.end();
      }
      ReadEntry(path, entry, type, jumps, depth);
    }
    if (place != places_.end()) PassPlace(jumps);
  }
  PamWalk Take() { return std::move(walk_); }

 private:
  void ReadEntry(const std::string& path, const PamEntry& entry, std::string_view type,
                 Jumps& jumps, int depth) {
    const std::string included = PathOf(entry.Included());
    const std::string own = entry.Type();
    if (own == "@include") return Read(included, type, jumps, depth + 1);
    if (entry.words.size() < 3 || (!type.empty() && own != type)) return;
    const std::string control = entry.Control();
    if (control == "include") return Read(included, own, jumps, depth + 1);
    for (Jump& jump : jumps) {
      if (jump.type == own) --jump.left;
    }
    if (control == "substack") {
      // One module to the jumps in front of it, however long it is; and none leaves it.
      Jumps inner;
      return Read(included, own, inner, depth + 1);
    }
    if (IsOurs(entry.words[2])) ++walk_.ours[own];
    const int skips = LongestJump(control);
    if (skips == 0) return;
    std::string shown;
    for (const std::string& word : entry.words) shown.append(shown.empty() ? "" : " ").append(word);
    jumps.push_back(
        {own, skips, path + ": line " + std::to_string(entry.number) + ", \"" + shown + "\""});
  }

  void PassPlace(const Jumps& jumps) {
    walk_.changes = true;
    const auto past = std::ranges::find_if(jumps, [](const Jump& jump) { return jump.left > 0; });
    if (past != jumps.end() && walk_.jump.empty()) walk_.jump = past->words;
  }

  const PamTexts& texts_;
  const Places& places_;
  PamWalk walk_;
};

// The stack that begins with the file `path`, as libpam reads it.
PamWalk WalkStack(const PamTexts& texts, const Places& places, const std::string& path) {
  Walker walker(texts, places);
  Jumps jumps;
  walker.Read(path, {}, jumps, 0);
  return walker.Take();
}

}  // namespace

std::vector<std::string> IncludedBy(std::string_view text) {
  std::vector<std::string> paths;
  for (const PamEntry& entry : PamEntriesOf(text)) {
    if (!entry.Included().empty()) paths.push_back(PathOf(entry.Included()));
  }
  return paths;
}

void PamChanges::Add(const std::string& path, std::string_view text_after) {
  const std::string_view text = before.at(path);
  const auto same = std::ranges::mismatch(text, text_after).in1 - text.begin();
  places[path] = text.substr(0, static_cast<std::size_t>(same)).rfind('\n') + 1;
  after[path] = text_after;
}

std::vector<std::string> ChangedStacks(const PamChanges& changes) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : changes.before) {
    if (WalkStack(changes.before, changes.places, path).changes) paths.push_back(path);
  }
  return paths;
}

std::string JumpElsewhere(const PamChanges& changes) {
  for (const auto& [path, text] : changes.before) {
    std::string jump = WalkStack(changes.before, changes.places, path).jump;
    if (!jump.empty()) return jump;
  }
  return {};
}

std::string AskedTwice(const PamChanges& changes) {
  for (const auto& [path, text] : changes.before) {
    auto after = WalkStack(changes.after, {}, path).ours;
    for (const auto& [type, count] : WalkStack(changes.before, {}, path).ours) {
      if (after[type] > count) return path + ": " + type;
    }
  }
  return {};
}

}  // namespace sqlmap
