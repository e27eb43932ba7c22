#include "ctl/lookup/explain.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

namespace sqlmap::lookup {
namespace {

constexpr std::array kOurs{Witness::kSnapshot, Witness::kDaemon, Witness::kDatabase};

const Sighting& Of(const std::vector<Sighting>& sightings, Witness witness) {
  return sightings[static_cast<std::size_t>(witness)];
}

// Whether they say the same; a field that one of them does not know is no difference.
bool Agree(const Sighting& one, const Sighting& other) {
  if (one.answer.kind != other.answer.kind) return false;
  return std::ranges::all_of(one.record, [&](const Field& field) {
    const Value* const value = FieldOf(other.record, field.name);
    return value == nullptr || *value == field.value;
  });
}

bool BothSay(const Sighting& one, const Sighting& other) {
  return !one.answer.unavailable() && !other.answer.unavailable();
}

// initgroups(3) adds up what all services say, so that each is compared with the local groups
// added.
std::vector<Sighting> WithLocalGroups(std::vector<Sighting> sightings) {
  const Record local = Of(sightings, Witness::kFiles).record;
  const Value* const more = FieldOf(local, "gids");
  if (more == nullptr) return sightings;
  for (const Witness witness : kOurs) {
    Sighting& ours = sightings[static_cast<std::size_t>(witness)];
    if (!ours.answer.found()) continue;
    Ids gids = std::get<Ids>(*FieldOf(ours.record, "gids"));
    std::ranges::copy(std::get<Ids>(*more), std::back_inserter(gids));
    std::optional<Gid> own;
    if (const Value* const gid = FieldOf(ours.record, "gid")) own = std::get<Gid>(*gid);
    ours.record = RecordOf(std::get<std::string>(ours.record.front().value), own, std::move(gids));
  }
  Record& files = sightings[static_cast<std::size_t>(Witness::kFiles)].record;
  std::erase_if(files, [](const Field& field) { return field.name == "gids"; });
  return sightings;
}

std::vector<Difference> Compare(const std::vector<Sighting>& sightings) {
  std::vector<Difference> differences;
  const auto of_field = [&](std::string_view field) -> Difference& {
    const auto known = std::ranges::find(differences, field, &Difference::field);
    return known != differences.end() ? *known : differences.emplace_back(Difference{field, {}});
  };
  for (const Sighting& sighting : sightings) {
    for (const Field& field : sighting.record) {
      auto& sides = of_field(field.name).sides;
      const auto same = std::ranges::find(sides, field.value, &Difference::Side::value);
      if (same != sides.end()) {
        same->witnesses.push_back(sighting.witness);
      } else {
        sides.push_back({field.value, {sighting.witness}});
      }
    }
  }
  std::erase_if(differences, [](const Difference& field) { return field.sides.size() < 2; });
  return differences;
}

bool Has(const std::vector<std::string>& services, std::string_view service) {
  return std::ranges::find(services, service) != services.end();
}

class Explainer {
 public:
  Explainer(const Question& question, const std::vector<Sighting>& sightings,
            const Surroundings& host)
      : question_(question), sightings_(sightings), host_(host) {}

  Explanation Take() {
    Explanation explanation;
    explanation.differences = Compare(sightings_);
    explanation.from = From();
    if (!Hidden()) NotRead();
    NotAsked();
    NssDiffers();
    explanation.meanings = std::move(meanings_);
    return explanation;
  }

 private:
  const Sighting& Of(Witness witness) const { return lookup::Of(sightings_, witness); }

  // Has the account itself, and not memberships alone.
  bool Knows(const Sighting& sighting) const {
    return sighting.answer.found() &&
           (question_.kind != Kind::kGroups || FieldOf(sighting.record, "gid") != nullptr);
  }

  std::string From() const {
    const Sighting& nss = Of(Witness::kNss);
    if (!nss.answer.found()) return {};
    for (const Sighting& other : sightings_) {
      if (other.witness != Witness::kNss && Knows(other) && Agree(nss, other) &&
          (other.witness == Witness::kFiles || Has(host_.services, "sqlmap"))) {
        return std::string(NameOf(other.witness));
      }
    }
    if (host_.nscd) return "nscd";
    for (const std::string& service : host_.services) {
      if (service != "files" && service != "sqlmap") return service;
    }
    return {};
  }

  // The first of ours that has it.
  const Sighting* Ours() const {
    const auto ours =
        std::ranges::find_if(kOurs, [&](Witness witness) { return Of(witness).answer.found(); });
    return ours == kOurs.end() ? nullptr : &Of(*ours);
  }

