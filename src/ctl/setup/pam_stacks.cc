#include "ctl/setup/pam_stacks.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
namespace sqlmap {
namespace {

constexpr std::string_view kOurs = "pam_sqlmap.so";
constexpr std::string_view kSpace = " \t\r\n\f\v";

bool IsOurs(std::string_view module) { return module.substr(module.rfind('/') + 1) == kOurs; }

// What a control with numbers skips at most; 0 without one.
int LongestJump(std::string_view control) {
  int longest = 0;
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

// What comes of the places where texts change, on the way through a stack.
struct Passed {
  bool any = false;
  std::string jump;  // the first past one of them
};

class Passage {
 public:
  explicit Passage(const Places& places) : places_(places) {}

  void Step(const PamStep& step) {
    levels_.resize(static_cast<std::size_t>(step.level) + 1);
    if (const auto place = places_.find(step.path); place != places_.end()) {
      const bool end = step.kind == PamStepKind::kEnd;
      if ((end || step.entry.at >= place->second) && behind_.insert(step.path).second) PassPlace();
      if (end) behind_.erase(step.path);
    }
    // A substack is one module to the jumps in front of it, and none leaves it.
    if (step.kind != PamStepKind::kInclude && step.kind != PamStepKind::kEnd) Count(step);
  }
  const Passed& passed() const { return passed_; }

 private:
  void Count(const PamStep& step) {
    for (Jump& jump : levels_.back()) {
      if (jump.type == step.type) --jump.left;
    }
    const int skips = LongestJump(step.entry.Control());
    if (skips == 0) return;
    levels_.back().push_back({step.type, skips,
                              step.path + ": line " + std::to_string(step.entry.number) + ", \"" +
                                  step.entry.Text() + '"'});
  }

  void PassPlace() {
    const Jumps& jumps = levels_.back();
    passed_.any = true;
    const auto past = std::ranges::find_if(jumps, [](const Jump& jump) { return jump.left > 0; });
    if (past != jumps.end() && passed_.jump.empty()) passed_.jump = past->words;
  }

  const Places& places_;
  std::set<std::string> behind_;  // of the files that are open: whose place is passed
  std::vector<Jumps> levels_;     // one more in each substack
  Passed passed_;
};

Passed PlacesPassed(const PamChanges& changes, const std::string& path) {
  Passage passage(changes.places);
  for (const PamStep& step : WalkPam(changes.before, path).steps) passage.Step(step);
  return passage.passed();
}

// The files with which a stack may begin: all but those that are hidden by one of the same name.
// Those that are only ever included are among them, for their own sake.
std::vector<std::string> Beginnings(const PamTexts& texts) {
  std::vector<std::string> paths;
  for (const auto& [path, text] : texts) {
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::vector<std::string> named = PamPathsFor(name);
    if (std::ranges::find(named, path) == named.end() || PamPathOf(texts, name) == path)
      paths.push_back(path);
  }
  return paths;
}

// How often pam_sqlmap.so, by type.
std::map<std::string, int> CountOurs(const PamStack& stack) {
  std::map<std::string, int> ours;
  for (const PamStep& step : stack.steps) {
    if (step.kind == PamStepKind::kModule && IsOurs(step.entry.Module())) ++ours[step.type];
  }
  return ours;
}

}  // namespace

void PamChanges::Add(const std::string& path, std::string_view text_after) {
  const std::string_view text = before.at(path);
  const auto same = std::ranges::mismatch(text, text_after).in1 - text.begin();
  places[path] = text.substr(0, static_cast<std::size_t>(same)).rfind('\n') + 1;
  after[path] = text_after;
}

std::vector<std::string> ChangedStacks(const PamChanges& changes) {
  std::vector<std::string> paths = Beginnings(changes.before);
  std::erase_if(paths, [&](const std::string& path) { return !PlacesPassed(changes, path).any; });
  return paths;
}

std::string JumpElsewhere(const PamChanges& changes) {
  for (const std::string& path : Beginnings(changes.before)) {
    std::string jump = PlacesPassed(changes, path).jump;
    if (!jump.empty()) return jump;
  }
  return {};
}

std::string AskedTwice(const PamChanges& changes) {
  for (const std::string& path : Beginnings(changes.after)) {
    auto before = CountOurs(WalkPam(changes.before, path));
    for (const auto& [type, count] : CountOurs(WalkPam(changes.after, path))) {
      if (count > std::max(1, before[type])) return path + ": " + type;
    }
  }
  return {};
}

std::string Endless(const PamTexts& texts) {
  for (const std::string& path : Beginnings(texts)) {
    std::string why = WalkPam(texts, path).endless;
    if (!why.empty()) return why;
  }
  return {};
}

bool AsksSqlmap(const PamStack& stack) {
  const auto ours = CountOurs(stack);
  const auto types = TypesOf(stack);
  return !ours.empty() && std::ranges::all_of(std::array{"auth", "account"}, [&](const char* type) {
    return ours.contains(type) || !types.contains(type);
  });
}

}  // namespace sqlmap
