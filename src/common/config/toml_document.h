// TOML text as a flat list of keys with their lines. The only place that knows toml++, which stays
// out of the headers.
#ifndef SQLMAP_COMMON_CONFIG_TOML_DOCUMENT_H_
#define SQLMAP_COMMON_CONFIG_TOML_DOCUMENT_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sqlmap {

struct TomlValue {
  // What no key of ours takes: "a section", "a number with a fraction", "a date or time".
  struct Other {
    std::string_view description;
  };

  unsigned line = 0;
  std::variant<std::string, std::int64_t, bool, std::vector<TomlValue>, Other> value;
};

// "text", "a whole number", "true or false", "a list", or what Other says.
std::string_view DescribeType(const TomlValue& value);

struct TomlKey {
  std::string section;  // "" for what stands before the first section and is none itself
  std::string name;
  TomlValue value;
};

struct TomlSection {
  std::string name;
  unsigned line = 0;
};

// The text of the values is wiped when it goes: some are passwords.
struct TomlDocument {
  std::vector<TomlSection> sections;  // each in the order of the file
  std::vector<TomlKey> keys;

  TomlDocument() = default;
  TomlDocument(TomlDocument&&) = default;
  TomlDocument& operator=(TomlDocument&&) = default;
  ~TomlDocument();
};

struct TomlError {
  unsigned line = 0;
  std::string what;  // never any of the text: it may be a password
};

// Text that is not UTF-8, holds a NUL, or says the same key twice is an error, as is a key of more
// than 16 parts. May throw std::bad_alloc, and nothing else.
std::expected<TomlDocument, TomlError> ParseToml(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_TOML_DOCUMENT_H_
