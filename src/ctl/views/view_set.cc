#include "ctl/views/view_set.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>

#include "common/account/rules.h"
#include "common/config/server_address.h"
#include "ctl/text_lines.h"
#include "ctl/views/sql_text.h"

namespace sqlmap {
namespace {

constexpr std::string_view kBegin = "-- [settings]";
constexpr std::string_view kEnd = "-- [end of settings]";

std::string IdMistake(const std::string& value) {
  std::uint32_t id = 0;
  const char* const end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, id);
  if (error != std::errc() || stopped != end) return "is not a number from 1 to 4294967293";
  return IsReservedId(id) ? "is reserved: no account of a database has it" : "";
}

std::string GroupMistake(const std::string& value) {
  if (NameRules::Default().AllowsGroup(value)) return {};
  return IsSystemGroupName(value)
             ? "is the name of a group of the system itself"
             : "is no group name: letters a-z, digits and ._@-, not only digits";
}

std::string HostMistake(const std::string& value) {
  if (value.empty()) return {};
  const auto address = ParseServerAddress(value);
  return address && address->host == value ? "" : "is not the name of a host";
}

std::string OwnerMistake(const std::string& value) {
  return NameRules::Default().Allows(value) ? "" : "is not the name of a site";
}

std::string PathMistake(const std::string& value) {
  const bool plain = value.find_first_of("'\"\\") == std::string::npos;
  return plain && IsCleanPath(value) ? ""
                                     : "is not an absolute path without quotes and backslashes";
}

std::string SwitchMistake(const std::string& value) {
  return value == "0" || value == "1" ? "" : "is neither 0 nor 1";
}

constexpr ViewOption kOptions[] = {
    {"--uid", "uid", "U", "who owns the files", true, IdMistake},
    {"--gid", "gid", "G", "the group of the files", true, IdMistake},
    {"--group", "groupname", "NAME", "what that group is called", false, GroupMistake},
    {"--front-end", "frontend", "HOST",
     "only what this host serves, by its name in the database; \"\" is all", false, HostMistake},
    {"--show-hostmaster", "show_hostmaster", "0|1",
     "whether the site of Aegir's own control panel is an account", true, SwitchMistake},
    {"--owner", "owner", "NAME", "the account that stands for the uid", false, OwnerMistake},
    {"--home", "home", "DIR", "where each account has a directory of its own", false, PathMistake},
    {"--shell", "shell", "PATH", "of an account that is enabled", false, PathMistake},
    {"--no-shell", "no_shell", "PATH", "of an account that is disabled", false, PathMistake},
    {"--close-expired", "close_expired", "0|1", "whether an expired password closes the account",
     true, SwitchMistake},
};

// LITERAL AS name, in a line of the marked place.
struct SettingLine {
  std::string_view literal;  // with the spaces behind it
  std::string_view name;
};

std::optional<SettingLine> ReadSettingLine(std::string_view line) {
  std::vector<SqlToken> tokens = ReadSql(line);
  std::erase_if(tokens, [](const SqlToken& token) {
    return token.kind == SqlToken::Kind::kSpace || token.text == "SELECT";
  });
  if (tokens.size() < 4 || tokens[1].text != "AS") return std::nullopt;
  const char* const begin = tokens[0].text.data();
  return SettingLine{{begin, static_cast<std::size_t>(tokens[1].text.data() - begin)},
                     tokens[2].text};
}

// Calls `visit` with each line, its line feed included, and its setting if it has one.
void EachLine(
    std::string_view file,
    const std::function<void(std::string_view, const std::optional<SettingLine>&)>& visit) {
  bool marked = false;
  for (const std::string_view line : WholeLines(file)) {
    if (line.starts_with(kBegin)) marked = true;
    if (line.starts_with(kEnd)) marked = false;
    visit(line, marked && !line.starts_with("--") ? ReadSettingLine(line) : std::nullopt);
  }
}

std::string Value(std::string_view literal) {
  while (literal.ends_with(' ')) literal.remove_suffix(1);
  if (literal.starts_with('\'')) literal = literal.substr(1, literal.size() - 2);
  return std::string(literal);
}

const ViewOption* OptionOf(std::string_view setting) {
  const auto* const found = std::ranges::find(kOptions, setting, &ViewOption::setting);
  return found == std::end(kOptions) ? nullptr : found;
}

// In the width of the literal that it replaces, so that the file's columns stay.
std::string InWidthOf(std::string_view before, std::string literal) {
  literal.resize(std::max(before.size(), literal.size() + 1), ' ');
  return literal;
}

std::string NoUse(const ViewOption& option, const std::string& name, const ViewSet& set) {
  std::string what =
      std::string(option.option) + ": the views of " + name + " have no use for it; ";
  if (set.settings.empty()) return what + "there is nothing to set";
  what += "what can be set:";
  for (const auto& [setting, value] : set.settings) {
    if (const ViewOption* const known = OptionOf(setting)) what += std::string(" ") + known->option;
  }
  return what;
}

}  // namespace

std::span<const ViewOption> ViewOptions() { return kOptions; }

ViewSet ReadViewSet(std::string_view file) {
  ViewSet set;
  set.does = std::string(file.substr(0, file.find('\n')));
  if (set.does.starts_with("-- ")) set.does.erase(0, 3);
  EachLine(file, [&](std::string_view, const std::optional<SettingLine>& setting) {
    if (setting) set.settings.emplace_back(setting->name, Value(setting->literal));
  });
  return set;
}

std::expected<std::string, std::string> FillIn(std::string_view file, const std::string& name,
                                               const ViewValues& values) {
  const ViewSet set = ReadViewSet(file);
  for (const ViewOption& option : kOptions) {
    const auto value = values.find(option.setting);
    if (value == values.end()) continue;
    const bool has = std::ranges::any_of(
        set.settings, [&](const auto& setting) { return setting.first == option.setting; });
    if (!has) return std::unexpected(NoUse(option, name, set));
    if (const std::string mistake = option.mistake(value->second); !mistake.empty())
      return std::unexpected(std::string(option.option) + " \"" + value->second + "\" " + mistake);
  }
  std::string text;
  EachLine(file, [&](std::string_view line, const std::optional<SettingLine>& setting) {
    const auto value = setting ? values.find(std::string(setting->name)) : values.end();
    if (value == values.end()) {
      text += line;
      return;
    }
    const bool number = OptionOf(setting->name)->number;
    const auto before = static_cast<std::size_t>(setting->literal.data() - line.data());
    text += line.substr(0, before);
    text += InWidthOf(setting->literal, number ? value->second : SqlLiteral(value->second));
    text += line.substr(before + setting->literal.size());
  });
  return text;
}

}  // namespace sqlmap
