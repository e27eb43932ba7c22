// What sqlmapctl user, group and groups conclude from what they were told.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ctl/lookup/explain.h"
#include "ctl/lookup/sighting.h"

namespace sqlmap::lookup {
namespace {

const Answer kDown = Answer::Unavailable(Reason::kUnreachable);

Record User(std::uint32_t uid, const std::string& shell = "/bin/bash") {
  return RecordOf(UserRecord{.name = "alice",
                             .password = "x",
                             .uid = uid,
                             .gid = 20000,
                             .gecos = "Alice",
                             .home = "/srv/alice",
                             .shell = shell});
}

// One account of a test: a record, Answer::Absent(), or an unavailable one.
struct Said {
  // NOLINTBEGIN(google-explicit-constructor): for the tables below
  Said(Record known) : answer(Answer::Found()), record(std::move(known)) {}
  Said(Answer other) : answer(other) {}
  // NOLINTEND(google-explicit-constructor)

  Answer answer;
  Record record;
};

std::vector<Sighting> Sightings(const Said& nss, const Said& files, const Said& snapshot,
                                const Said& daemon, const Said& database) {
  std::vector<Sighting> sightings;
  const auto add = [&](Witness witness, const Said& said) {
    sightings.push_back(
        {.witness = witness, .answer = said.answer, .record = said.record, .why = {}});
  };
  add(Witness::kNss, nss);
  add(Witness::kFiles, files);
  add(Witness::kSnapshot, snapshot);
  add(Witness::kDaemon, daemon);
  add(Witness::kDatabase, database);
  return sightings;
}

std::vector<std::string> Codes(const Explanation& explanation) {
  std::vector<std::string> codes;
  for (const Meaning& meaning : explanation.meanings) codes.emplace_back(meaning.code);
  return codes;
}

const Surroundings kUsual{.database = "passwd", .services = {"files", "sqlmap"}};
const Surroundings kWithNscd{.database = "passwd", .services = {"files", "sqlmap"}, .nscd = true};
const Surroundings kReversed{.database = "passwd", .services = {"sqlmap", "files"}};
const Surroundings kWithout{.database = "passwd", .services = {"files", "systemd"}};
const Surroundings kWithOthers{.database = "passwd", .services = {"files", "sqlmap", "sss"}};

using Words = std::vector<std::string>;

TEST(Explain, WhoeverSeesADifferenceIsToldWhatItMeans) {
  const Said none = Answer::Absent();
  const Said down = kDown;
  const Said old = User(20000, "/bin/sh");
  const Said now = User(20000);
  const Said local = User(1001);
  struct Row {
    const char* what;
    std::vector<Sighting> sightings;
    const Surroundings& host;
    std::string from;
    Words codes;
  };
  const Row rows[] = {
      {"all agree", Sightings(now, none, now, now, now), kUsual, "snapshot", {}},
      {"nobody has it", Sightings(none, none, none, none, none), kUsual, "", {}},
      {"a new account", Sightings(now, none, none, now, now), kUsual, "sqlmapd", {"not_published"}},
      {"a new account that sqlmapd was asked for too early",
       Sightings(none, none, none, none, now),
       kUsual,
       "",
       {"not_read"}},
      {"a changed account", Sightings(old, none, old, old, now), kUsual, "snapshot", {"not_read"}},
      {"sqlmapd knows the change, the snapshot does not",
       Sightings(old, none, old, now, now),
       kUsual,
       "snapshot",
       {"not_published"}},
      {"the same while the database is down",
       Sightings(old, none, old, now, down),
       kUsual,
       "snapshot",
       {"not_published"}},
      {"sqlmapd remembers what the snapshot has not any more",
       Sightings(now, none, now, old, now),
       kUsual,
       "snapshot",
       {"remembered"}},
      {"a deleted account", Sightings(now, none, now, now, none), kUsual, "snapshot", {"not_read"}},
      {"the database is down", Sightings(now, none, now, now, down), kUsual, "snapshot", {}},
      {"all is down but the snapshot",
       Sightings(now, none, now, down, down),
       kUsual,
       "snapshot",
       {}},
      {"all is down", Sightings(kDown, none, down, down, down), kUsual, "", {}},
      {"direct mode", Sightings(now, none, down, down, now), kUsual, "database", {}},
      {"a local account", Sightings(local, local, none, none, none), kUsual, "files", {}},
      {"a local account in front of ours",
       Sightings(local, local, now, now, now),
       kUsual,
       "files",
       {"hidden_by_local"}},
      {"the same, the wrong way round",
       Sightings(now, local, now, now, now),
       kReversed,
       "snapshot",
       {"hides_local"}},
      {"the same account in both", Sightings(now, now, now, now, now), kUsual, "files", {}},
      {"sqlmap is not in nsswitch.conf",
       Sightings(none, none, now, now, now),
       kWithout,
       "",
       {"not_asked"}},
      {"the same, but another service has one",
       Sightings(old, none, now, now, now),
       kWithout,
       "systemd",
       {"not_asked", "other_service"}},
      {"nscd remembers an older one",
       Sightings(old, none, now, now, now),
       kWithNscd,
       "nscd",
       {"nscd"}},
      {"nscd remembers that there is none",
       Sightings(none, none, now, now, now),
       kWithNscd,
       "",
       {"nscd"}},
      {"nscd agrees", Sightings(now, none, now, now, now), kWithNscd, "snapshot", {}},
      {"another service has one that we have not",
       Sightings(now, none, none, none, none),
       kWithOthers,
       "sss",
       {"other_service"}},
      {"the module is not installed",
       Sightings(none, none, now, now, now),
       kUsual,
       "",
       {"unexplained"}},
  };
  for (const Row& row : rows) {
    const Explanation explanation = Explain({Kind::kUser, "alice", {}}, row.sightings, row.host);
    EXPECT_EQ(explanation.from, row.from) << row.what;
    EXPECT_EQ(Codes(explanation), row.codes) << row.what;
  }
}

TEST(Explain, EachFieldThatDiffersIsNamedWithWhoSaysWhat) {
  const Explanation explanation = Explain({Kind::kUser, "alice", {}},
                                          Sightings(User(20000, "/bin/sh"), Answer::Absent(),
                                                    User(20000, "/bin/sh"), kDown, User(20001)),
                                          kUsual);
  const std::vector<Difference> expected{
      {"uid", {{20000U, {Witness::kNss, Witness::kSnapshot}}, {20001U, {Witness::kDatabase}}}},
      {"shell",
       {{std::string("/bin/sh"), {Witness::kNss, Witness::kSnapshot}},
        {std::string("/bin/bash"), {Witness::kDatabase}}}}};
  EXPECT_EQ(explanation.differences, expected);
}

TEST(Explain, MembersInAnotherOrderAreNoDifference) {
  const Record one = RecordOf("editors", 20001, {"bob", "alice", "bob"});
  const Record other = RecordOf("editors", 20001, {"alice", "bob"});
  const Explanation explanation =
      Explain({Kind::kGroup, "editors", {}}, Sightings(one, Answer::Absent(), other, other, one),
              {"group", {"files", "sqlmap"}});
  EXPECT_TRUE(explanation.differences.empty());
  EXPECT_TRUE(explanation.meanings.empty());
}

TEST(Explain, GroupsOfThisHostAndOfTheDatabaseAddUp) {
  const auto groups = [](std::optional<Gid> primary, Ids gids) {
    return Said(RecordOf("alice", primary, std::move(gids)));
  };
  const Said none = Answer::Absent();
  const Said ours = groups(20000, {20001});
  const Said less = groups(20000, {});
  const Surroundings host{.database = "group", .services = {"files", "sqlmap"}};
  struct Row {
    const char* what;
    std::vector<Sighting> sightings;
    std::string from;
    Words codes;
    Words fields;
  };
  const Row rows[] = {
      {"ours alone", Sightings(ours, none, ours, ours, ours), "snapshot", {}, {}},
      {"ours, and a local group",
       Sightings(groups(20000, {20001, 27}), groups({}, {27}), ours, ours, ours),
       "snapshot",
       {},
       {}},
      {"a local user in a group of ours",
       Sightings(groups(1000, {27, 20001}), groups(1000, {27}), groups({}, {20001}),
                 groups({}, {20001}), groups({}, {20001})),
       "files",
       {},
       {}},
      {"a local user",
       Sightings(groups(1000, {27}), groups(1000, {27}), none, none, none),
       "files",
       {},
       {}},
      {"memberships of nobody",
       Sightings(none, none, groups({}, {20001}), groups({}, {20001}), groups({}, {20001})),
       "",
       {},
       {}},
      {"a membership that was taken away",
       Sightings(ours, none, ours, ours, less),
       "snapshot",
       {"not_read"},
       {"gids"}},
      {"a local account of the same name",
       Sightings(groups(1000, {20001}), groups(1000, {}), ours, ours, ours),
       "files",
       {"hidden_by_local"},
       {"gid", "gids"}},
  };
  for (const Row& row : rows) {
    const Explanation explanation = Explain({Kind::kGroups, "alice", {}}, row.sightings, host);
    Words fields;
    for (const Difference& difference : explanation.differences)
      fields.emplace_back(difference.field);
    EXPECT_EQ(explanation.from, row.from) << row.what;
    EXPECT_EQ(Codes(explanation), row.codes) << row.what;
    EXPECT_EQ(fields, row.fields) << row.what;
  }
}

TEST(Explain, TheRemedyNamesWhatToForget) {
  const Record old = User(20000, "/bin/sh");
  const auto sightings = Sightings(User(20000), Answer::Absent(), User(20000), old, User(20000));
  const auto text = [&](const Question& question) {
    return Explain(question, sightings, kUsual).meanings.at(0).text;
  };
  EXPECT_EQ(text({Kind::kUser, "alice", {}}),
            "sqlmapd remembers an older answer: sqlmapctl flush alice");
  EXPECT_EQ(text({Kind::kUser, {}, 20000}), "sqlmapd remembers an older answer: sqlmapctl flush");
}

TEST(Explain, AnIdThatALocalAccountSharesIsNoReasonToRenameAnybody) {
  const auto text = [](const char* local, const Question& question) {
    Record account = User(950, "/bin/zsh");
    account.front().value = local;
    const auto sightings = Sightings(account, account, User(950), User(950), User(950));
    return Explain(question, sightings, kUsual).meanings.at(0).text;
  };
  EXPECT_EQ(
      text("aegir", {Kind::kUser, {}, 950}),
      "The entry of /etc/passwd has this id, too, and local ones come first. By its own name, "
      "the one of the database is there.");
  const char* const rename =
      "The entry of /etc/passwd hides the one of the database: local ones come first. Rename one "
      "of them.";
  EXPECT_EQ(text("alice", {Kind::kUser, {}, 950}), rename);
  EXPECT_EQ(text("alice", {Kind::kUser, "alice", {}}), rename);
}

}  // namespace
}  // namespace sqlmap::lookup
