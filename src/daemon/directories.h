// The daemon's directories, which processes of all users must be able to believe.
#ifndef SQLMAP_DAEMON_DIRECTORIES_H_
#define SQLMAP_DAEMON_DIRECTORIES_H_

#include <expected>
#include <string>

namespace sqlmap {

// Makes it, mode 0755, if it is not there. The error says what stands in the way: something else
// than a directory, or one (or one above it) in which others than root can replace things.
std::expected<void, std::string> EnsureDirectory(const std::string& path);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_DIRECTORIES_H_
