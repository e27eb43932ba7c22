// Small files of the host, as they are.
#ifndef SQLMAP_CTL_TEXT_FILE_H_
#define SQLMAP_CTL_TEXT_FILE_H_

#include <expected>
#include <string>

namespace sqlmap {

// The file's text, at most 1 MiB; the error is what open(2) or read(2) said, and never a path.
// Does not block on a fifo.
std::expected<std::string, std::string> ReadTextFile(const std::string& path);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_TEXT_FILE_H_
