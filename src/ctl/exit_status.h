// What sqlmapctl's exit status says, whatever the command.
#ifndef SQLMAP_CTL_EXIT_STATUS_H_
#define SQLMAP_CTL_EXIT_STATUS_H_

#include <stdexcept>
#include <string>

namespace sqlmap {

enum class ExitStatus : int {
  kDone = 0,     // done; the answer is yes; all is well
  kNo = 1,       // not done; the answer is no; something is wrong
  kUsage = 2,    // a mistake on the command line, or in what it names
  kUnknown = 3,  // nobody could say: no right to know, no configuration, sqlmapd or the database
                 // does not answer; or what was said could not be written
};

// Ends a command: what was tried, on what, and how to mend it. Never a password or a hash.
class Failure : public std::runtime_error {
 public:
  Failure(ExitStatus status, const std::string& what) : std::runtime_error(what), status_(status) {}
  ExitStatus status() const { return status_; }

 private:
  ExitStatus status_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_EXIT_STATUS_H_
