#include "ctl/check/pam.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "ctl/check/files.h"
#include "ctl/check/text_file.h"

namespace sqlmap {
namespace {

constexpr std::string_view kUs = "pam_sqlmap.so";
constexpr int kDeepest = 16;  // of includes in each other; libpam's own limit is 16, too

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// The words of a line, of which the control may be one in brackets.
std::vector<std::string> FieldsOf(std::string_view line) {
  std::vector<std::string> fields;
  bool in_brackets = false;
  for (const std::string_view word : WordsOf(line)) {
    if (in_brackets) {
      fields.back().append(" ").append(word);
    } else {
      fields.emplace_back(word);
    }
    in_brackets = (in_brackets || word.starts_with('[')) && !word.ends_with(']');
  }
  return fields;
}

class Reader {
 public:
  explicit Reader(const PamFiles& files) : files_(files) {}

  // Of one type, or of all if it is "".
  void Read(std::string_view file, std::string_view type, int depth) {
    const auto found = files_.find(file);
    if (found == files_.end()) {
      stack_.missing.emplace_back(file);
      return;
    }
    if (depth == kDeepest) return;
    for (const std::string& line : LinesOf(found->second)) ReadLine(line, type, depth);
  }
  PamStack Take() { return std::move(stack_); }

 private:
  void ReadLine(std::string_view line, std::string_view type, int depth) {
    const std::vector<std::string> fields = FieldsOf(line);
    if (fields.size() >= 2 && fields[0] == "@include")
      return Read(NameIn(fields[1]), type, depth + 1);
    if (fields.size() < 3) return;
    std::string own = Lower(fields[0]);
    if (own.starts_with('-')) own.erase(0, 1);
    if (!type.empty() && own != type) return;
    const std::string control = Lower(fields[1]);
    if (control == "include" || control == "substack")
      return Read(NameIn(fields[2]), own, depth + 1);
    stack_.lines.push_back({own, fields[1], NameIn(fields[2])});
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

Lines::const_iterator Find(const Lines& lines, std::string_view module) {
  return std::ranges::find(lines, module, &PamLine::module);
}

// Whether a failure of this line is the end for whoever has no local account.
bool Demands(const PamLine& line) {
  const std::string control = Lower(line.control);
  if (control == "required" || control == "requisite") return true;
  return control.find("default=bad") != std::string::npos ||
         control.find("default=die") != std::string::npos;
}

void JudgeService(const std::string& service, const PamStack& stack, Findings& findings) {
  const Lines auth = Of(stack, "auth");
  const Lines account = Of(stack, "account");
  const auto us = Find(auth, kUs);
  const bool has_auth = us != auth.end();
  const bool has_account = Find(account, kUs) != account.end();
  if (!stack.missing.empty()) {
    return findings.Error(service, "includes " + stack.missing.front() + ", which is not there",
                          "without it libpam refuses everybody: write it, or delete the line");
  }
  if (has_auth && !has_account) {
    return findings.Warning(service,
                            "asks sqlmap in auth and not in account: expired accounts and those "
                            "that [access] keeps out get in",
                            "write \"@include common-sqlmap\" in place of the line");
  }
  if (!has_auth && has_account) {
    return findings.Warning(service, "asks sqlmap in account and not in auth: no password opens it",
                            "write \"@include common-sqlmap\", unless keys alone are meant");
  }
  if (!has_auth) {
    return findings.Warning(service, "asks sqlmap in neither auth nor account",
                            "write \"@include common-sqlmap\"");
  }
  const auto local = Find(auth, "pam_unix.so");
  if (local < us && Demands(*local)) {
    return findings.Error(service,
                          "pam_unix stands in front of pam_sqlmap in auth and refuses whoever has "
                          "no local password",
                          "put \"@include common-sqlmap\" in front of \"@include common-auth\"");
  }
  if (const auto deny = Find(auth, "pam_deny.so"); deny < us && local >= us) {
    return findings.Error(service, "pam_deny stands in front of pam_sqlmap in auth",
                          "put \"@include common-sqlmap\" in front of it");
  }
  std::string types;
  for (const char* const type : {"auth", "account", "password", "session"}) {
    const Lines lines = Of(stack, type);
    if (Find(lines, kUs) != lines.end()) types.append(types.empty() ? "" : ", ").append(type);
  }
  findings.Ok(service, "asks sqlmap in " + types + (local < us ? ", behind pam_unix" : ""));
}

bool IsSnippet(std::string_view name) { return name.starts_with("common-"); }

}  // namespace

PamStack StackOf(const PamFiles& files, std::string_view service) {
  Reader reader(files);
  reader.Read(service, {}, 0);
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
    if (text->find("sqlmap") == std::string::npos) continue;
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
