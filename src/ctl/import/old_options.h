// Every option of the old modules, and what became of it: what the readers know, and the table in
// doc/sqlmapctl.md.
#ifndef SQLMAP_CTL_IMPORT_OLD_OPTIONS_H_
#define SQLMAP_CTL_IMPORT_OLD_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sqlmap::importing {

enum class OldDialect : std::uint8_t {
  kLibnssMysql,  // libnss-mysql.cfg, libnss-mysql-root.cfg: key, white space, value
  kNssMysql,     // nss-mysql.conf, nss-mysql-root.conf: key = value;
  kLibnssMaria,  // libnss-maria.conf, libnss-maria-root.conf: libconfig
  kPamMysql,     // the config_file of pam_mysql: key = value
  kPamService,   // a file of /etc/pam.d with pam_mysql.so in it
  kPureFtpd,     // mysql.conf: key, white space, value
};

// "libnss-mysql", ...: what --as takes, in the order of OldDialect.
std::span<const std::string_view> OldDialectNames();
std::string_view NameOf(OldDialect dialect);
std::optional<OldDialect> OldDialectByName(std::string_view name);

struct OldOption {
  OldDialect dialect;
  std::string_view name;     // kPureFtpd: in any letter case
  std::string_view becomes;  // key or query of ours; "": nothing
  std::string_view why;      // nothing: why, and what to do; "": there is nothing to lose
};

// pam_mysql's arguments stand under kPamService, with the key of the config_file beside it as a row
// of kPamMysql.
std::span<const OldOption> OldOptions();

// Null: the old module has no such option.
const OldOption* FindOldOption(OldDialect dialect, std::string_view name);

// The argument of pam_mysql.so that a key of its config_file stands for; "" if there is none.
std::string_view PamMysqlArgument(std::string_view key);

// What a file is, by the options in it. nullopt: none of them, or `ambiguous`.
std::optional<OldDialect> RecogniseOldFile(std::string_view text, bool& ambiguous);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_OLD_OPTIONS_H_
