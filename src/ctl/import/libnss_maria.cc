// libnss-maria: libconfig syntax, read by libconfig itself. The module's own file format is that
// library's (strings in pieces, three kinds of comments, nested groups): a second reader would
// differ from it somewhere.
#include <libconfig.h++>
#include <string>

#include "ctl/import/whole_queries.h"

namespace sqlmap::importing {
namespace {

// @include would have the library open another file.
bool Includes(std::string_view text, unsigned& at) {
  Lines lines(text);
  std::string_view line;
  while (lines.Next(line)) {
    at = lines.number();
    if (Trimmed(line).starts_with("@include")) return true;
  }
  return false;
}

void ScanGroup(const libconfig::Setting& group, const OldFile& file, OldValues& values,
               ImportRemarks& remarks) {
  for (int i = 0; i < group.getLength(); ++i) {
    const libconfig::Setting& setting = group[i];
    Secret value;
    if (setting.getType() == libconfig::Setting::TypeString) {
      value.assign(setting.c_str());
    } else if (setting.getType() == libconfig::Setting::TypeInt) {
      value = std::to_string(static_cast<int>(setting));
    }
    SetOldValue(OldDialect::kLibnssMaria, setting.getName(), value,
                {file.name, setting.getSourceLine()}, values, remarks);
  }
}

void Scan(const OldFile& file, OldValues& values, ImportRemarks& remarks) {
  using enum ImportRemark::Kind;
  unsigned line = 0;
  if (Includes(file.text, line)) {
    remarks.push_back({{file.name, line}, kMistake, "@include", "put that file's text here"});
    return;
  }
  libconfig::Config config;
  try {
    config.readString(file.text.c_str());
    const libconfig::Setting& root = config.getRoot();
    for (const char* const name : {"database_settings", "nss_queries"}) {
      if (root.exists(name) && root[name].isGroup()) ScanGroup(root[name], file, values, remarks);
    }
  } catch (const libconfig::ParseException& mistake) {
    // The text around it may be a password.
    remarks.push_back(
        {{file.name, static_cast<unsigned>(mistake.getLine())},
         kMistake,
         "",
         "libconfig, and so libnss-maria, cannot read it: " + std::string(mistake.getError())});
  }
}

}  // namespace

OldConfiguration ReadLibnssMaria(std::span<const OldFile* const> files) {
  OldConfiguration configuration;
  OldValues values;
  OldValues root;
  for (std::size_t i = 0; i < files.size(); ++i)
    Scan(*files[i], i == 0 ? values : root, configuration.remarks);

  const Place whole{files[0]->name, 0};
  const std::string_view socket = ValueOf(values, "unix_socket");
  const std::string_view database = ValueOf(values, "database");
  configuration.database = database.empty() ? "libnss_maria" : database;  // its default
  configuration.database_place = PlaceOf(values, "database", whole);
  const Place host = PlaceOf(values, socket.empty() ? "host" : "unix_socket", whole);
  configuration.servers = {ServerFor(socket.empty() ? ValueOf(values, "host") : "",
                                     ValueOf(values, "port"), socket, host, configuration)};
  SpeakAsBefore(host, configuration);
  TakeAccounts(values, root, configuration);
  TakeWholeQueries(values, Substitution::kQuestionMark, configuration);
  return configuration;
}

}  // namespace sqlmap::importing
