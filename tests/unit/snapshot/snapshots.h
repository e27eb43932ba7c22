// Snapshots to test with: in memory, and published in a directory of their own.
#ifndef SQLMAP_TESTS_UNIT_SNAPSHOT_SNAPSHOTS_H_
#define SQLMAP_TESTS_UNIT_SNAPSHOT_SNAPSHOTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/snapshot/control_writer.h"
#include "common/snapshot/map.h"
#include "common/snapshot/verify.h"
#include "common/snapshot/view.h"
#include "common/snapshot/writer.h"

namespace sqlmap::test {

struct User {
  std::string name;
  Uid uid = 0;
  Gid gid = 1000;
  std::string gecos = "";
  std::string home = "/home/x";
  std::string shell = "/bin/sh";
  std::string password = "x";

  UserRecord record() const { return {name, password, uid, gid, gecos, home, shell}; }
};

struct Group {
  std::string name;
  Gid gid = 0;
  std::vector<std::string> members;
};

struct Accounts {
  std::vector<User> users;
  std::vector<Group> groups;
  bool listed = true;  // accounts.enumerate
  // Of uids that are shared. NOLINTNEXTLINE(readability-redundant-member-init): GCC wants it
  std::vector<std::pair<Uid, std::string>> owners = {};
};

// alice, bob and carol; staff with alice and bob, www with alice and a mailbox; and two names that
// share the uid of one of them.
Accounts SmallSite();
// user000001 ... with uids from 100001 on, each in a group of its own and all in groups of 1,000.
Accounts ManyUsers(unsigned count);

// The bytes of a file with these accounts, aligned for SnapshotView. Ends the program on an error.
std::vector<char> Write(const Accounts& accounts, std::uint64_t generation = 1,
                        std::uint64_t seed = 42, SnapshotSummary* summary = nullptr);
SnapshotView ViewOf(const std::vector<char>& file);
SnapshotRules Rules();

std::int64_t MonotonicSeconds();

// What sqlmapd keeps in /run and /var/lib, in a directory of its own that goes with the object.
class Site {
 public:
  Site();
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  std::string SnapshotPath(std::uint64_t generation) const {
    return Path("run/snapshot." + std::to_string(generation));
  }
  SnapshotPaths paths() const { return {run_.c_str(), persistent_.c_str()}; }
  const std::string& persistent() const { return persistent_; }

  // The control page; made at the first call.
  ControlPageWriter& control();
  // Puts a file there as the publisher does.
  static void Put(const std::string& path, const std::vector<char>& bytes);
  void Publish(std::uint64_t generation, const std::vector<char>& bytes);
  void Publish(std::uint64_t generation, const Accounts& accounts) {
    Publish(generation, Write(accounts, generation));
  }
  void Beat() { control().Beat(MonotonicSeconds()); }
  // The daemon is alive and says that the snapshot is up to date.
  void Confirm();

 private:
  std::string directory_;
  std::string run_;
  std::string persistent_;
  std::optional<ControlPageWriter> control_;
};

// Mappings of this process, of files whose path contains `text`; "": all of them.
std::size_t Mappings(std::string_view text = "");

}  // namespace sqlmap::test

#endif  // SQLMAP_TESTS_UNIT_SNAPSHOT_SNAPSHOTS_H_
