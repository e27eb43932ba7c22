// One row of the `auth` query: a password that opens an account. There may be several for one name.
#ifndef SQLMAP_COMMON_ACCOUNT_AUTH_ROW_H_
#define SQLMAP_COMMON_ACCOUNT_AUTH_ROW_H_

#include <optional>
#include <string_view>

namespace sqlmap {

// Views of memory that the SQL layer owns; the hash is wiped there when the call ends.
struct AuthRow {
  std::string_view name;  // the account, already compared with the name that was asked
  std::optional<std::string_view> hash;  // column `password`; SQL NULL is nullopt
  std::string_view scheme;               // column `scheme` or `plugin`; "" if there is none
  std::string_view owner;  // column `owner` or `drupal_name`: whose password this is, for the log
  bool enabled =
      true;  // column `status`: 1 is enabled, anything else (NULL too) is not; no column: enabled
  std::string_view
      services;  // column `services`: PAM services, comma or space separated; "" means all
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_AUTH_ROW_H_
