// conf/sqlmapd.toml and conf/secrets.toml: what a new host starts with, and the first documentation
// that it reads.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "common/config/settings.h"
#include "common/config/settings_keys.h"

namespace sqlmap {
namespace {

std::string ReadExample(const std::string& name) {
  std::ifstream file(std::string(SQLMAP_CONF_DIR "/") + name);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// A setting as it stands in an example: "key = value", or "#key = value" for a default.
struct Shown {
  bool active = false;
  std::string value;
  std::string comment;  // of its paragraph
};

std::map<std::string, Shown> ShownIn(const std::string& text) {
  std::map<std::string, Shown> shown;
  std::istringstream lines(text);
  std::string section;
  std::string comment;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('[')) comment.clear();
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
    if (line.starts_with("# ")) comment += line.substr(1) + "\n";
    if (line.empty() || line.starts_with('[') || line == "#" || line.starts_with("# ")) continue;
    const bool active = !line.starts_with('#');
    if (!active) line.erase(0, 1);
    const std::size_t equals = line.find(" = ");
    EXPECT_NE(equals, std::string::npos) << line;
    if (equals == std::string::npos) continue;
    const std::string key = section + "." + line.substr(0, equals);
    EXPECT_TRUE(shown.emplace(key, Shown{active, line.substr(equals + 3), comment}).second)
        << key << " is shown twice";
  }
  return shown;
}

TEST(ShippedExample, GivesTheSandboxAllThatItNeeds) {
  const std::string config = ReadExample("sqlmapd.toml");
  const std::string secrets = ReadExample("secrets.toml");
  const auto settings =
      ParseSettings({config, "sqlmapd.toml", true}, {secrets, "secrets.toml", false});
  ASSERT_TRUE(settings) << settings.error()[0].Describe();
  EXPECT_EQ(settings->database.servers,
            (std::vector<ServerAddress>{{"/run/mysqld/mysqld.sock", "", 3306}}));
  EXPECT_EQ(settings->database.name, "accounts");
  EXPECT_EQ(settings->database.user, "sqlmap");
  EXPECT_FALSE(settings->database.password.empty());
  EXPECT_EQ(settings->privileged.user, "sqlmap_auth");
  EXPECT_FALSE(settings->privileged.password.empty());
  EXPECT_NE(settings->privileged.password, settings->database.password);
  EXPECT_FALSE(settings->direct.enabled) << "sqlmapd is the normal way";
  EXPECT_EQ(settings->accounts.name_case, NameCase::kLower);
  EXPECT_FALSE(settings->accounts.names.Allows("Shop.Acme.Example"))
      << "requests with upper-case letters stay refused";
  EXPECT_TRUE(settings->auth.schemes.Contains(PasswordScheme::kMd5)) << "Aegir 1.x";
  const auto without_secrets = ParseSettings({config, "sqlmapd.toml", true}, {"", ""});
  EXPECT_TRUE(without_secrets)
      << "a process that may not read the secrets resolves names all the same";
}

TEST(ShippedExample, ShowsEveryKeyWithItsDefaultAndNoOther) {
  auto config = ShownIn(ReadExample("sqlmapd.toml"));
  auto secrets = ShownIn(ReadExample("secrets.toml"));
  for (const KeyDescription& key : KeyDescriptions()) {
    const std::string name = std::string(key.section) + "." + std::string(key.key);
    for (auto* const shown : {&config, &secrets}) {
      const KeyPlace other = shown == &config ? KeyPlace::kSecrets : KeyPlace::kConfig;
      if (key.place == other) continue;
      const auto entry = shown->find(name);
      ASSERT_NE(entry, shown->end()) << name << " is not shown";
      EXPECT_TRUE(entry->second.active || entry->second.value == key.DefaultText()) << name;
      shown->erase(entry);
    }
  }
  EXPECT_TRUE(config.empty()) << config.begin()->first;
  EXPECT_TRUE(secrets.empty()) << secrets.begin()->first;
}

TEST(ShippedExample, TellsTheRangeOfEveryNumber) {
  const auto config = ShownIn(ReadExample("sqlmapd.toml"));
  for (const KeyDescription& key : KeyDescriptions()) {
    if (!std::holds_alternative<NumberKey>(key.target)) continue;
    const Shown& shown = config.at(std::string(key.section) + "." + std::string(key.key));
    EXPECT_NE(shown.comment.find(key.RangeText()), std::string::npos)
        << key.key << ": " << shown.comment;
  }
}

TEST(ShippedExample, ListsThePasswordSchemesByStrength) {
  const std::string comment = ShownIn(ReadExample("sqlmapd.toml")).at("auth.schemes").comment;
  const std::size_t strong = comment.find("\n   strong ");
  const std::size_t others = comment.find("\n   others ");
  ASSERT_LT(strong, others);
  ASSERT_NE(others, std::string::npos);
  const auto words = [](const std::string& text) {
    std::istringstream stream(text);
    std::set<std::string> found(std::istream_iterator<std::string>{stream}, {});
    found.erase("strong");
    found.erase("others");
    return found;
  };
  std::set<std::string> expected_strong;
  std::set<std::string> expected_others;
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    (row.strength == SchemeStrength::kStrong ? expected_strong : expected_others).emplace(row.name);
  }
  EXPECT_EQ(words(comment.substr(strong, others - strong)), expected_strong);
  EXPECT_EQ(words(comment.substr(others)), expected_others);
}

TEST(ShippedExample, TellsTheParametersOfEveryQuery) {
  const auto config = ShownIn(ReadExample("sqlmapd.toml"));
  for (const QueryDescription& query : QueryDescriptions()) {
    const Shown& shown = config.at("queries." + std::string(query.key));
    for (std::size_t i = 0; i < static_cast<std::size_t>(QueryParameter::kCount); ++i) {
      const auto parameter = static_cast<QueryParameter>(i);
      if (!query.parameters.Contains(parameter)) continue;
      const std::string name =
          ":" + std::string(NameOf(parameter)) + (query.required.Contains(parameter) ? "!" : "");
      EXPECT_NE(shown.comment.find(name), std::string::npos) << query.key << " may have " << name;
    }
  }
}

}  // namespace
}  // namespace sqlmap
