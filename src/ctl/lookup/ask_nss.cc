// What this host says, through glibc's own functions and nsswitch.conf, and what its files say.
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>

#include "ctl/lookup/witnesses.h"

namespace sqlmap::lookup {
namespace {

constexpr std::size_t kFirstBuffer = 4096;
constexpr std::size_t kLargestBuffer = std::size_t{1} << 28;  // a group of millions

using Clock = std::chrono::steady_clock;

Record FromPasswd(const passwd& user) {
  return RecordOf(UserRecord{.name = user.pw_name,
                             .password = {},
                             .uid = user.pw_uid,
                             .gid = user.pw_gid,
                             .gecos = user.pw_gecos,
                             .home = user.pw_dir,
                             .shell = user.pw_shell});
}

Record FromGroup(const group& group) {
  Texts members;
  for (char* const* member = group.gr_mem; *member != nullptr; ++member)
    members.emplace_back(*member);
  return RecordOf(group.gr_name, group.gr_gid, std::move(members));
}

// src/nss/status.h. ENOENT may be another service's, too.
std::string WhyNot(int error) {
  return error == ENOTSUP || error == ENOENT
             ? "sqlmap is not set up, not running, or has no query for this"
             : std::system_category().message(error);
}

// Calls one of glibc's functions, `call(entry, buffer, size, result)`, with as much memory as it
// wants. `see(entry)` runs while the memory is there.
template <class Entry, class Call, class See>
void CallGlibc(Sighting& sighting, Call call, See see) {
  for (std::size_t size = kFirstBuffer;; size *= 4) {
    const auto buffer = std::make_unique<char[]>(size);
    Entry entry{};
    Entry* result = nullptr;
    const auto begin = Clock::now();
    const int error = call(&entry, buffer.get(), size, &result);
    sighting.took += Clock::now() - begin;
    if (error == ERANGE && size < kLargestBuffer) continue;
    if (result != nullptr) {
      sighting.answer = Answer::Found();
      see(*result);
    } else if (error == 0) {
      sighting.answer = Answer::Absent();
    } else {
      sighting.answer = Answer::Unavailable(Reason::kServerError);
      sighting.why = WhyNot(error);
    }
    return;
  }
}

void FindUser(const Question& question, Sighting& sighting) {
  CallGlibc<passwd>(
      sighting,
      [&](passwd* entry, char* buffer, std::size_t size, passwd** result) {
        return question.id ? getpwuid_r(*question.id, entry, buffer, size, result)
                           : getpwnam_r(question.name.c_str(), entry, buffer, size, result);
      },
      [&](const passwd& user) { sighting.record = FromPasswd(user); });
}

void FindGroup(const Question& question, Sighting& sighting) {
  CallGlibc<group>(
      sighting,
      [&](group* entry, char* buffer, std::size_t size, group** result) {
        return question.id ? getgrgid_r(*question.id, entry, buffer, size, result)
                           : getgrnam_r(question.name.c_str(), entry, buffer, size, result);
      },
      [&](const group& found) { sighting.record = FromGroup(found); });
}

void FindGroups(const Question& question, Sighting& sighting) {
  FindUser(question, sighting);
  if (!sighting.answer.found()) return;
  const Gid primary = std::get<Gid>(*FieldOf(sighting.record, "gid"));
  Ids gids(64);
  for (;;) {
    int count = static_cast<int>(gids.size());
    const auto begin = Clock::now();
    const int whole = getgrouplist(question.name.c_str(), primary, gids.data(), &count);
    sighting.took += Clock::now() - begin;
    const auto needed = static_cast<std::size_t>(std::max(count, 0));
    if (whole >= 0) {
      gids.resize(needed);
      break;
    }
    gids.resize(std::max(needed, 2 * gids.size()));  // somebody may have added one meanwhile
  }
  sighting.record = RecordOf(question.name, primary, std::move(gids));
}

struct CloseFile {
  void operator()(std::FILE* file) const { (void)std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

// `see` each entry of the file, until it returns false. Not glibc's service `files`, which cannot
// be asked alone.
template <class Entry, class Read, class See>
bool Walk(const std::string& path, Sighting& sighting, Read read, See see) {
  const File file(std::fopen(path.c_str(), "re"));
  if (file == nullptr) {
    sighting.answer = Answer::Unavailable(Reason::kNotAllowed);
    sighting.why = path + ": " + std::system_category().message(errno);
    return false;
  }
  while (const Entry* const entry = read(file.get())) {
    if (!see(*entry)) break;
  }
  return true;
}

bool FindLocalUser(const Question& question, const std::string& path, Sighting& sighting) {
  sighting.answer = Answer::Absent();
  return Walk<passwd>(path, sighting, fgetpwent, [&](const passwd& user) {
    if (question.id ? user.pw_uid != *question.id : user.pw_name != question.name) return true;
    sighting.answer = Answer::Found();
    sighting.record = FromPasswd(user);
    return false;
  });
}

void FindLocalGroup(const Question& question, const std::string& path, Sighting& sighting) {
  sighting.answer = Answer::Absent();
  Walk<group>(path, sighting, fgetgrent, [&](const group& group) {
    if (question.id ? group.gr_gid != *question.id : group.gr_name != question.name) return true;
    sighting.answer = Answer::Found();
    sighting.record = FromGroup(group);
    return false;
  });
}

// An account of the database may be a member of a group of this host, and the other way round.
void FindLocalGroups(const Question& question, const HostPaths& paths, Sighting& sighting) {
  if (!FindLocalUser(question, paths.passwd, sighting)) return;
  std::optional<Gid> primary;
  if (sighting.answer.found()) primary = std::get<Gid>(*FieldOf(sighting.record, "gid"));
  Ids gids;
  const bool whole = Walk<group>(paths.group, sighting, fgetgrent, [&](const group& group) {
    for (char* const* member = group.gr_mem; *member != nullptr; ++member) {
      if (*member == question.name) gids.push_back(group.gr_gid);
    }
    return true;
  });
  if (!whole) return;
  if (!gids.empty()) sighting.answer = Answer::Found();
  sighting.record = RecordOf(question.name, primary, std::move(gids));
}

}  // namespace

Sighting AskNss(const Question& question) {
  Sighting sighting{.witness = Witness::kNss, .answer = {}, .record = {}, .why = {}};
  if (question.kind == Kind::kUser) FindUser(question, sighting);
  if (question.kind == Kind::kGroup) FindGroup(question, sighting);
  if (question.kind == Kind::kGroups) FindGroups(question, sighting);
  return sighting;
}

Sighting AskFiles(const Question& question, const HostPaths& paths) {
  Sighting sighting{.witness = Witness::kFiles, .answer = {}, .record = {}, .why = {}};
  const auto begin = Clock::now();
  if (question.kind == Kind::kUser) FindLocalUser(question, paths.passwd, sighting);
  if (question.kind == Kind::kGroup) FindLocalGroup(question, paths.group, sighting);
  if (question.kind == Kind::kGroups) FindLocalGroups(question, paths, sighting);
  sighting.took = Clock::now() - begin;
  return sighting;
}

}  // namespace sqlmap::lookup
