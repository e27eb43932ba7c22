#include "ctl/check/pam.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "ctl/check/files.h"
#include "ctl/pam_lines.h"
#include "ctl/text_file.h"

namespace sqlmap {
namespace {

constexpr std::string_view kUs = "pam_sqlmap.so";
constexpr std::array<std::string_view, 4> kTypes = {"auth", "account", "password", "session"};
constexpr int kDeepest = 16;  // of includes in each other; libpam's own limit is 16, too

class Reader {
 public:
  explicit Reader(const PamFiles& files) : files_(files) {}

  // Of one type, or of all if it is "".
  void Read(std::string_view file, std::string_view type, int depth, int level) {
    const auto found = files_.find(file);
    if (found == files_.end()) {
      stack_.missing.emplace_back(file);
      return;
    }
    if (depth == kDeepest) return;
    for (const PamEntry& entry : PamEntriesOf(found->second)) ReadEntry(entry, type, depth, level);
  }
  PamStack Take() { return std::move(stack_); }

 private:
  void ReadEntry(const PamEntry& entry, std::string_view type, int depth, int level) {
    const std::string_view included = entry.Included();
    const std::string own = entry.Type();
    if (own == "@include" && !included.empty())
      return Read(NameIn(included), type, depth + 1, level);
    const bool broken = entry.words.size() < 3 || std::ranges::find(kTypes, own) == kTypes.end();
    if (broken) return Broken(entry, type, level);
    if (!type.empty() && own != type) return;
    const std::string control = entry.Control();
    if (control == "substack") stack_.lines.push_back({own, control, NameIn(included), level});
    if (!included.empty())
      return Read(NameIn(included), own, depth + 1, level + (control == "substack" ? 1 : 0));
    const auto begin = entry.words.begin() + 3;
    const bool may_ignore = std::any_of(begin, entry.words.end(), [](std::string_view option) {
      return option.starts_with("ignore_");
    });
    // In brackets libpam knows small letters alone.
    stack_.lines.push_back({own, control.starts_with('[') ? entry.words[1] : control,
                            NameIn(entry.words[2]), level, may_ignore});
  }
  // libpam has it fail, in auth if no type is asked for.
  void Broken(const PamEntry& entry, std::string_view type, int level) {
    const std::string own = entry.Type();
    const bool known = std::ranges::find(kTypes, own) != kTypes.end();
    if (known && !type.empty() && own != type) return;
    std::string text;
    for (const std::string& word : entry.words) text += (text.empty() ? "" : " ") + word;
    stack_.lines.push_back({known          ? own
                            : type.empty() ? "auth"
                                           : std::string(type),
                            "", '"' + text + '"', level});
  }
  static std::string NameIn(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
  }

