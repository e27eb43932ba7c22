#include "common/account/local_ids.h"

#include <charconv>
#include <limits>
#include <system_error>

#include "common/account/rules.h"

namespace sqlmap {
namespace {

constexpr std::size_t kShownBytes = 32;

// Takes what stands before the first `end` off `text`. False if there is none.
bool TakeField(std::string_view& text, char end, std::string_view& field) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return false;
  field = text.substr(0, at);
  text.remove_prefix(at + 1);
  return true;
}

void SkipBlanks(std::string_view& text) {
  while (!text.empty() && (text[0] == ' ' || text[0] == '\t')) text.remove_prefix(1);
}

std::string Printable(std::string_view name) {
  std::string shown;
  for (const char c : name.substr(0, kShownBytes)) shown += c > ' ' && c < 0x7f ? c : '?';
  return shown;
}

// glibc takes white space and a sign before the digits, and so must we.
bool ParseId(std::string_view field, std::uint32_t& id) {
  SkipBlanks(field);
  if (field.starts_with('+')) field.remove_prefix(1);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), id);
  return error == std::errc() && end == field.data() + field.size();
}

}  // namespace

LocalIds LocalIds::Parse(std::string_view text) {
  LocalIds local;
  while (!text.empty()) {
    std::string_view line;
    if (!TakeField(text, '\n', line)) {
      line = text;
      text = {};
    }
    SkipBlanks(line);
    std::string_view name;
    std::string_view password;
    std::string_view number;
    std::uint32_t id = 0;
    if (!TakeField(line, ':', name) || name.empty() || std::string_view("#+-").contains(name[0]) ||
        !TakeField(line, ':', password) || !TakeField(line, ':', number) || !ParseId(number, id)) {
      continue;
    }
    local.entries_.push_back({id, static_cast<std::uint32_t>(local.names_.size())});
    for (const char c : name) local.names_ += c != '\0' ? c : '?';
    local.names_ += '\0';
  }
  local.by_name_ = local.entries_;
  const auto before = [](const Entry& a, const Entry& b) {
    return a.id != b.id ? a.id < b.id : a.name_at < b.name_at;
  };
  std::vector<Entry>& entries = local.entries_;
  if (!std::is_sorted(entries.begin(), entries.end(), before))
    std::sort(entries.begin(), entries.end(), before);
  const auto same_id = [](const Entry& a, const Entry& b) { return a.id == b.id; };
  entries.erase(std::unique(entries.begin(), entries.end(), same_id), entries.end());
  std::sort(local.by_name_.begin(), local.by_name_.end(), [&](const Entry& a, const Entry& b) {
    const int order = local.NameOf(a).compare(local.NameOf(b));
    return order != 0 ? order < 0 : a.name_at < b.name_at;
  });
  const auto same_name = [&](const Entry& a, const Entry& b) {
    return local.NameOf(a) == local.NameOf(b);
  };
  local.by_name_.erase(std::unique(local.by_name_.begin(), local.by_name_.end(), same_name),
                       local.by_name_.end());
  return local;
}

// Not in rules.cc, which the modules link: they are without a C++ library.
bool IdRules::Allows(std::uint32_t id) const {
  if (IsReservedId(id)) return false;
  if (std::find(also.begin(), also.end(), id) != also.end()) return true;
  return id >= min && id <= max && (local == nullptr || local->OwnerOf(id).empty());
}

bool IdRules::AllowsName(std::string_view name, std::uint32_t id) const {
  const std::optional<std::uint32_t> own = local == nullptr ? std::nullopt : local->IdOf(name);
  if (!own) return true;
  return *own == id && std::find(also.begin(), also.end(), id) != also.end();
}

std::vector<std::uint32_t> LocalIds::All() const {
  std::vector<std::uint32_t> ids;
  ids.reserve(entries_.size());
  for (const Entry& entry : entries_) ids.push_back(entry.id);
  return ids;
}

std::string LocalIds::Refusal(std::uint64_t id, std::string_view field) const {
  if (id > std::numeric_limits<std::uint32_t>::max()) return {};
  const auto whole = static_cast<std::uint32_t>(id);
  const std::string_view owner = OwnerOf(whole);
  if (owner.empty() || IsReservedId(whole)) return {};
  const std::string number = std::to_string(whole);
  std::string why(field);
  why += " " + number + " is the local " + (field == "gid" ? "group " : "account ");
  why += Printable(owner);
  why += "'s; if that is meant, add " + number + " to accounts.allow_";
  why += field;
  why += "s in /etc/sqlmapd/sqlmapd.toml";
  return why;
}

std::string LocalIds::NameRefusal(std::string_view name, std::string_view field) const {
  const std::optional<std::uint32_t> own = IdOf(name);
  if (!own) return {};
  const std::string number = std::to_string(*own);
  std::string why =
      field == "gid" ? "groupname is a local group's" : "username is a local account's";
  if (IsReservedId(*own)) return why;
  why += "; if the row is to be that one, give it the ";
  why += field;
  why += " " + number + " and add that to accounts.allow_";
  why += field;
  why += "s in /etc/sqlmapd/sqlmapd.toml";
  return why;
}

}  // namespace sqlmap
