// libnss-mysql: key, white space, value; '#' in the first column; a backslash continues a line.
#include <string>

#include "ctl/import/whole_queries.h"

namespace sqlmap::importing {
namespace {

void Scan(const OldFile& file, OldValues& values, ImportRemarks& remarks) {
  Lines lines(file.text);
  std::string_view line;
  while (lines.Next(line)) {
    const Place place{file.name, lines.number()};
    const std::size_t end = line.find_first_of(" \t");
    const std::string_view key = line.substr(0, end);
    // An old [section] line has no value.
    if (key.empty() || key.front() == '#' || end == std::string_view::npos) continue;
    Secret value;
    std::string_view piece = Trimmed(line.substr(end));
    while (piece.ends_with('\\')) {
      value.append(piece.substr(0, piece.size() - 1));
      piece = {};
      while (lines.Next(line)) {
        if (line.starts_with('#')) continue;
        piece = Trimmed(line);
        break;
      }
      value += ' ';
    }
    value.append(piece);
    if (!value.empty()) SetOldValue(OldDialect::kLibnssMysql, key, value, place, values, remarks);
  }
}

}  // namespace

OldConfiguration ReadLibnssMysql(std::span<const OldFile* const> files) {
  OldConfiguration configuration;
  OldValues values;
  OldValues root;
  for (std::size_t i = 0; i < files.size(); ++i)
    Scan(*files[i], i == 0 ? values : root, configuration.remarks);
  // The later file counts, but for the account: the one of the first is everybody's.
  OldValues all = values;
  for (const auto& [key, value] : root) all[key] = value;

  const Place whole{files[0]->name, 0};
  configuration.database = ValueOf(all, "database");
  configuration.database_place = PlaceOf(all, "database", whole);
  const Place host = PlaceOf(all, "host", whole);
  configuration.servers = {ServerFor(ValueOf(all, "host"), ValueOf(all, "port"),
                                     ValueOf(all, "socket"), host, configuration)};
  SpeakAsBefore(host, configuration);
  TakeAccounts(values, root, configuration);
  TakeWholeQueries(all, Substitution::kPrintf, configuration);
  return configuration;
}

}  // namespace sqlmap::importing
