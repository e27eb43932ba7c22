// A file of the system, read and replaced: whole, or not at all.
#ifndef SQLMAP_CTL_SETUP_SYSTEM_FILE_H_
#define SQLMAP_CTL_SETUP_SYSTEM_FILE_H_

#include <string>
#include <string_view>

namespace sqlmap {

// Its text. Throws Failure (kUnknown) if it is missing, a link, not a regular file, or not root's
// alone, itself or a directory above it.
std::string ReadSystemFile(const std::string& path);
bool SystemFileExists(const std::string& path);

// Puts `after` in place of a file that still has the text `before`, with its owner, mode and
// extended attributes. Whenever the power fails, the file is the one or the other. Throws Failure
// (kNo); the file is as it was then.
void ReplaceSystemFile(const std::string& path, std::string_view before, std::string_view after);

// Takes away what ReplaceSystemFile has left beside the file when it was killed.
void RemoveLeftover(const std::string& path);

// A file of our own, in a directory that exists: new, or in place of another, with mode 0600.
void WriteOwnFile(const std::string& path, std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_SYSTEM_FILE_H_
