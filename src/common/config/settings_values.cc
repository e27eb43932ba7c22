#include "common/config/settings_values.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "common/account/password_scheme.h"
#include "common/account/rules.h"
#include "common/config/message_text.h"
#include "common/config/query_template.h"
#include "common/config/server_address.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMaxElements = 1024;

// What is wrong with an element of a list, "" if nothing; a good one is stored.
std::string AddServer(const TomlValue& element, std::vector<ServerAddress>& servers) {
  const auto* text = std::get_if<std::string>(&element.value);
  if (text == nullptr) return "an entry is " + std::string(DescribeType(element));
  auto server = ParseServerAddress(*text);
  if (!server) return Quoted(*text) + " " + server.error();
  servers.push_back(*std::move(server));
  return {};
}

std::string AddPath(const TomlValue& element, std::vector<std::string>& paths) {
  const auto* text = std::get_if<std::string>(&element.value);
  if (text == nullptr) return "an entry is " + std::string(DescribeType(element));
  if (!IsCleanPath(*text))
    return Quoted(*text) + " is no absolute path, or holds a ':' or a control character";
  paths.push_back(*text);
  return {};
}

std::string AddId(const TomlValue& element, std::vector<std::uint32_t>& ids) {
  const auto* number = std::get_if<std::int64_t>(&element.value);
  if (number == nullptr) return "an entry is " + std::string(DescribeType(element));
  const bool fits = *number >= 0 && *number <= std::numeric_limits<std::uint32_t>::max();
  if (!fits) return std::to_string(*number) + " is no id";
  const auto id = static_cast<std::uint32_t>(*number);
  if (IsReservedId(id)) return std::to_string(id) + " is a reserved id, which no row may ever use";
  ids.push_back(id);
  return {};
}

std::string UnknownScheme(std::string_view name) {
  std::array<std::string_view, kPasswordSchemes.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kPasswordSchemes[i].name;
  const std::string_view nearest = Nearest(name, names);
  std::string what = Quoted(name) + " is no password scheme";
  if (!nearest.empty()) what += ", did you mean \"" + std::string(nearest) + "\"?";
  return what;
}

std::string AddScheme(const TomlValue& element, PasswordSchemeSet& schemes) {
  const auto* text = std::get_if<std::string>(&element.value);
  if (text == nullptr) return "an entry is " + std::string(DescribeType(element));
  if (*text == "strong") {
    for (const PasswordSchemeName& row : kPasswordSchemes) {
      if (row.strength == SchemeStrength::kStrong) schemes.Add(row.scheme);
    }
    return {};
  }
  const auto scheme = PasswordSchemeByName(*text);
  if (!scheme) return UnknownScheme(*text);
  schemes.Add(*scheme);
  return {};
}

// Reads one value for each kind of key.
class ValueReader {
 public:
  ValueReader(const KeyDescription& key, const TomlValue& value, SettingsDraft& draft)
      : key_(key), value_(value), draft_(draft), error_{value.line, {}} {}

  ValueError Take() && { return std::move(error_); }

  void operator()(const NumberKey& target) {
    const auto* number = Get<std::int64_t>();
    if (number == nullptr) return;
    if (*number < std::int64_t{target.min} || *number > std::int64_t{target.max}) {
      return Complain(std::to_string(*number) + " is out of range");
    }
    target.store(draft_, static_cast<std::uint32_t>(*number));
  }

  void operator()(const FlagKey& target) {
    if (const auto* flag = Get<bool>()) target.member(draft_) = *flag;
  }

  void operator()(const TextKey& target) {
    const auto* text = Get<std::string>();
    if (text == nullptr) return;
    std::string wrong = target.set(draft_, *text);
    if (!wrong.empty()) Complain(key_.secret ? std::move(wrong) : Quoted(*text) + " " + wrong);
  }

