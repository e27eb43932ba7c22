#include "ctl/check/nsswitch.h"

#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "common/process/owned_fd.h"
#include "ctl/check/text_file.h"

namespace sqlmap {
namespace {

constexpr std::string_view kUs = "sqlmap";
constexpr char kNscdSocket[] = "/run/nscd/socket";
constexpr char kNscdConfig[] = "/etc/nscd.conf";

bool Same(std::string_view text, std::string_view word) {
  return text.size() == word.size() && strncasecmp(text.data(), word.data(), word.size()) == 0;
}

// One STATUS=ACTION, perhaps with a "!", which stands for all other statuses.
void Apply(std::string_view criterion, NssService& service) {
  const bool others = criterion.starts_with('!');
  if (others) criterion.remove_prefix(1);
  const std::size_t equals = criterion.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view status = criterion.substr(0, equals);
  const bool returns = Same(criterion.substr(equals + 1), "return");
  const auto set = [&](std::string_view word, bool& flag) {
    if (Same(status, word) != others) flag = returns;
  };
  set("NOTFOUND", service.returns_not_found);
  bool unavailable = false;
  bool try_again = false;
  set("UNAVAIL", unavailable);
  set("TRYAGAIN", try_again);
  service.returns_unavailable = service.returns_unavailable || unavailable || try_again;
}

using Services = std::vector<NssService>;

Services::const_iterator Find(const Services& services, std::string_view name) {
  return std::ranges::find(services, name, &NssService::name);
}

std::string LineOf(std::string_view database, const Services& services) {
  std::string line(database);
  line += ':';
  for (const NssService& service : services) {
    line += ' ' + service.name;
    if (service.returns_not_found) line += " [NOTFOUND=return]";
  }
  return line;
}

std::string AddUs(std::string_view database) {
  return "add sqlmap behind files: \"" + std::string(database) +
         ": files sqlmap\", or run sqlmapctl setup";
}

// A line that asks us, and how.
void JudgeOrder(const std::string& database, const Services& services, Findings& findings) {
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
  findings.Ok(database, LineOf(database, services));
}

void JudgeDatabase(const std::string& database, std::string_view text, Findings& findings) {
  const auto services = NssServicesOf(text, database);
  if (!services) {
    return findings.Error(database, "there is no such line: sqlmap is never asked",
                          AddUs(database));
  }
  if (Find(*services, kUs) == services->end()) {
    return findings.Error(database, "the line does not name sqlmap: " + LineOf(database, *services),
                          AddUs(database));
  }
  JudgeOrder(database, *services, findings);
}

void CheckNscd(Findings& findings) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, kNscdSocket, sizeof kNscdSocket);
  const OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool runs = fd.valid() && connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                                          sizeof address) == 0;
  if (!runs) return findings.Ok("nscd", "does not run, so that nothing is remembered elsewhere");
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

std::optional<Services> NssServicesOf(std::string_view text, std::string_view database) {
  std::optional<Services> found;
  for (const std::string& whole : LinesOf(text)) {
    std::string_view line(whole);
    line = line.substr(0, line.find('#'));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const auto name = WordsOf(line.substr(0, colon));
    if (name.size() != 1 || name[0] != database) continue;
    found.emplace();
    std::string spaced;
    for (const char c : line.substr(colon + 1)) {
      if (c == '[' || c == ']') spaced += ' ';
      spaced += c;
      if (c == '[' || c == ']') spaced += ' ';
    }
    bool in_action = false;
    for (const std::string_view word : WordsOf(spaced)) {
      if (word == "[" || word == "]") {
        in_action = word == "[";
      } else if (!in_action) {
        found->push_back({.name = std::string(word)});
      } else if (!found->empty()) {
        Apply(word, found->back());
      }
    }
  }
  return found;
}

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
      JudgeOrder("initgroups", *services, findings);
    }
  }
  const auto services = NssServicesOf(text, "gshadow");
  if (services && Find(*services, kUs) != services->end()) {
    findings.Warning("gshadow", "sqlmap has no group passwords", "take sqlmap out of this line");
  }
}

bool NscdCaches(std::string_view text, std::string_view database) {
  bool on = false;
  for (const std::string& line : LinesOf(text)) {
    const auto words = WordsOf(line);
    if (words.size() >= 3 && words[0] == "enable-cache" && words[1] == database)
      on = words[2] == "yes";
  }
  return on;
}

void CheckNsswitch(const std::string& path, Findings& findings) {
  const auto text = ReadTextFile(path);
  if (text) {
    JudgeNsswitch(*text, findings);
  } else {
    findings.Error(path, "cannot be read: " + text.error(),
                   "write it, with the lines of nsswitch.conf.example, or run sqlmapctl setup");
  }
  CheckNscd(findings);
}

}  // namespace sqlmap
