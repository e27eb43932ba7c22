// The lines of a text, and their words. Pure.
#ifndef SQLMAP_CTL_TEXT_LINES_H_
#define SQLMAP_CTL_TEXT_LINES_H_

#include <string_view>
#include <vector>

namespace sqlmap {

// Each with its line feed; the last one may have none. Together they are the text.
std::vector<std::string_view> WholeLines(std::string_view text);

// The same without their line feeds.
std::vector<std::string_view> LinesOf(std::string_view text);

// What stands between white space; a "#" ends the line.
std::vector<std::string_view> WordsOf(std::string_view line);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_TEXT_LINES_H_