  void operator()(const ServersKey& target) {
    std::vector<ServerAddress> servers;
    if (ReadList(servers, AddServer, target.may_be_empty))
      target.member(draft_) = std::move(servers);
  }
  void operator()(const PathsKey& target) {
    std::vector<std::string> paths;
    if (ReadList(paths, AddPath, true)) target.member(draft_) = std::move(paths);
  }
  void operator()(const NamesKey& target) {
    target.clear(draft_);
    const auto add = [&](const TomlValue& element, SettingsDraft& draft) -> std::string {
      const auto* text = std::get_if<std::string>(&element.value);
      if (text == nullptr) return "an entry is " + std::string(DescribeType(element));
      const std::string wrong = target.add(draft, *text);
      return wrong.empty() ? wrong : Quoted(*text) + " " + wrong;
    };
    (void)ReadList(draft_, add, true);
  }
  void operator()(const IdsKey& target) {
    std::vector<std::uint32_t> ids;
    if (!ReadList(ids, AddId, true)) return;
    if (ids.size() > kMostSingleIds) {
      return Complain(std::to_string(ids.size()) + " ids are too many; " +
                      std::to_string(kMostSingleIds) + " are allowed");
    }
    target.member(draft_) = std::move(ids);
  }

  void operator()(const SchemesKey& target) {
    PasswordSchemeSet schemes;
    if (const auto* word = std::get_if<std::string>(&value_.value)) {
      if (*word != "strong" && *word != "all")
        return Complain(Quoted(*word) + " is neither \"strong\" nor \"all\"");
      schemes = *word == "all" ? PasswordSchemeSet::All() : PasswordSchemeSet::Strong();
    } else if (!ReadList(schemes, AddScheme, false)) {
      return;
    }
    target.member(draft_) = schemes;
  }

  void operator()(const QueryKey& target) {
    const auto* text = Get<std::string>();
    if (text == nullptr) return;
    const auto index = static_cast<std::size_t>(target.id);
    const QueryDescription& query = QueryDescriptions()[index];
    auto parsed = ParseQueryTemplate(*text, query.parameters);
    if (!parsed) {
      error_.what = std::move(parsed.error());
      return;
    }
    if (parsed->configured()) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(QueryParameter::kCount); ++i) {
        const auto parameter = static_cast<QueryParameter>(i);
        if (!query.required.Contains(parameter)) continue;
        const auto& found = parsed->parameters;
        if (std::find(found.begin(), found.end(), parameter) == found.end()) {
          return Complain("lacks the parameter :" + std::string(NameOf(parameter)));
        }
      }
    }
    draft_.settings.queries[index] = *std::move(parsed);
  }

 private:
  void Complain(const std::string& what) { error_.what = what + "; allowed: " + key_.RangeText(); }

  template <class Type>
  const Type* Get() {
    const Type* const value = std::get_if<Type>(&value_.value);
    if (value == nullptr) Complain("is " + std::string(DescribeType(value_)));
    return value;
  }

  // "is text; a list is wanted: servers = ["/path"]".
  void WantList() {
    std::string what = "is " + std::string(DescribeType(value_)) + "; a list is wanted";
    if (const auto* text = std::get_if<std::string>(&value_.value)) {
      what += ": " + std::string(key_.key) + " = [" + Quoted(*text) + "]";
    } else if (const auto* number = std::get_if<std::int64_t>(&value_.value)) {
      what += ": " + std::string(key_.key) + " = [" + std::to_string(*number) + "]";
    }
    Complain(what);
  }

  template <class Result, class Add>
  bool ReadList(Result& result, Add add, bool may_be_empty) {
    const auto* elements = std::get_if<std::vector<TomlValue>>(&value_.value);
    if (elements == nullptr) return WantList(), false;
    if (elements->empty() && !may_be_empty) return Complain("is an empty list"), false;
    if (elements->size() > kMaxElements) return Complain("has more than 1024 entries"), false;
    for (const TomlValue& element : *elements) {
      const std::string wrong = add(element, result);
      if (wrong.empty()) continue;
      error_.line = element.line;
      return Complain(wrong), false;
    }
    return true;
  }

  const KeyDescription& key_;
  const TomlValue& value_;
  SettingsDraft& draft_;
  ValueError error_;
};

}  // namespace

ValueError StoreValue(const KeyDescription& key, const TomlValue& value, SettingsDraft& draft) {
  ValueReader reader(key, value, draft);
  std::visit(reader, key.target);
  return std::move(reader).Take();
}

}  // namespace sqlmap