  const PamFiles& files_;
  PamStack stack_;
};

using Lines = std::vector<PamLine>;

Lines Of(const PamStack& stack, std::string_view type) {
  Lines lines;
  std::ranges::copy_if(stack.lines, std::back_inserter(lines),
                       [type](const PamLine& line) { return line.type == type; });
  return lines;
}

void JudgeType(const std::string& service, const PamStack& stack, std::string_view type,
               Findings& findings) {
  constexpr char kRemedy[] =
      "let \"@include common-sqlmap\" stand in front of that, in place of lines with pam_sqlmap.so";
  const std::string see = std::string("see what that does; unless it is meant, ") + kRemedy;
  const std::string in = "in " + std::string(type) + ", ";
  const Lines lines = Of(stack, type);
  const PamStage accepted = JudgeStage(lines, PamPerson::kAccepted);
  const std::string by = accepted.by.empty() ? "no line lets in" : accepted.by + " refuses";
  if (accepted.gets_in == GetsIn::kNever) {
    findings.Error(service, in + by + " whom pam_sqlmap accepts", kRemedy);
  } else if (accepted.gets_in == GetsIn::kPerhaps) {
    findings.Warning(service, in + accepted.by + " may refuse whom pam_sqlmap accepts", see);
  }
  const PamStage refused = JudgeStage(lines, PamPerson::kRefused);
  if (refused.gets_in == GetsIn::kSurely) {
    findings.Error(service, in + refused.by + " lets in whom pam_sqlmap refuses", kRemedy);
  } else if (refused.gets_in == GetsIn::kPerhaps) {
    findings.Warning(service, in + refused.by + " may let in whom pam_sqlmap refuses", see);
  }
}

void JudgeService(const std::string& service, const PamStack& stack, Findings& findings) {
  const auto asks = [&stack](std::string_view type) {
    return std::ranges::any_of(stack.lines, [type](const PamLine& line) {
      return line.type == type && line.module == kUs;
    });
  };
  if (!stack.missing.empty()) {
    return findings.Error(service, "includes " + stack.missing.front() + ", which is not there",
                          "without it libpam refuses everybody: write it, or delete the line");
  }
  const std::size_t before = findings.list().size();
  if (!asks("auth") && !asks("account")) {
    findings.Warning(service, "asks sqlmap in neither auth nor account",
                     "write \"@include common-sqlmap\"");
  } else if (!asks("account")) {
    findings.Warning(service,
                     "asks sqlmap in auth and not in account: expired accounts and those that "
                     "[access] keeps out get in",
                     "write \"@include common-sqlmap\" in place of the line");
  } else if (!asks("auth")) {
    findings.Warning(service, "asks sqlmap in account and not in auth: no password opens it",
                     "write \"@include common-sqlmap\", unless keys alone are meant");
  }
  for (const char* const type : {"auth", "account"}) {
    if (asks(type)) JudgeType(service, stack, type, findings);
  }
  if (findings.list().size() > before) return;
  std::string types;
  for (const std::string_view type : kTypes) {
    if (asks(type)) types.append(types.empty() ? "" : ", ").append(type);
  }
  const Lines auth = Of(stack, "auth");
  const auto local = std::ranges::find(auth, "pam_unix.so", &PamLine::module);
  const bool behind = local < std::ranges::find(auth, kUs, &PamLine::module);
  findings.Ok(service, "asks sqlmap in " + types + (behind ? ", behind pam_unix" : ""));
}

bool IsSnippet(std::string_view name) { return name.starts_with("common-"); }

}  // namespace

PamStack StackOf(const PamFiles& files, std::string_view service) {
  Reader reader(files);
  reader.Read(service, {}, 0, 0);
  return reader.Take();
}

void JudgePam(const PamFiles& files, Findings& findings) {
  bool any = false;
  for (const auto& [name, text] : files) {
    if (IsSnippet(name)) continue;
    const PamStack stack = StackOf(files, name);
    const bool named = text.find("common-sqlmap") != std::string::npos &&
                       std::ranges::find(stack.missing, "common-sqlmap") != stack.missing.end();
    if (!named && std::ranges::find(stack.lines, kUs, &PamLine::module) == stack.lines.end())
      continue;
    any = true;
    JudgeService(name, stack, findings);
  }
  if (any) return;
  findings.Warning("services",
                   "none asks sqlmap: nobody of the database can log in with a password",
                   "write \"@include common-sqlmap\" in front of the first \"@include common-...\" "
                   "of /etc/pam.d/SERVICE, or run sqlmapctl setup");
}

void CheckPam(const std::string& directory, Findings& findings) {
  namespace fs = std::filesystem;
  PamFiles files;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    // What editors and dpkg leave behind is no service's, unless somebody calls his so.
    if (name.starts_with('.') || name.ends_with('~') || name.find(".dpkg-") != std::string::npos)
      continue;
    const auto text = ReadTextFile(at->path().string());
    if (!text) continue;
    files.emplace(name, *text);
    const Ownership wrong = OwnershipOf(at->path().string());
    if (!wrong.what.empty()) findings.Error(at->path().string(), wrong.what, wrong.remedy);
  }
  if (error) {
    return findings.Error(directory, "cannot be read: " + error.message(),
                          "install libpam-runtime again");
  }
  JudgePam(files, findings);
}

}  // namespace sqlmap
