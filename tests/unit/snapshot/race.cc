// snapshot_race SECONDS: readers in every way that there is against a publisher that never rests,
// with far more generations than the ring of mappings holds. Ends with 1 at the first wrong answer:
// a mixed row, an account that is not there, a list that is of two generations.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "common/snapshot/source.h"
#include "snapshots.h"

namespace {

using namespace sqlmap;

constexpr unsigned kThreads = 4;
constexpr unsigned kAccounts = 500;

std::atomic<bool> g_stop = false;
std::atomic<std::uint64_t> g_answers = 0;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "wrong: %s\n", what);
  std::_Exit(1);
}

// In each generation every row carries its number in several fields.
test::Accounts Generation(std::uint64_t generation) {
  const std::string mark = std::to_string(generation);
  const auto gid = static_cast<Gid>(10'000 + generation);
  test::Accounts accounts;
  test::Group all{"all", gid, {}};
  for (unsigned i = 0; i < kAccounts + generation % 7 * 300; ++i) {
    const std::string name = "user" + std::to_string(i);
    accounts.users.push_back({name, 20'000 + i, gid, mark, "/home/" + mark, "/bin/" + mark});
    all.members.push_back(name);
  }
  accounts.groups.push_back(all);
  return accounts;
}

bool IsOfOneGeneration(const std::string& gecos, Gid gid, const std::string& home,
                       const std::string& shell) {
  return home == "/home/" + gecos && shell == "/bin/" + gecos &&
         std::to_string(gid - 10'000) == gecos;
}

void Read(SnapshotMap& map, unsigned seed) {
  for (unsigned i = seed; !g_stop; ++i) {
    SnapshotSource source(map);
    const unsigned number = i * 7919 % kAccounts;
    const std::string name = "user" + std::to_string(number);
    // Copies with the lengths of the record, as src/nss/pack.cc does.
    char text[256];
    std::size_t lengths[3] = {};
    Uid uid = 0;
    Gid gid = 0;
    const auto take = [&](const UserRecord& user) {
      uid = user.uid;
      gid = user.gid;
      std::size_t at = 0;
      const std::string_view parts[] = {user.gecos, user.home, user.shell};
      for (std::size_t part = 0; part < 3; ++part) {
        lengths[part] = std::min(parts[part].size(), sizeof text / 3);
        std::memcpy(text + at, parts[part].data(), lengths[part]);
        at += lengths[part];
      }
    };
    const auto ask = [&](auto& any) {
      return i % 2 == 0 ? any.FindUserByName(name, take) : any.FindUserById(20'000 + number, take);
    };
    SnapshotGlance glance(map);
    Answer answer = ask(glance);
    if (answer.unavailable()) answer = ask(source);
    if (!answer.found()) Fail("an account is not there");
    const std::string gecos(text, lengths[0]);
    const std::string home(text + lengths[0], lengths[1]);
    const std::string shell(text + lengths[0] + lengths[1], lengths[2]);
    if (uid != 20'000 + number || !IsOfOneGeneration(gecos, gid, home, shell)) Fail("a mixed row");
    if (!source.FindUserByName("nobody-there", [](const UserRecord&) {}).absent())
      Fail("an account that is not there was not absent");
    std::size_t gids = 0;
    if (!source.FindGroupsOfUser(name, [&](std::span<const Gid> found) { gids = found.size(); })
             .found() ||
        gids != 1) {
      Fail("the groups of a user");
    }
    if (i % 64 == 0) {
      Cursor<UserRecord>* cursor = nullptr;
      if (!source.ListUsers(cursor).found()) Fail("no list");
      UserRecord user;
      std::string first;
      Answer next;
      while ((next = cursor->Next(user)).found()) {
        if (first.empty()) first = user.gecos;
        if (user.gecos != first) Fail("a list of two generations");
      }
      cursor->Close();
      if (!next.absent()) Fail("a list that broke off");
    }
    ++g_answers;
  }
}

int ReadFor(SnapshotMap& map, long seconds) {
  std::vector<std::thread> readers;
  for (unsigned i = 0; i < kThreads; ++i) readers.emplace_back([&map, i] { Read(map, i * 1000); });
  std::this_thread::sleep_for(std::chrono::seconds(seconds));
  g_stop = true;
  for (std::thread& reader : readers) reader.join();
  std::printf("%llu answers\n", static_cast<unsigned long long>(g_answers.load()));
  std::fflush(stdout);
  return g_answers < 100 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const long seconds = argc == 2 ? std::strtol(argv[1], nullptr, 10) : 3;
  test::Site site;
  site.Publish(1, Generation(1));
  const pid_t readers = fork();
  if (readers == 0) {
    SnapshotMap map(site.paths());
    // A race that the thread sanitizer has seen makes the exit status 66.
    std::exit(ReadFor(map, seconds));
  }
  std::uint64_t generation = 1;
  int status = 0;
  while (waitpid(readers, &status, WNOHANG) == 0) {
    ++generation;
    site.Publish(generation, Generation(generation));
    site.Confirm();
  }
  std::printf("%llu generations\n", static_cast<unsigned long long>(generation));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) Fail("a reader");
  if (generation < 10) Fail("hardly anything was published");
}
