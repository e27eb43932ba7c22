// What sqlmapd.toml(5) says beside the facts of key_reference.h: the columns of each query, and the
// schemes that are strong.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/password_scheme.h"
#include "common/config/settings.h"
#include "common/sql/fields.h"
#include "page.h"

namespace sqlmap {
namespace {

using Names = std::vector<std::string>;

const std::string kPage = ManualSource("sqlmapd.toml.5");

bool IsColumn(const std::string& name) {
  const auto map = FieldMap::Build(QueryId::kAccess, Names{name});
  for (std::size_t i = 0; i < static_cast<std::size_t>(Field::kCount); ++i) {
    if (map && map->Has(static_cast<Field>(i))) return true;
  }
  return false;
}

// "Columns: *a*, *b* or *c*; optional: *d*."
struct Columns {
  Names needed;  // the first of those that an "or" joins
  Names all;
};

std::map<std::string, Columns> ColumnsOfQueries() {
  std::map<std::string, Columns> found;
  for (const Entry& entry : EntriesOf(PartOf(kPage, "## [queries]"))) {
    const std::size_t begin = entry.text.find("Columns: ");
    if (begin == std::string::npos) continue;
    const std::string text = entry.text.substr(begin, entry.text.find('.', begin) - begin);
    Columns& columns = found[entry.term];
    columns.all = MarkedIn(text, '*');
    const std::string needed = text.substr(0, text.find("; optional"));
    columns.needed = MarkedIn(needed.substr(0, needed.find(" or ")), '*');
  }
  return found;
}

TEST(SqlmapdTomlPage, ShowsWhichColumnsEachQueryMustReturn) {
  const auto shown = ColumnsOfQueries();
  for (const QueryDescription& query : QueryDescriptions()) {
    const bool writes = query.parameters.Contains(QueryParameter::kHash) ||
                        query.parameters.Contains(QueryParameter::kMessage);
    const auto row = shown.find(std::string(query.key));
    ASSERT_EQ(row == shown.end(), writes || query.id == QueryId::kVersion) << query.key;
    if (row == shown.end()) continue;
    Names needed = row->second.needed;
    const auto whole = FieldMap::Build(query.id, needed);
    EXPECT_TRUE(whole) << query.key << ": " << whole.error();
    for (const std::string& name : row->second.all) EXPECT_TRUE(IsColumn(name)) << name;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      Names without = needed;
      without[i] = "flag";  // known, so that the order does not count
      if (needed[i] == "flag") without[i] = "warn";
      EXPECT_FALSE(FieldMap::Build(query.id, without)) << query.key << " needs no " << needed[i];
    }
  }
}

TEST(SqlmapdTomlPage, ExplainsEachColumnThatAQueryMayReturn) {
  std::set<std::string> explained;
  for (const Entry& entry : EntriesOf(PartOf(kPage, "# COLUMNS"))) {
    std::istringstream names(entry.term);
    for (std::string name; std::getline(names >> std::ws, name, ',');) {
      EXPECT_TRUE(explained.insert(name).second) << name << " twice";
      EXPECT_TRUE(IsColumn(name)) << name;
    }
  }
  std::set<std::string> returned;
  for (const auto& [query, columns] : ColumnsOfQueries())
    returned.insert(columns.all.begin(), columns.all.end());
  EXPECT_EQ(explained, returned);
  // Two names each of the scheme, the owner and the key.
  EXPECT_EQ(explained.size(), static_cast<std::size_t>(Field::kCount) + 3);
}

TEST(SqlmapdTomlPage, ExamplesAreFilesThatAreTaken) {
  std::string part = PartOf(kPage, "# EXAMPLES");
  std::vector<std::string> files;
  for (std::size_t begin = part.find("```\n"); begin != std::string::npos;
       begin = part.find("```\n")) {
    part.erase(0, begin + 4);
    files.push_back(part.substr(0, part.find("```\n")));
    part.erase(0, files.back().size() + 4);
  }
  ASSERT_EQ(files.size(), 2U);
  const auto settings =
      ParseSettings({files[0], "sqlmapd.toml", true}, {files[1], "secrets.toml", false});
  EXPECT_TRUE(settings) << settings.error()[0].Describe();
}

TEST(SqlmapdTomlPage, ListsTheStrongSchemes) {
  const std::string section = PartOf(kPage, "## [auth]");
  const std::size_t begin = section.find("ones: ") + 6;
  std::istringstream words(section.substr(begin, section.find('.', begin) - begin));
  std::set<std::string> shown(std::istream_iterator<std::string>(words), {});
  std::set<std::string> strong;
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.strength == SchemeStrength::kStrong) strong.emplace(row.name);
  }
  EXPECT_EQ(shown, strong);
}

}  // namespace
}  // namespace sqlmap
