// What each of those who may know an account says about it, in one form, so that it can be compared
// field by field.
#ifndef SQLMAP_CTL_LOOKUP_SIGHTING_H_
#define SQLMAP_CTL_LOOKUP_SIGHTING_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/account/answer.h"
#include "common/account/record.h"

namespace sqlmap::lookup {

enum class Kind : std::uint8_t { kUser, kGroup, kGroups };

struct Question {
  Kind kind = Kind::kUser;
  std::string name;                 // if there is no id
  std::optional<std::uint32_t> id;  // never with kGroups
};

using Texts = std::vector<std::string>;
using Ids = std::vector<std::uint32_t>;
using Value = std::variant<std::uint32_t, std::string, Texts, Ids>;  // lists ascending, each once

struct Field {
  std::string_view name;  // a literal: a key of JSON
  Value value;
  friend bool operator==(const Field&, const Field&) = default;
};
// In the order of passwd(5) and group(5), without the password field.
using Record = std::vector<Field>;

// Null if it has no such field.
const Value* FieldOf(const Record& record, std::string_view name);

// kUser: name, uid, gid, gecos, home, shell. kGroup: name, gid, members. kGroups: name, gid (the
// primary group, left out by who does not know it), gids.
Record RecordOf(const UserRecord& user);
Record RecordOf(std::string_view name, Gid gid, Texts members);
Record RecordOf(std::string_view name, std::optional<Gid> primary, Ids gids);

enum class Witness : std::uint8_t { kNss, kFiles, kSnapshot, kDaemon, kDatabase };
constexpr std::string_view NameOf(Witness witness) {
  constexpr std::string_view kNames[] = {"NSS", "files", "snapshot", "sqlmapd", "database"};
  return kNames[static_cast<std::size_t>(witness)];
}

struct Sighting {
  Witness witness = Witness::kNss;
  Answer answer;
  Record record;    // if it is found
  std::string why;  // if it is unavailable, for people
  bool asked = true;
  std::chrono::nanoseconds took{0};
};

}  // namespace sqlmap::lookup

#endif  // SQLMAP_CTL_LOOKUP_SIGHTING_H_
