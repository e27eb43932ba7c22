// The ids and names of the host's own accounts or groups: the text of /etc/passwd or /etc/group,
// sorted.
//
// To the kernel, sudo and every file a row with such an id IS that account, whatever it is called;
// to what goes by names, such as sudoers(5), a row with such a name is.
#ifndef SQLMAP_COMMON_ACCOUNT_LOCAL_IDS_H_
#define SQLMAP_COMMON_ACCOUNT_LOCAL_IDS_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

class LocalIds {
 public:
  LocalIds() = default;

  // `text` is passwd(5) or group(5): the id is the third field of each. A line that is none
  // (a comment, a NIS "+", too few fields, an id that is no number) is left out. A gid that stands
  // in the fourth field of passwd(5) alone is nobody's: a local account may have a group of the
  // database as its own. At most 4 GiB. Pure.
  static LocalIds Parse(std::string_view text);

  // Whose id it is; of several the first in the file. "" if nobody's. May hold any byte but NUL.
  std::string_view OwnerOf(std::uint32_t id) const {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), id,
                         [](const Entry& entry, std::uint32_t value) { return entry.id < value; });
    if (found == entries_.end() || found->id != id) return {};
    return NameOf(*found);
  }
  // The id of the account or group with that name; of several the first in the file. No allocation.
  std::optional<std::uint32_t> IdOf(std::string_view name) const {
    const auto found = std::lower_bound(
        by_name_.begin(), by_name_.end(), name,
        [this](const Entry& entry, std::string_view value) { return NameOf(entry) < value; });
    if (found == by_name_.end() || NameOf(*found) != name) return std::nullopt;
    return found->id;
  }
  // Why no row may have this `field` ("uid" or "gid"), and the remedy if it is meant. "" if the id
  // is nobody's, or reserved, for which there is no remedy.
  std::string Refusal(std::uint64_t id, std::string_view field) const;
  // Likewise for this name, which is one of them.
  std::string NameRefusal(std::string_view name, std::string_view field) const;
  std::vector<std::uint32_t> All() const;  // ascending
  std::size_t size() const { return entries_.size(); }
  friend bool operator==(const LocalIds&, const LocalIds&) = default;

 private:
  struct Entry {
    std::uint32_t id;
    std::uint32_t name_at;

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  std::string_view NameOf(const Entry& entry) const { return names_.data() + entry.name_at; }

  std::vector<Entry> entries_;  // by id, each id once
  std::vector<Entry> by_name_;  // each name once
  std::string names_;           // each followed by a NUL
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_LOCAL_IDS_H_
