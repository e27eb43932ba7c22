// Asks each of those who may know an account, and takes the time.
#ifndef SQLMAP_CTL_LOOKUP_WITNESSES_H_
#define SQLMAP_CTL_LOOKUP_WITNESSES_H_

#include <map>
#include <string>
#include <vector>

#include "ctl/host.h"
#include "ctl/lookup/sighting.h"
#include "ctl/screen.h"

namespace sqlmap::lookup {

struct Testimony {
  std::vector<Sighting> sightings;    // one of each Witness, in their order
  std::vector<std::string> remarks;   // what the SQL layer wrote for the log about it
  std::map<Gid, std::string> groups;  // what NSS calls the groups that its answer has by number
};

// The database is asked only if this user may read the password for it. Takes a second for each at
// most.
Testimony AskAll(const Question& question, const HostPaths& paths, Screen& screen);

// By glibc's own functions (getpwnam_r and its like), and by /etc/passwd and /etc/group as they
// are.
Sighting AskNss(const Question& question);
Sighting AskFiles(const Question& question, const HostPaths& paths);

}  // namespace sqlmap::lookup

#endif  // SQLMAP_CTL_LOOKUP_WITNESSES_H_