  // A row that a local entry hides is refused when it is read: who has it still says nothing.
  bool Hidden() {
    const Sighting& files = Of(Witness::kFiles);
    const Sighting* const ours = Ours();
    if (!files.answer.found() || ours == nullptr || Agree(files, *ours)) return false;
    const auto service = std::ranges::find_if(host_.services, [](const std::string& name) {
      return name == "files" || name == "sqlmap";
    });
    const std::string file = question_.kind == Kind::kGroup ? "/etc/group" : "/etc/passwd";
    if (service != host_.services.end() && *service == "sqlmap") {
      Say("hides_local", "The database's entry hides the one of " + file +
                             ": let `files` stand in front of `sqlmap` in the line `" +
                             host_.database + ":` of /etc/nsswitch.conf.");
    } else {
      const Value* const local = FieldOf(files.record, "name");
      const Value* const name = FieldOf(ours->record, "name");
      const bool shared = question_.id && local != nullptr && name != nullptr && *local != *name;
      Say("hidden_by_local",
          shared ? "The entry of " + file +
                       " has this id, too, and local ones come first. By its own name, the one of "
                       "the database is there."
                 : "The entry of " + file +
                       " hides the one of the database: local ones come first. Rename one of "
                       "them.");
    }
    return true;
  }

  // The database knows better than what was read of it.
  void NotRead() {
    const Sighting& database = Of(Witness::kDatabase);
    const Sighting& daemon = Of(Witness::kDaemon);
    const Sighting& snapshot = Of(Witness::kSnapshot);
    const bool stale_snapshot = BothSay(snapshot, database) && !Agree(database, snapshot);
    const bool stale_daemon = BothSay(daemon, database) && !Agree(database, daemon);
    if (stale_snapshot && stale_daemon) {
      Say("not_read", "sqlmapd has not read the change yet: sqlmapctl refresh --wait");
    } else if (stale_daemon) {
      Say("remembered", "sqlmapd remembers an older answer: sqlmapctl flush" +
                            (question_.id ? std::string() : " " + question_.name));
    } else if (stale_snapshot) {
      Say("not_published",
          "The snapshot is older than the change: sqlmapctl refresh --wait" +
              std::string(snapshot.answer.absent()
                              ? ". What it does not have is asked of sqlmapd meanwhile."
                              : ""));
    } else if (database.answer.unavailable() && BothSay(snapshot, daemon) &&
               !Agree(snapshot, daemon)) {
      Say("not_published", "The snapshot and sqlmapd differ: sqlmapctl refresh --wait");
    }
  }

  // What those services say that we can ask; nullopt if that cannot be told.
  std::optional<Sighting> Expected() const {
    const Sighting& files = Of(Witness::kFiles);
    const Sighting& snapshot = Of(Witness::kSnapshot);
    const Sighting& daemon = Of(Witness::kDaemon);
    const Sighting& ours = snapshot.answer.found()          ? snapshot
                           : !daemon.answer.unavailable()   ? daemon
                           : !snapshot.answer.unavailable() ? snapshot
                                                            : Of(Witness::kDatabase);
    if (question_.kind == Kind::kGroups && Knows(files)) {
      // Its groups are among those of ours; of two accounts, some of both are taken.
      if (Knows(ours) || ours.answer.unavailable()) return std::nullopt;
      return ours.answer.found() && Has(host_.services, "sqlmap") ? ours : files;
    }
    for (const std::string& service : host_.services) {
      if (service == "files" && Knows(files)) return files;
      if (service != "sqlmap") continue;
      if (ours.answer.unavailable()) return std::nullopt;
      if (Knows(ours)) return ours;
    }
    return Sighting{.witness = Witness::kNss, .answer = Answer::Absent(), .record = {}, .why = {}};
  }

  void NotAsked() {
    if (Has(host_.services, "sqlmap") || Ours() == nullptr) return;
    Say("not_asked", "/etc/nsswitch.conf does not ask sqlmap: add it to the line `" +
                         host_.database + ":`, or let sqlmapctl setup do it.");
  }

  void NssDiffers() {
    const Sighting& nss = Of(Witness::kNss);
    const std::optional<Sighting> expected = Expected();
    if (!expected || Agree(nss, *expected)) return;
    const auto other = std::ranges::find_if(host_.services, [](const std::string& service) {
      return service != "files" && service != "sqlmap";
    });
    if (host_.nscd) {
      Say("nscd",
          "nscd answers in front of nsswitch.conf, and remembers an older answer: nscd "
          "--invalidate=" +
              host_.database);
    } else if (nss.answer.found() && other != host_.services.end()) {
      Say("other_service", "Another service of /etc/nsswitch.conf has answered: " + *other + ".");
    } else {
      Say("unexplained",
          "NSS does not say what its sources say: sqlmapctl check looks for what is in the way.");
    }
  }

  void Say(std::string_view code, std::string text) {
    meanings_.push_back({code, std::move(text)});
  }

  const Question& question_;
  const std::vector<Sighting>& sightings_;
  const Surroundings& host_;
  std::vector<Meaning> meanings_;
};

}  // namespace

Explanation Explain(const Question& question, const std::vector<Sighting>& sightings,
                    const Surroundings& host) {
  if (question.kind != Kind::kGroups) return Explainer(question, sightings, host).Take();
  return Explainer(question, WithLocalGroups(sightings), host).Take();
}

}  // namespace sqlmap::lookup
