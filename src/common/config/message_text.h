// Small pieces of error messages: quoted text, lists, and the word that was probably meant.
#ifndef SQLMAP_COMMON_CONFIG_MESSAGE_TEXT_H_
#define SQLMAP_COMMON_CONFIG_MESSAGE_TEXT_H_

#include <span>
#include <string>
#include <string_view>

namespace sqlmap {

// `text` in double quotes, fit for a log line: printable ASCII, anything else as \xNN, cut after 60
// bytes.
std::string Quoted(std::string_view text);

// "a, b, c".
std::string Joined(std::span<const std::string_view> words);

// The one of `words` that differs from `text` by the fewest letters, "" if none is near enough to
// be meant.
std::string_view Nearest(std::string_view text, std::span<const std::string_view> words);

// "; did you mean X? Allowed: a, b, c", or without the guess.
std::string Suggestion(std::string_view text, std::span<const std::string_view> words);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_MESSAGE_TEXT_H_
