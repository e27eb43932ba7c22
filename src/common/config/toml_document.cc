#include "common/config/toml_document.h"

// Errors are values: the exception that toml++ would throw instead ends the program if memory runs
// out while it is made.
#define TOML_EXCEPTIONS 0
// Its assertions do not hold for every text ("[)" breaks one) and are promises to the compiler if
// NDEBUG is set. They say nothing that the code behind them does not check again.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
// No key of ours nests; a low bound spares the stack of the program that asks.
#define TOML_MAX_NESTED_VALUES 4
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/config/toml_prescan.h"
#include "common/config/wipe.h"

namespace sqlmap {
namespace {

void WipeValue(TomlValue& value) {
  if (auto* const text = std::get_if<std::string>(&value.value)) Wipe(*text);
  if (auto* const elements = std::get_if<std::vector<TomlValue>>(&value.value))
    for (TomlValue& element : *elements) WipeValue(element);
}

void WipeNode(toml::node& node) {
  if (auto* const text = node.as_string()) {
    Wipe(text->get());
  } else if (auto* const array = node.as_array()) {
    for (toml::node& element : *array) WipeNode(element);
  } else if (auto* const table = node.as_table()) {
    for (auto&& [key, value] : *table) WipeNode(value);
  }
}

// What ParseToml holds of the text, which may contain passwords. Out of reach: the buffers in which
// toml++ collects a value.
struct Scratch {
  PrescannedToml scanned;
  toml::parse_result parsed;

  explicit Scratch(std::string_view text) : scanned(PrescanToml(text)) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    Wipe(scanned.text);
    if (parsed) WipeNode(parsed.table());
  }
};

TomlValue Convert(const toml::node& node) {
  TomlValue converted;
  converted.line = node.source().begin.line;
  switch (node.type()) {
    case toml::node_type::string:
      converted.value = node.as_string()->get();
      break;
    case toml::node_type::integer:
      converted.value = node.as_integer()->get();
      break;
    case toml::node_type::boolean:
      converted.value = node.as_boolean()->get();
      break;
    case toml::node_type::array: {
      std::vector<TomlValue> elements;
      for (const toml::node& element : *node.as_array()) elements.push_back(Convert(element));
      converted.value = std::move(elements);
      break;
    }
    case toml::node_type::table:
      converted.value = TomlValue::Other{"a section"};
      break;
    case toml::node_type::floating_point:
      converted.value = TomlValue::Other{"a number with a fraction"};
      break;
    default:
      converted.value = TomlValue::Other{"a date or time"};
  }
  return converted;
}

void AddKey(std::string_view section, const toml::key& key, const toml::node& node,
            TomlDocument& document) {
  TomlKey added{std::string(section), std::string(key.str()), Convert(node)};
  added.value.line = key.source().begin.line;
  document.keys.push_back(std::move(added));
}

TomlDocument Flatten(const toml::table& root) {
  TomlDocument document;
  // A vector that grows would leave copies of short texts behind.
  std::size_t keys = 0;
  for (const auto& [key, node] : root) keys += node.is_table() ? node.as_table()->size() : 1;
  document.keys.reserve(keys);
  for (const auto& [key, node] : root) {
    const toml::table* const section = node.as_table();
    if (section == nullptr) {
      AddKey("", key, node, document);
      continue;
    }
    document.sections.push_back({std::string(key.str()), key.source().begin.line});
    for (const auto& [name, value] : *section) AddKey(key.str(), name, value, document);
  }
  std::sort(document.sections.begin(), document.sections.end(),
            [](const TomlSection& a, const TomlSection& b) {
              return std::tie(a.line, a.name) < std::tie(b.line, b.name);
            });
  std::sort(document.keys.begin(), document.keys.end(), [](const TomlKey& a, const TomlKey& b) {
    return std::tie(a.value.line, a.section, a.name) < std::tie(b.value.line, b.section, b.name);
  });
  return document;
}

// toml++ quotes what it saw, which may be a password, and so may what looks like a key. Kept is
// what was expected.
std::string WithoutQuotations(std::string_view description) {
  for (const std::string_view twice : {"cannot redefine", "cannot insert"}) {
    if (description.find(twice) != std::string_view::npos)
      return "this key or section is there already";
  }
  description = description.substr(0, description.find(", saw "));
  std::string kept(description);
  if (kept.find("expected ") != std::string::npos) return kept;
  const std::size_t open = kept.find('\'');
  const std::size_t close = kept.rfind('\'');
  if (open != std::string::npos) kept.replace(open, close + 1 - open, "what stands here");
  return kept;
}

}  // namespace

TomlDocument::~TomlDocument() {
  for (TomlKey& key : keys) WipeValue(key.value);
}

std::string_view DescribeType(const TomlValue& value) {
  if (const auto* other = std::get_if<TomlValue::Other>(&value.value)) return other->description;
  constexpr std::string_view kTypes[] = {"text", "a whole number", "true or false", "a list"};
  return kTypes[value.value.index()];
}

std::expected<TomlDocument, TomlError> ParseToml(std::string_view text) {
  Scratch scratch(text);
  const PrescannedToml& scanned = scratch.scanned;
  if (!scanned.mistake.empty()) {
    return std::unexpected(TomlError{scanned.line, std::string(scanned.mistake)});
  }
  scratch.parsed = toml::parse(std::string_view(scanned.text));
  if (scratch.parsed) return Flatten(scratch.parsed.table());
  const toml::parse_error& error = scratch.parsed.error();
  return std::unexpected(
      TomlError{error.source().begin.line, WithoutQuotations(error.description())});
}

}  // namespace sqlmap
