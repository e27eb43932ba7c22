// A reader for each dialect: from the text of the old module's files to what it was told. Pure, and
// safe on any bytes.
#ifndef SQLMAP_CTL_IMPORT_OLD_READERS_H_
#define SQLMAP_CTL_IMPORT_OLD_READERS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/import/old_configuration.h"
#include "ctl/import/old_options.h"

namespace sqlmap::importing {

struct OldFile {
  std::string name;
  OldDialect dialect = OldDialect::kLibnssMysql;
  Secret text;
  bool world_readable = true;
};

// All files as one configuration; what could not be taken is in its remarks, line by line.
OldConfiguration ReadOldFiles(std::span<const OldFile> files);

// What config_file= of pam_mysql.so names in a file of pam.d; "" if nothing.
std::string ConfigFileOf(const OldFile& file);

// The parts, one file each. Files of one dialect; the root file, if there is one, stands last.
OldConfiguration ReadLibnssMysql(std::span<const OldFile* const> files);
OldConfiguration ReadNssMysql(std::span<const OldFile* const> files);
OldConfiguration ReadLibnssMaria(std::span<const OldFile* const> files);
OldConfiguration ReadPureFtpd(const OldFile& file);
// `service` may be null; `config_file` too, if the lines of the service name none.
OldConfiguration ReadPamMysql(const OldFile* service, const OldFile* config_file);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_OLD_READERS_H_
