// Fills a page of the manual with what the parser knows of each key of sqlmapd.toml and
// secrets.toml.
//
// The page is scdoc(5), and two kinds of lines more. Below a heading "## [section]":
//
//   @key                 the key's name and meaning
//   	@example VALUE      its type, default, range and file, and "key = VALUE"
//
// What else the page says of a key stands between the two.
#ifndef SQLMAP_MANUAL_KEY_REFERENCE_H_
#define SQLMAP_MANUAL_KEY_REFERENCE_H_

#include <expected>
#include <string>
#include <string_view>

namespace sqlmap {

// The page as scdoc, or what is wrong with it. Each key of KeyDescriptions() must be there once,
// with an example that the parser takes and that is not the default; and no other key.
std::expected<std::string, std::string> WithKeyReference(std::string_view page);

}  // namespace sqlmap

#endif  // SQLMAP_MANUAL_KEY_REFERENCE_H_
