// A file of /etc/pam.d, as far as pam_mysql.so is in it.
#ifndef SQLMAP_CTL_IMPORT_PAM_SERVICE_H_
#define SQLMAP_CTL_IMPORT_PAM_SERVICE_H_

#include <string>
#include <vector>

#include "ctl/import/old_values.h"

namespace sqlmap::importing {

struct PamMysqlLine {
  std::string type;     // auth, account, password, session; perhaps with a '-' in front
  std::string control;  // "required", "[success=1 default=ignore]"
  OldValues arguments;
  unsigned line = 0;
};

// As pam.conf(5) has it: a backslash continues a line, '#' begins a comment, and an argument in
// brackets may hold white space. Quotes mean nothing.
std::vector<PamMysqlLine> ScanPamService(const OldFile& file, ImportRemarks& remarks);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_PAM_SERVICE_H_
