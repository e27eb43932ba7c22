// The ten queries that libnss-mysql and libnss-maria have whole, under the same names as sqlmap.
#ifndef SQLMAP_CTL_IMPORT_WHOLE_QUERIES_H_
#define SQLMAP_CTL_IMPORT_WHOLE_QUERIES_H_

#include "ctl/import/old_sql.h"
#include "ctl/import/old_values.h"

namespace sqlmap::importing {

// Converts those that `values` has; getspnam becomes `auth` too. Each that cannot be carried over,
// or that the rest needs and is not there, is remarked.
void TakeWholeQueries(const OldValues& values, Substitution style, OldConfiguration& configuration);

// Puts the account of the root file where it belongs: `root` may be empty.
void TakeAccounts(const OldValues& values, const OldValues& root, OldConfiguration& configuration);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_WHOLE_QUERIES_H_
