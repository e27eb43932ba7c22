#include "ctl/check/pam.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <ranges>
#include <utility>

#include "ctl/check/files.h"
#include "ctl/host.h"
#include "ctl/pam_files.h"

namespace sqlmap {
namespace {

constexpr std::string_view kUs = "pam_sqlmap.so";
constexpr std::array<std::string_view, 4> kTypes = {"auth", "account", "password", "session"};

std::string NameIn(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

using Lines = std::vector<PamLine>;

Lines Of(const Lines& all, std::string_view type) {
  Lines lines;
  std::ranges::copy_if(all, std::back_inserter(lines),
                       [type](const PamLine& line) { return line.type == type; });
  return lines;
}

// Whether somebody of the database may get in by a hash in shadow, without pam_sqlmap.
bool PamUnixOpens(const Lines& lines, ShadowLines shadow) {
  return shadow == ShadowLines::kWithHashes && std::ranges::any_of(lines, [](const PamLine& line) {
           return line.type == "auth" && line.module == "pam_unix.so";
         });
}

constexpr char kByPamUnix[] =
    ": pam_unix lets accounts of the database in by their hashes in shadow, and [access] does not "
    "hold for them";

// Whom pam_sqlmap refuses, and in auth also whom it does not know.
PamStage JudgeOthers(const Lines& lines, std::string_view type, ShadowLines shadow) {
  PamStage refused = JudgeStage(lines, PamPerson::kRefused, shadow);
  if (type != "auth") return refused;
  PamStage unasked = JudgeStage(lines, PamPerson::kUnasked, shadow);
  if (refused.gets_in == unasked.gets_in) return refused;
  PamStage& worse = refused.gets_in == GetsIn::kNever ? unasked : refused;
  return {GetsIn::kPerhaps, worse.by};
}

void JudgeType(const std::string& service, const Lines& all, std::string_view type,
               ShadowLines shadow, Findings& findings) {
  constexpr char kRemedy[] =
      "let \"@include common-sqlmap\" stand in front of that, in place of lines with pam_sqlmap.so";
  constexpr char kNoLine[] =
      "it refuses whoever has no shadow line, and \"x\" for a password in passwd: write [queries] "
      "getspnam";
  const std::string see = std::string("see what that does; unless it is meant, ") + kRemedy;
  const std::string in = "in " + std::string(type) + ", ";
  const Lines lines = Of(all, type);
  if (std::ranges::count(lines, kUs, &PamLine::module) > 1) {
    findings.Warning(service, in + "asks sqlmap twice",
                     "once is enough: delete one of the lines, or includes");
  }
  const PamStage accepted = JudgeStage(lines, PamPerson::kAccepted, shadow);
  const std::string by = accepted.by.empty() ? "no line lets in" : accepted.by + " refuses";
  if (accepted.gets_in == GetsIn::kNever) {
    findings.Error(service, in + by + " whom pam_sqlmap accepts", kRemedy);
  } else if (accepted.gets_in == GetsIn::kPerhaps) {
    const bool no_line = shadow == ShadowLines::kNone && accepted.by.starts_with("pam_unix.so");
    findings.Warning(service, in + accepted.by + " may refuse whom pam_sqlmap accepts",
                     no_line ? kNoLine : see);
  }
  const PamStage refused = JudgeOthers(lines, type, shadow);
  if (refused.gets_in == GetsIn::kSurely) {
    findings.Error(service, in + refused.by + " lets in whom pam_sqlmap refuses", kRemedy);
  } else if (refused.gets_in == GetsIn::kPerhaps) {
    findings.Warning(service, in + refused.by + " may let in whom pam_sqlmap refuses", see);
  }
}

}  // namespace

std::vector<PamLine> PamLinesOf(const PamStack& stack) {
  std::vector<PamLine> lines;
  for (const auto& [kind, path, entry, type, level] : stack.steps) {
    switch (kind) {
      case PamStepKind::kModule: {
        const auto options = entry.words | std::views::drop(3);
        const bool may_ignore = std::ranges::any_of(
            options, [](std::string_view option) { return option.starts_with("ignore_"); });
        const bool broken_shadow = std::ranges::find(options, "broken_shadow") != options.end();
        lines.push_back(
            {type, entry.Control(), NameIn(entry.Module()), level, may_ignore, broken_shadow});
        break;
      }
      case PamStepKind::kSubstack:
        lines.push_back({type, entry.Control(), NameIn(entry.Module()), level});
        break;
      case PamStepKind::kBroken:
        lines.push_back({type, "", '"' + entry.Text() + '"', level});
        break;
      case PamStepKind::kInclude:
      case PamStepKind::kEnd:
        break;
    }
  }
  return lines;
}

void JudgePamService(const PamTexts& texts, const std::string& service, ShadowLines shadow,
                     Findings& findings) {
  const PamStack stack = WalkPam(texts, PamPathOf(texts, service));
  const auto own = TypesOf(stack);
  Lines lines = PamLinesOf(stack);
  for (PamLine& line : PamLinesOf(WalkPam(texts, PamPathOf(texts, "other")))) {
    if (!own.contains(line.type)) lines.push_back(std::move(line));
  }
  const auto asks = [&lines](std::string_view type) {
    return std::ranges::any_of(
        lines, [type](const PamLine& line) { return line.type == type && line.module == kUs; });
  };
  if (!stack.endless.empty()) {
    return findings.Error(service, "has no end: " + stack.endless,
                          "whoever logs in there waits, or kills the process: delete that line");
  }
  if (!stack.missing.empty()) {
    const std::string& name = stack.missing.front();
    if (const std::string path = PamPathOf(texts, name); texts.contains(path)) {
      return findings.Error(service, "includes " + name + ", which is not there, but " + path,
                            "Debian's libpam does not look for it there, and refuses everybody: "
                            "include it by its path");
    }
    return findings.Error(service, "includes " + name + ", which is not there",
                          "without it libpam refuses everybody: write it, or delete the line");
  }
  const bool by_unix = PamUnixOpens(lines, shadow);
  const std::size_t before = findings.list().size();
  if (asks("password") && !own.contains("auth") && !own.contains("account")) {
    // passwd, and the like: they ask for the password in no other way.
  } else if (!asks("auth") && !asks("account")) {
    findings.Warning(
        service,
        std::string("asks sqlmap in neither auth nor account") + (by_unix ? kByPamUnix : ""),
        std::string("write \"@include common-sqlmap\"") +
            (by_unix ? ", unless that is meant" : ""));
  } else if (!asks("account")) {
    findings.Warning(service,
                     "asks sqlmap in auth and not in account: expired accounts and those that "
                     "[access] keeps out get in",
                     "write \"@include common-sqlmap\" in place of the line");
  } else if (!asks("auth") && !by_unix) {
    findings.Warning(service, "asks sqlmap in account and not in auth: no password opens it",
                     "write \"@include common-sqlmap\", unless keys alone are meant");
  }
  for (const char* const type : {"auth", "account"}) {
    if (asks(type)) JudgeType(service, lines, type, shadow, findings);
  }
  if (findings.list().size() > before) return;
  std::string types;
  for (const std::string_view type : kTypes) {
    if (asks(type)) types.append(types.empty() ? "" : ", ").append(type);
  }
  const Lines auth = Of(lines, "auth");
  const auto local = std::ranges::find(auth, "pam_unix.so", &PamLine::module);
  const bool behind = asks("auth") && local < std::ranges::find(auth, kUs, &PamLine::module);
  const char* const remark = behind                     ? ", behind pam_unix"
                             : by_unix && !asks("auth") ? "; passwords are pam_unix's, by shadow"
                                                        : "";
  findings.Ok(service, "asks sqlmap in " + types + remark);
}

void JudgePam(const PamTexts& texts, ShadowLines shadow, Findings& findings) {
  bool any = false;
  bool by_unix = false;
  for (const auto& [name, path] : PamServicesIn(texts)) {
    const PamStack stack = WalkPam(texts, path);
    const Lines lines = PamLinesOf(stack);
    const bool named =
        std::ranges::find(stack.missing, "common-sqlmap", NameIn) != stack.missing.end();
    const bool asks = std::ranges::find(lines, kUs, &PamLine::module) != lines.end();
    const bool judged = named || asks || !stack.endless.empty();
    any = any || judged;
    by_unix = by_unix || PamUnixOpens(lines, shadow);
    if (judged) JudgePamService(texts, name, shadow, findings);
  }
  if (any) return;
  const std::string remedy =
      "write \"@include common-sqlmap\" in front of the first \"@include common-...\" of "
      "/etc/pam.d/SERVICE, or run sqlmapctl setup";
  if (by_unix) {
    return findings.Warning("services", std::string("none asks sqlmap") + kByPamUnix,
                            "unless that is meant, " + remedy);
  }
  findings.Warning("services",
                   "none asks sqlmap: nobody of the database can log in with a password", remedy);
}

void CheckPam(ShadowLines shadow, Findings& findings) {
  const PamFiles files = ReadPamFiles();
  if (!files.error.empty()) {
    return findings.Error(HostPaths().pam_directory, "cannot be read: " + files.error,
                          "install libpam-runtime again");
  }
  for (const auto& [path, why] : files.unread) {
    findings.Warning(path, "not looked at: " + why,
                     "see what it is; services of pam.d are short texts");
  }
  for (const auto& [path, text] : files.texts) {
    const Ownership wrong = OwnershipOf(path);
    if (!wrong.what.empty()) findings.Error(path, wrong.what, wrong.remedy);
  }
  JudgePam(files.texts, shadow, findings);
}

}  // namespace sqlmap
