// `key = value` and `key = value;`, a line each: nss-mysql and the config_file of pam_mysql.
#ifndef SQLMAP_CTL_IMPORT_ASSIGNMENTS_H_
#define SQLMAP_CTL_IMPORT_ASSIGNMENTS_H_

#include "ctl/import/old_values.h"

namespace sqlmap::importing {

// Neither module knows quotes or continued lines; pam_mysql reads no further than the first line
// that it does not understand, which is a mistake here.
void ScanAssignments(const OldFile& file, OldValues& values, ImportRemarks& remarks);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_ASSIGNMENTS_H_
