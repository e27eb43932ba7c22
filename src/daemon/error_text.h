// What errno(3) means, for a log line.
#ifndef SQLMAP_DAEMON_ERROR_TEXT_H_
#define SQLMAP_DAEMON_ERROR_TEXT_H_

#include <cerrno>
#include <string>
#include <system_error>

namespace sqlmap {

inline std::string ErrorText(int error = errno) { return std::generic_category().message(error); }

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_ERROR_TEXT_H_
