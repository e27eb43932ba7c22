#include "ctl/check/nsswitch.h"

#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "ctl/check/files.h"
#include "ctl/host.h"
#include "ctl/nsswitch_lines.h"
#include "ctl/text_file.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kUs = "sqlmap";
constexpr char kNscdConfig[] = "/etc/nscd.conf";

using Services = std::vector<NssService>;

Services::const_iterator Find(const Services& services, std::string_view name) {
  return std::ranges::find(services, name, &NssService::name);
}

// As it is written, without comments.
std::string LineOf(std::string_view database, std::string_view text) {
  std::string shown;
  for (const std::string_view line : LinesOf(text)) {
    const auto read = ReadNssLine(line);
    if (!read || read->database != database) continue;
    shown.clear();
    for (const std::string_view word : WordsOf(line))
      shown.append(shown.empty() ? "" : " ").append(word);
  }
  return shown;
}

std::string AddUs(std::string_view database) {
  return "add sqlmap behind files: \"" + std::string(database) +
         ": files sqlmap\", or run sqlmapctl setup";
}

// A line that asks us, and how.
void JudgeOrder(const std::string& database, const Services& services, std::string_view text,
                Findings& findings) {
  const auto us = Find(services, kUs);
  const auto local = std::ranges::find_if(services, [](const NssService& service) {
    return service.name == "files" || service.name == "compat";
  });
  if (local == services.end()) {
    return findings.Error(database, "the line does not name files: this host's own are not found",
                          "write \"" + database + ": files sqlmap\"");
  }
  if (local > us) {
    return findings.Warning(database, "sqlmap stands in front of " + local->name,
                            "put it behind, so that root never waits for a database");
  }
  for (auto service = services.begin(); service != us; ++service) {
    if (service->returns_not_found) {
      return findings.Error(database,
                            "[NOTFOUND=return] behind " + service->name +
                                ": sqlmap is never asked for what " + service->name + " has not",
                            "take it away, or put sqlmap in front of it");
    }
  }
  for (auto service = services.begin(); service <= us; ++service) {
    if (LosesWhatItFinds(database, *service, service + 1 == services.end())) {
      return findings.Error(database,
                            "what " + service->name +
                                " finds is thrown away, since those behind it are asked as well",
                            "take the SUCCESS= behind " + service->name + " away");
    }
  }
  for (auto service = services.begin(); service != us; ++service) {
    if (service->returns_unavailable) {
      return findings.Warning(database,
                              "sqlmap is not asked while " + service->name + " is unavailable",
                              "take the return behind " + service->name + " away");
    }
  }
  if (const auto sss = Find(services, "sss"); sss < us) {
    return findings.Warning(database,
                            "SSSD is asked first: what it knows by the same name hides ours, and "
                            "while it hangs all wait for it",
                            "put sqlmap in front of sss if this host's accounts are ours");
  }
  findings.Ok(database, LineOf(database, text));
}

void JudgeDatabase(const std::string& database, std::string_view text, Findings& findings) {
  const auto services = NssServicesOf(text, database);
  if (!services) {
    return findings.Error(database, "there is no such line: sqlmap is never asked",
                          AddUs(database));
  }
  if (Find(*services, kUs) == services->end()) {
    return findings.Error(database, "the line does not name sqlmap: " + LineOf(database, text),
                          AddUs(database));
  }
  JudgeOrder(database, *services, text, findings);
}

void CheckReaders(const std::string& path, Findings& findings) {
  struct stat status {};
  if (const Ownership wrong = OwnershipOf(path); !wrong.what.empty()) {
    findings.Error(path, wrong.what, wrong.remedy);
  } else if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) == 0) {
    findings.Error(path, "not everybody may read it: for others than root glibc asks files alone",
                   "chmod 0644 " + path);
  }
}

void CheckNscd(Findings& findings) {
  if (!NscdRuns())
    return findings.Ok("nscd", "does not run, so that nothing is remembered elsewhere");
  const auto text = ReadTextFile(kNscdConfig);
  std::string cached;
  for (const std::string_view database : {"passwd", "group"}) {
    if (!text || NscdCaches(*text, database))
      cached.append(cached.empty() ? "" : " and ").append(database);
  }
  if (cached.empty()) return findings.Ok("nscd", "runs, and caches neither passwd nor group");
  findings.Warning("nscd",
                   "runs and caches " + cached +
                       ": a new account may be unknown, and a removed one known, for minutes",
                   "write \"enable-cache passwd no\" and \"enable-cache group no\" into " +
                       std::string(kNscdConfig) + " and restart it");
}

}  // namespace

void JudgeNsswitch(std::string_view text, Findings& findings) {
  JudgeDatabase("passwd", text, findings);
  JudgeDatabase("group", text, findings);
  JudgeDatabase("shadow", text, findings);
  if (const auto services = NssServicesOf(text, "initgroups")) {
    if (Find(*services, kUs) == services->end()) {
      findings.Error("initgroups",
                     "the line does not name sqlmap: nobody is in the database's groups at a login",
                     "add sqlmap to it, or delete the line: the one of group counts then");
    } else {
      JudgeOrder("initgroups", *services, text, findings);
    }
  }
  const auto services = NssServicesOf(text, "gshadow");
  if (services && Find(*services, kUs) != services->end()) {
    findings.Warning("gshadow", "sqlmap has no group passwords", "take sqlmap out of this line");
  }
}

bool NscdCaches(std::string_view text, std::string_view database) {
  bool on = false;
  for (const std::string_view line : LinesOf(text)) {
    const auto words = WordsOf(line);
    if (words.size() >= 3 && words[0] == "enable-cache" && words[1] == database)
      on = words[2] == "yes";
  }
  return on;
}

void CheckNsswitch(const std::string& path, Findings& findings) {
  if (const auto text = ReadTextFile(path)) {
    CheckReaders(path, findings);
    JudgeNsswitch(*text, findings);
  } else {
    findings.Error(path, "cannot be read: " + text.error(),
                   "write it, with the lines of nsswitch.conf.example, or run sqlmapctl setup");
  }
  CheckNscd(findings);
}

}  // namespace sqlmap
