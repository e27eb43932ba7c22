// The keys that sshd may let in: from the query `ssh_keys`, without the lines that sshd could not
// read.
#ifndef SQLMAP_COMMON_BACKEND_SSH_KEYS_H_
#define SQLMAP_COMMON_BACKEND_SSH_KEYS_H_

#include <string>
#include <string_view>

#include "common/account/answer.h"
#include "common/account/log.h"
#include "common/sql/complaints.h"
#include "common/sql/sql_account_source.h"

namespace sqlmap {

// Thread safe.
class SshKeys {
 public:
  // Both must outlive it. `log` hears of what is left out, in one line for each call: whose, and
  // where, never what stands there.
  SshKeys(SqlAccountSource& accounts, Log& log) : accounts_(accounts), complaints_(log) {}

  // Asks the database, each time. Found: `lines` becomes the lines of authorized_keys(5), at least
  // one, each followed by a line feed. Absent: there are none. A row holds one line, or NULL, which
  // is none; remarks may stand around it, and lines may end with CR LF. One with a second line is
  // left out whole.
  Answer Find(std::string_view name, std::string& lines) noexcept;

 private:
  SqlAccountSource& accounts_;
  Complaints complaints_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_SSH_KEYS_H_
