// Walks over the list queries: passwd and group stream from the server row by row, shadow is read
// whole.
#ifndef SQLMAP_COMMON_SQL_SQL_CURSOR_H_
#define SQLMAP_COMMON_SQL_SQL_CURSOR_H_

#include <string_view>

#include "common/account/account_source.h"
#include "common/sql/complaints.h"
#include "common/sql/list_rows.h"
#include "common/sql/query_runner.h"
#include "common/sql/rows.h"

namespace sqlmap {

// All references must outlive the cursor, which frees itself in Close. A walk over users or groups
// has a connection of its own, outside the pool; between two rows its caller may pause for minutes.
// Each Next ends within QueryRunner::kCallBudgetMs. These throw std::bad_alloc.
Answer OpenUserCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints,
                      std::string_view host, Cursor<UserRecord>*& cursor);

Answer OpenGroupCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints,
                       std::string_view host, MemberQuery members, Cursor<GroupRecord>*& cursor);

Answer OpenShadowCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints,
                        std::string_view host, Cursor<ShadowRecord>*& cursor);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_SQL_CURSOR_H_
