#include "common/sql/fields.h"

#include <algorithm>
#include <vector>

namespace sqlmap {
namespace {

struct FieldName {
  std::string_view name;
  Field field;
};

constexpr FieldName kNames[] = {
    {"username", Field::kUserName}, {"groupname", Field::kGroupName},
    {"password", Field::kPassword}, {"uid", Field::kUid},
    {"gid", Field::kGid},           {"gecos", Field::kGecos},
    {"homedir", Field::kHome},      {"shell", Field::kShell},
    {"lstchg", Field::kLstchg},     {"min", Field::kMin},
    {"max", Field::kMax},           {"warn", Field::kWarn},
    {"inact", Field::kInact},       {"expire", Field::kExpire},
    {"flag", Field::kFlag},         {"member", Field::kMember},
    {"status", Field::kStatus},     {"scheme", Field::kScheme},
    {"plugin", Field::kScheme},     {"owner", Field::kOwner},
    {"drupal_name", Field::kOwner}, {"services", Field::kServices},
    {"allowed", Field::kAllowed},   {"ssh_key", Field::kSshKey},
    {"public_key", Field::kSshKey},
};

// The order of the default query, and how many of its first fields a row cannot do without.
struct Layout {
  std::vector<Field> order;
  std::vector<Field> needed;
};

Layout LayoutOf(QueryId id) {
  using enum Field;
  switch (id) {
    case QueryId::kGetpwnam:
    case QueryId::kGetpwuid:
    case QueryId::kGetpwent:
      return {{kUserName, kPassword, kUid, kGid, kGecos, kHome, kShell},
              {kUserName, kUid, kGid, kHome, kShell}};
    case QueryId::kGetspnam:
    case QueryId::kGetspent:
      return {{kUserName, kPassword, kLstchg, kMin, kMax, kWarn, kInact, kExpire, kFlag},
              {kUserName, kPassword}};
    case QueryId::kGetgrnam:
    case QueryId::kGetgrgid:
    case QueryId::kGetgrent:
      return {{kGroupName, kPassword, kGid}, {kGroupName, kGid}};
    case QueryId::kMemsbygid:
      return {{kUserName}, {}};
    case QueryId::kGidsbymem:
      return {{kGid}, {kGid}};
    case QueryId::kAuth:
      return {{kUserName, kPassword}, {kUserName, kPassword}};
    case QueryId::kSshKeys:
      return {{kUserName, kSshKey}, {kUserName, kSshKey}};
    default:
      return {};
  }
}

}  // namespace

std::expected<FieldMap, std::string> FieldMap::Build(QueryId id,
                                                     std::span<const std::string> names) {
  const Layout layout = LayoutOf(id);
  FieldMap map;
  bool any = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto* const known =
        std::find_if(std::begin(kNames), std::end(kNames),
                     [&](const FieldName& row) { return row.name == names[i]; });
    if (known == std::end(kNames)) continue;
    any = true;
    int& column = map.columns_[Index(known->field)];
    if (column < 0) column = static_cast<int>(i);
  }
  if (!any) {
    for (std::size_t i = 0; i < std::min(names.size(), layout.order.size()); ++i) {
      map.columns_[Index(layout.order[i])] = static_cast<int>(i);
    }
  }
  if (id == QueryId::kMemsbygid && !map.Has(Field::kUserName) && !map.Has(Field::kMember)) {
    return std::unexpected("the query does not return the column username");
  }
  std::string missing;
  for (const Field field : layout.needed) {
    if (map.Has(field)) continue;
    const auto* const name = std::find_if(std::begin(kNames), std::end(kNames),
                                          [&](const FieldName& row) { return row.field == field; });
    missing += (missing.empty() ? "" : ", ") + std::string(name->name);
  }
  if (!missing.empty()) return std::unexpected("the query does not return the column " + missing);
  return map;
}

}  // namespace sqlmap
