#include "common/sql/rows.h"

#include <algorithm>
#include <charconv>

#include "common/account/rules.h"
#include "common/account/shown_text.h"
#include "common/config/field_template.h"

namespace sqlmap {
namespace {

constexpr char kNoLogin[] = "/usr/sbin/nologin";
constexpr char kNoPassword[] = "*";

std::unexpected<BadRow> Bad(Cell name, std::string why) {
  return std::unexpected(BadRow{ShownText(name.value_or("?"), 64), std::move(why)});
}

std::string NameMistake(const char* field, bool system) {
  return std::string(field) + (system ? " is one of the system's own, in which no row has a say"
                                      : " breaks the name rules of [accounts]");
}

template <class Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// shadow(5): an empty field, NULL here, is "not set", which glibc shows as -1. Anything else must
// be a number.
std::optional<std::int64_t> ShadowNumber(Cell cell) {
  if (!cell) return -1;
  const auto number = ParseWhole<std::int64_t>(*cell);
  if (!number || *number < -1) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::uint32_t> ParseUnsigned(std::string_view text) {
  return ParseWhole<std::uint32_t>(text);
}

std::string RowReader::Canonical(std::string_view name) const {
  std::string canonical(name);
  if (accounts_.name_case == NameCase::kLower) LowerCase(name, canonical.data());
  return canonical;
}

std::expected<std::uint32_t, std::string> RowReader::Id(Cell cell, const IdRules& rules,
                                                        const char* field) const {
  if (!cell) return std::unexpected(std::string(field) + " is NULL");
  const auto number = ParseUnsigned(*cell);
  if (!number) return std::unexpected(std::string(field) + " is not a number of 0 to 4294967295");
  const std::uint64_t id = std::uint64_t{*number} + accounts_.uid_offset;
  if (id > 0xffffffffU || !rules.Allows(static_cast<std::uint32_t>(id))) {
    std::string local = rules.local == nullptr ? std::string() : rules.local->Refusal(id, field);
    if (!local.empty()) return std::unexpected(std::move(local));
    return std::unexpected(std::string(field) + " " + std::to_string(id) +
                           " is outside what [accounts] allows");
  }
  return static_cast<std::uint32_t>(id);
}

std::expected<UserRecord, BadRow> RowReader::User(const FieldMap& fields, Row row,
                                                  RecordText& text) const {
  if (row.empty()) return Bad({}, "a field is longer than 1 MiB");
  const Cell name = fields.In(row, Field::kUserName);
  if (!name) return Bad(name, "username is NULL");
  text.name = Canonical(*name);
  if (!accounts_.names.Allows(text.name))
    return Bad(name, NameMistake("username", IsSystemName(text.name)));
  UserRecord user;
  user.name = text.name;
  const auto uid = Id(fields.In(row, Field::kUid), accounts_.uid_rules(), "uid");
  if (!uid) return Bad(name, uid.error());
  user.uid = *uid;
  if (!accounts_.uid_rules().AllowsName(user.name, user.uid))
    return Bad(name, accounts_.local_uids.NameRefusal(user.name, "uid"));
  const auto gid = Id(fields.In(row, Field::kGid), accounts_.gid_rules(), "gid");
  if (!gid) return Bad(name, gid.error());
  user.gid = *gid;

  // passwd(5) is public: whatever stands in the column, no hash goes out, and no empty field, which
  // would mean "no password".
  const std::string_view password = fields.In(row, Field::kPassword).value_or("x");
  user.password = password == "*" || password == "!" ? password : "x";

  const Cell gecos = fields.In(row, Field::kGecos);
  if (!gecos && fields.Has(Field::kGecos)) return Bad(name, "gecos is NULL");
  user.gecos = gecos.value_or("");
  if (!IsCleanField(user.gecos)) return Bad(name, "gecos contains ':' or a control character");

  const Cell home = fields.In(row, Field::kHome);
  if (!home) return Bad(name, "homedir is NULL");
  user.home = *home;
  if (!accounts_.home.empty())
    user.home = text.home = ExpandFieldTemplate(accounts_.home, user.name, user.uid, *home);
  if (!IsCleanPath(user.home))
    return Bad(name, "homedir is not an absolute path free of ':' and control characters");

  const Cell shell = fields.In(row, Field::kShell);
  if (!shell) return Bad(name, "shell is NULL");
  user.shell = *shell;
  if (!accounts_.shell.empty())
    user.shell = text.shell = ExpandFieldTemplate(accounts_.shell, user.name, user.uid, *home);
  if (!IsCleanPath(user.shell))
    return Bad(name, "shell is not an absolute path free of ':' and control characters");
  if (!accounts_.shells.empty() && std::find(accounts_.shells.begin(), accounts_.shells.end(),
                                             user.shell) == accounts_.shells.end()) {
    user.shell = kNoLogin;
  }
  return user;
}

std::expected<GroupRecord, BadRow> RowReader::Group(const FieldMap& fields, Row row,
                                                    RecordText& text) const {
  if (row.empty()) return Bad({}, "a field is longer than 1 MiB");
  const Cell name = fields.In(row, Field::kGroupName);
  if (!name) return Bad(name, "groupname is NULL");
  text.name = Canonical(*name);
  if (!accounts_.names.AllowsGroup(text.name))
    return Bad(name, NameMistake("groupname", IsSystemGroupName(text.name)));
  const auto gid = Id(fields.In(row, Field::kGid), accounts_.gid_rules(), "gid");
  if (!gid) return Bad(name, gid.error());
  if (!accounts_.gid_rules().AllowsName(text.name, *gid))
    return Bad(name, accounts_.local_gids.NameRefusal(text.name, "gid"));
  const std::string_view password = fields.In(row, Field::kPassword).value_or("x");
  return GroupRecord{text.name, password == "*" || password == "!" ? password : "x", *gid, {}};
}

std::expected<ShadowRecord, BadRow> RowReader::Shadow(const FieldMap& fields, Row row,
                                                      RecordText& text) const {
  if (row.empty()) return Bad({}, "a field is longer than 1 MiB");
  const Cell name = fields.In(row, Field::kUserName);
  if (!name) return Bad(name, "username is NULL");
  text.name = Canonical(*name);
  if (!accounts_.names.Allows(text.name))
    return Bad(name, NameMistake("username", IsSystemName(text.name)));
  ShadowRecord shadow;
  shadow.name = text.name;
  // NULL and "" are "no password opens this": pam_unix would take an empty field for "no password
  // needed".
  shadow.hash = fields.In(row, Field::kPassword).value_or(kNoPassword);
  if (shadow.hash.empty()) shadow.hash = kNoPassword;
  if (!IsCleanField(shadow.hash)) return Bad(name, "password contains ':' or a control character");
  struct Span {
    Field field;
    std::int64_t ShadowRecord::*member;
    const char* name;
  };
  static constexpr Span kSpans[] = {
      {Field::kLstchg, &ShadowRecord::lstchg, "lstchg"},
      {Field::kMin, &ShadowRecord::min, "min"},
      {Field::kMax, &ShadowRecord::max, "max"},
      {Field::kWarn, &ShadowRecord::warn, "warn"},
      {Field::kInact, &ShadowRecord::inact, "inact"},
      {Field::kExpire, &ShadowRecord::expire, "expire"},
  };
  for (const Span& span : kSpans) {
    const auto number = ShadowNumber(fields.In(row, span.field));
    if (!number) return Bad(name, std::string(span.name) + " is not a number of days");
    shadow.*span.member = *number;
  }
  if (const Cell flag = fields.In(row, Field::kFlag); flag) {
    const auto number = ParseWhole<std::uint64_t>(*flag);
    if (!number && *flag != "-1") return Bad(name, "flag is not a number");
    shadow.flag = number.value_or(shadow.flag);
  }
  return shadow;
}

std::expected<AuthRow, BadRow> RowReader::Auth(const FieldMap& fields, Row row,
                                               RecordText& text) const {
  if (row.empty()) return Bad({}, "a field is longer than 1 MiB");
  const Cell name = fields.In(row, Field::kUserName);
  if (!name) return Bad(name, "username is NULL");
  text.name = Canonical(*name);
  AuthRow auth;
  auth.name = text.name;
  auth.hash = fields.In(row, Field::kPassword);
  // A column that is there and says NULL does not say "any".
  for (const Field field : {Field::kScheme, Field::kServices}) {
    if (fields.Has(field) && !fields.In(row, field)) {
      return Bad(name, field == Field::kScheme ? "scheme is NULL" : "services is NULL");
    }
  }
  auth.scheme = fields.In(row, Field::kScheme).value_or("");
  auth.owner = fields.In(row, Field::kOwner).value_or("");
  auth.enabled = !fields.Has(Field::kStatus) || fields.In(row, Field::kStatus) == "1";
  auth.services = fields.In(row, Field::kServices).value_or("");
  return auth;
}

std::expected<Gid, BadRow> RowReader::GroupOfUser(const FieldMap& fields, Row row) const {
  if (row.empty()) return Bad({}, "a field is longer than 1 MiB");
  const auto gid = Id(fields.In(row, Field::kGid), accounts_.gid_rules(), "gid");
  if (!gid) return Bad(fields.In(row, Field::kUserName), gid.error());
  return *gid;
}

std::size_t RowReader::AppendMembers(std::string_view cell, std::string& names,
                                     std::size_t& count) const {
  std::size_t left_out = 0;
  while (!cell.empty()) {
    const std::size_t comma = cell.find(',');
    std::string_view item = cell.substr(0, comma);
    cell = comma == std::string_view::npos ? std::string_view{} : cell.substr(comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item.empty()) continue;
    const std::string name = Canonical(item);
    if (!accounts_.names.Allows(name)) {
      ++left_out;
      continue;
    }
    names.append(name);
    names.push_back('\0');
    ++count;
  }
  return left_out;
}

std::optional<std::uint32_t> WithoutOffset(std::uint32_t id, std::uint32_t offset) {
  if (id < offset) return std::nullopt;
  return id - offset;
}

}  // namespace sqlmap
