#include "ctl/import/old_readers.h"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

#include "ctl/import/old_values.h"
#include "ctl/import/secret_texts.h"

namespace sqlmap::importing {
namespace {

using Files = std::vector<const OldFile*>;

Files FilesOf(std::span<const OldFile> files, OldDialect dialect) {
  Files found;
  for (const OldFile& file : files) {
    if (file.dialect == dialect) found.push_back(&file);
  }
  return found;
}

// Whether it names no database of its own, as the files for root alone do.
bool IsForRoot(const OldFile& file) {
  Lines lines(file.text);
  std::string_view line;
  while (lines.Next(line)) {
    if (Trimmed(line).starts_with("database ") || Trimmed(line).starts_with("database\t") ||
        Trimmed(line).starts_with("database=") || Trimmed(line).starts_with("nss_queries"))
      return false;
  }
  return true;
}

// A module has one file for all and one for root: the main one first.
Files InOrder(const Files& given, OldConfiguration& configuration) {
  Files files;
  for (const bool root : {false, true}) {
    std::ranges::copy_if(given, std::back_inserter(files),
                         [root](const OldFile* file) { return IsForRoot(*file) == root; });
  }
  for (std::size_t i = 2; i < files.size(); ++i) {
    Remark(configuration, ImportRemark::Kind::kMistake, {files[i]->name, 0}, "",
           "a third file of " + std::string(NameOf(files[i]->dialect)) + ": it has two");
  }
  return files;
}

void MergePamMysql(std::span<const OldFile> files, OldConfiguration& configuration) {
  const Files services = FilesOf(files, OldDialect::kPamService);
  const Files configs = FilesOf(files, OldDialect::kPamMysql);
  Files left = configs;
  for (const OldFile* const service : services) {
    const std::string path = ConfigFileOf(*service);
    const auto named = std::ranges::find(configs, path, &OldFile::name);
    const OldFile* config = nullptr;
    if (named != configs.end()) {
      config = *named;
    } else if (configs.size() == 1 && !path.empty()) {
      config = configs[0];  // a copy, from another directory
    } else if (!path.empty()) {
      Remark(configuration, ImportRemark::Kind::kMistake, {service->name, 0}, "config_file",
             "import the file that it names together with this one");
      continue;
    }
    std::erase(left, config);
    Merge(ReadPamMysql(service, config), configuration);
  }
  for (const OldFile* const config : left) Merge(ReadPamMysql(nullptr, config), configuration);
}

// What stands in for what no file had.
void Complete(OldConfiguration& configuration) {
  if (configuration.auth_by_hand) {
    configuration.query(QueryId::kAuth).clear();
    configuration.query(QueryId::kPasswordUpdate).clear();
  } else if (configuration.query(QueryId::kAuth).empty() && !configuration.auth_of_shadow.empty()) {
    configuration.query(QueryId::kAuth) = configuration.auth_of_shadow;
    configuration.schemes = CryptSchemes();
    configuration.plain_hash_scheme = PasswordScheme::kDes;
  }
  if (!configuration.shadow_of_status.empty()) {
    if (configuration.query(QueryId::kGetspnam).empty()) {
      configuration.query(QueryId::kGetspnam) = configuration.shadow_of_status;
    } else {
      Remark(configuration, ImportRemark::Kind::kLost, configuration.status_place, "statcolumn",
             "its bit 1 (change the password): lstchg of the shadow says that, 0 if it must be");
    }
  }
  if (configuration.people.user.empty()) {
    configuration.people = configuration.hashes;
  }
  if (configuration.hashes.user.empty()) configuration.hashes = configuration.people;
  const auto need = [&configuration](const std::string& value, const char* option) {
    if (value.empty()) {
      Remark(configuration, ImportRemark::Kind::kMistake, configuration.database_place, option,
             "no file sets it");
    }
  };
  need(configuration.database, "database");
  need(configuration.people.user, "user");
}

}  // namespace

OldConfiguration ReadOldFiles(std::span<const OldFile> files) {
  OldConfiguration configuration;
  using Reader = OldConfiguration (*)(std::span<const OldFile* const>);
  constexpr std::pair<OldDialect, Reader> kReaders[] = {
      {OldDialect::kLibnssMysql, ReadLibnssMysql},
      {OldDialect::kNssMysql, ReadNssMysql},
      {OldDialect::kLibnssMaria, ReadLibnssMaria}};
  for (const auto& [dialect, read] : kReaders) {
    const Files found = InOrder(FilesOf(files, dialect), configuration);
    if (!found.empty()) Merge(read(found), configuration);
  }
  MergePamMysql(files, configuration);
  for (const OldFile* const file : FilesOf(files, OldDialect::kPureFtpd))
    Merge(ReadPureFtpd(*file), configuration);
  Complete(configuration);
  FindSecretTexts(files, configuration);
  std::ranges::sort(configuration.remarks, {}, [](const ImportRemark& remark) {
    return std::tie(remark.place.file, remark.place.line, remark.option, remark.kind, remark.what);
  });
  return configuration;
}

}  // namespace sqlmap::importing
