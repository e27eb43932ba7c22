#include "manual/key_reference.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "common/config/settings_keys.h"
#include "page.h"

namespace sqlmap {
namespace {

const std::string kPage = ManualSource("sqlmapd.toml.5");

std::string Replaced(std::string_view what, std::string_view with) {
  std::string page = kPage;
  const std::size_t at = page.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? page : page.replace(at, what.size(), with);
}

std::string Refusal(const std::string& page) {
  const auto filled = WithKeyReference(page);
  return filled ? "taken" : filled.error();
}

TEST(KeyReference, SaysAllThatTheParserKnowsOfEachKey) {
  auto filled = WithKeyReference(kPage);
  ASSERT_TRUE(filled) << filled.error();
  std::erase(*filled, '\\');  // what makes it plain text
  for (const KeyDescription& key : KeyDescriptions()) {
    const std::string name(key.key);
    const std::string section = PartOf(*filled, "## [" + std::string(key.section) + "]");
    const std::size_t begin = section.find("\n*" + name + "*\n");
    ASSERT_NE(begin, std::string::npos) << name;
    const std::string entry = section.substr(begin, section.find("\n\n*", begin) - begin);
    const std::string by_default = key.DefaultText().empty() ? "none" : key.DefaultText();
    for (const std::string& fact :
         {"\t" + std::string(key.meaning) + "\n", "Type: " + key.TypeText() + "++\n",
          "Default: " + by_default + "++\n", "Range: " + key.RangeText() + "++\n",
          "Example: *" + name + " = "}) {
      EXPECT_NE(entry.find(fact), std::string::npos) << fact << " is not in " << entry;
    }
  }
}

TEST(KeyReference, ShowsFactsAndExampleAsPlainText) {
  const auto filled = WithKeyReference(kPage);
  ASSERT_TRUE(filled) << filled.error();
  for (const std::string_view facts :
       {"*pool\\_size*\n\tConnections that may be open at once.\n",
        "\tType: number++\nDefault: 4++\nRange: 1 to 64++\nExample: *pool\\_size = 8*\n",
        "\tType: text++\nDefault: none++\nRange: 1 to 128 bytes++\nFile: secrets.toml++\n",
        "File: sqlmapd.toml or secrets.toml++\nExample: *tls\\_key = ",
        "Default: \"SELECT \\* FROM nss\\_mysql WHERE username = :name\"++\n"}) {
    EXPECT_NE(filled->find(facts), std::string::npos) << facts;
  }
  EXPECT_EQ(filled->find("\n@"), std::string::npos);
  EXPECT_EQ(filled->find("\t@"), std::string::npos);
}

TEST(KeyReference, RefusesAPageThatLeavesAKeyOut) {
  for (const KeyDescription& key : KeyDescriptions()) {
    const std::string heading = "## [" + std::string(key.section) + "]\n";
    std::string page = kPage;
    const std::size_t entry =
        page.find("\n@" + std::string(key.key) + "\n", page.find("\n" + heading));
    ASSERT_NE(entry, std::string::npos) << key.key;
    const std::size_t example = page.find("\t@example ", entry);
    page.erase(entry + 1, page.find('\n', example) - entry);
    EXPECT_EQ(Refusal(page), "[" + std::string(key.section) + "] " + std::string(key.key) +
                                 ": the page says nothing of it");
  }
}

TEST(KeyReference, RefusesAKeyThatDoesNotExistOrStandsTwiceOrInAnotherSection) {
  EXPECT_EQ(Refusal(Replaced("\n@pool_size\n", "\n@poolsize\n")),
            "[database] poolsize: no such key");
  EXPECT_EQ(Refusal(Replaced("\n@pool_size\n", "\n@name\n")),
            "[database] name: stands there twice");
  EXPECT_EQ(Refusal(Replaced("\n@max_rows\n", "\n@pool_size\n")), "[auth] pool_size: no such key");
  EXPECT_EQ(Refusal(Replaced("# DESCRIPTION\n", "# DESCRIPTION\n@pool_size\n")),
            "[] pool_size: no such key");
}

TEST(KeyReference, RefusesAKeyWithoutAnExampleOrWithOneThatTheParserWouldRefuse) {
  EXPECT_EQ(Refusal(Replaced("\t@example 8\n", "")), "[database] pool_size: has no example");
  EXPECT_EQ(Refusal(Replaced("\t@example 8\n", "\t@example 8\n\t@example 9\n")),
            "an example of no key: 9");
  EXPECT_EQ(Refusal(Replaced("\t@example 8\n", "\t@example 4\n")),
            "[database] pool_size: the example 4: it is the default, and shows nothing");
  EXPECT_EQ(Refusal(Replaced("\t@example 8\n", "\t@example 65\n")),
            "[database] pool_size: the example 65: 65 is out of range; allowed: 1 to 64");
  EXPECT_NE(Refusal(Replaced("WHERE gid = :gid\"\n", "WHERE gid = :name\"\n"))
                .find("which this query cannot have"),
            std::string::npos);
  EXPECT_NE(Refusal(Replaced("\t@example 8\n", "\t@example [\n")), "taken");
}

}  // namespace
}  // namespace sqlmap
