#include "ctl/pam_walk.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ctl/host.h"

namespace sqlmap {
namespace {

constexpr std::array<std::string_view, 4> kTypes = {"auth", "account", "password", "session"};
constexpr std::size_t kDeepest = 16;
constexpr std::size_t kMostLines = 10'000;

class Walker {
 public:
  explicit Walker(const PamTexts& texts) : texts_(texts) {}

  // Of one type, or of all if it is "".
  void Read(const std::string& path, std::string_view type, int level) {
    open_.push_back(path);
    for (const PamEntry& entry : EntriesOf(path)) {
      if (++lines_ > kMostLines)
        return End(path + " with what it includes has more than 10000 lines");
      ReadEntry(path, entry, type, level);
    }
    open_.pop_back();
    stack_.steps.push_back({PamStepKind::kEnd, path, {}, {}, level});
  }
  PamStack Take() { return std::move(stack_); }

 private:
  const std::vector<PamEntry>& EntriesOf(const std::string& path) {
    const auto [entries, first] = entries_.try_emplace(path);
    if (first) entries->second = PamEntriesOf(texts_.at(path));
    return entries->second;
  }

  void ReadEntry(const std::string& path, const PamEntry& entry, std::string_view type, int level) {
    const std::string own = entry.Type();
    const bool known = std::ranges::find(kTypes, own) != kTypes.end();
    const bool at_include = own == "@include" && !entry.Included().empty();
    if (known && !type.empty() && own != type) return;
    const auto add = [&](PamStepKind kind, std::string_view as) {
      stack_.steps.push_back({kind, path, entry, std::string(as), level});
    };
    if (at_include || (known && !entry.Included().empty())) {
      const std::string_view of = at_include ? type : own;
      const bool substack = !at_include && entry.Control() == "substack";
      const std::string included = PamPathOf(texts_, entry.Included());
      if (MayOpen(path, entry, included)) {
        add(substack ? PamStepKind::kSubstack : PamStepKind::kInclude, of);
        return Read(included, of, level + (substack ? 1 : 0));
      }
      if (!of.empty()) add(PamStepKind::kBroken, of);
      return;
    }
    if (known && entry.words.size() >= 3) return add(PamStepKind::kModule, own);
    add(PamStepKind::kBroken, known ? own : type.empty() ? "auth" : type);
  }

  bool MayOpen(const std::string& path, const PamEntry& entry, const std::string& included) {
    const bool there = texts_.contains(included);
    if (!there || included != PamPathsFor(entry.Included()).front())
      stack_.missing.emplace_back(entry.Included());
    if (!there) return false;
    const std::string line = path + ": line " + std::to_string(entry.number);
    if (std::ranges::find(open_, included) != open_.end()) {
      End(line + " includes " + included + " in itself");
    } else if (open_.size() == kDeepest) {
      End(line + " includes one more than 16 files in each other");
    } else {
      return true;
    }
    return false;
  }

  void End(std::string why) {
    if (stack_.endless.empty()) stack_.endless = std::move(why);
  }

  const PamTexts& texts_;
  std::map<std::string, std::vector<PamEntry>> entries_;  // of each file that was read
  std::vector<std::string> open_;
  std::size_t lines_ = 0;
  PamStack stack_;
};

}  // namespace

std::vector<std::string> PamPathsFor(std::string_view name) {
  static const HostPaths paths;
  if (name.starts_with('/')) return {std::string(name)};
  return {paths.pam_directory + "/" + std::string(name),
          paths.vendor_pam_directory + "/" + std::string(name)};
}

std::string PamPathOf(const PamTexts& texts, std::string_view name) {
  const std::vector<std::string> paths = PamPathsFor(name);
  const auto there = std::ranges::find_if(
      paths, [&texts](const std::string& path) { return texts.contains(path); });
  return there == paths.end() ? paths.front() : *there;
}

bool MayBePamService(std::string_view name) {
  return !name.starts_with('.') && !name.starts_with("common-") && !name.ends_with('~') &&
         name.find(".dpkg-") == std::string_view::npos;
}

std::map<std::string, std::string> PamServicesIn(const PamTexts& texts) {
  std::map<std::string, std::string> services;
  for (const auto& [path, text] : texts) {
    const std::string name = path.substr(path.rfind('/') + 1);
    if (MayBePamService(name) && PamPathOf(texts, name) == path) services.emplace(name, path);
  }
  return services;
}

PamStack WalkPam(const PamTexts& texts, const std::string& path) {
  if (!texts.contains(path)) return {};
  Walker walker(texts);
  walker.Read(path, {}, 0);
  return walker.Take();
}

std::set<std::string, std::less<>> TypesOf(const PamStack& stack) {
  std::set<std::string, std::less<>> types;
  for (const PamStep& step : stack.steps) {
    if (step.kind != PamStepKind::kInclude && step.kind != PamStepKind::kEnd)
      types.insert(step.type);
  }
  return types;
}

}  // namespace sqlmap
