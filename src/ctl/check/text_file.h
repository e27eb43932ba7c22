// Small files of the host, as they are, and their words.
#ifndef SQLMAP_CTL_CHECK_TEXT_FILE_H_
#define SQLMAP_CTL_CHECK_TEXT_FILE_H_

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// The file's text, at most 1 MiB; the error is what open(2) or read(2) said, and never a path.
// Does not block on a fifo.
std::expected<std::string, std::string> ReadTextFile(const std::string& path);

// Lines without their line feeds; one that ends in a backslash goes on in the next.
std::vector<std::string> LinesOf(std::string_view text);

// What stands between white space; a "#" ends the line.
std::vector<std::string_view> WordsOf(std::string_view line);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_TEXT_FILE_H_
