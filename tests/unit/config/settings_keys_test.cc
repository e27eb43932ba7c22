// Every key of the table, through everything that can be wrong with a key.
#include "common/config/settings_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"

namespace sqlmap {

void PrintTo(const KeyDescription& key, std::ostream* out) {
  *out << key.section << '.' << key.key;
}

namespace {

constexpr std::string_view kConfigName = "sqlmapd.toml";
constexpr std::string_view kSecretsName = "secrets.toml";

// Two files in which one key stands on a known line, and nothing else can be wrong.
struct Files {
  std::string config;
  std::string secrets;
  std::string_view file;  // where the key is
  unsigned line = 0;

  SettingsOrErrors Parse() const {
    return ParseSettings({config, kConfigName, false}, {secrets, kSecretsName, false});
  }
};

Files FilesWith(const KeyDescription& key, const std::string& name, const std::string& value,
                int times = 1) {
  Files files;
  std::string head = "[" + std::string(key.section) + "]\n";
  if (key.section == "privileged" && key.key != "user") head += "user = \"u\"\n";
  if (key.key == "max_uid" || key.key == "max_gid")
    head += "min_" + std::string(key.key.substr(4)) + " = 1\n";
  if (name == "cost") head += "scheme = \"pbkdf2-sha512\"\n";  // goes up to the most
  const bool in_secrets = key.place == KeyPlace::kSecrets;
  if (!in_secrets && key.section == "database" && name != "name") head += "name = \"x\"\n";
  files.line = 1 + static_cast<unsigned>(std::count(head.begin(), head.end(), '\n'));
  files.file = in_secrets ? kSecretsName : kConfigName;
  std::string text = head;
  for (int i = 0; i < times; ++i) text += name + " = " + value + "\n";
  if (in_secrets) {
    files.secrets = text;
    files.config = "[database]\nname = \"x\"\n";
  } else {
    files.config = text;
    if (key.section != "database") files.config += "[database]\nname = \"x\"\n";
    if (name == "required")
      files.config += "[queries]\nsession_open = \"INSERT INTO log VALUES (:name)\"\n";
  }
  return files;
}

Files FilesWith(const KeyDescription& key, const std::string& value) {
  return FilesWith(key, std::string(key.key), value);
}

// The one mistake that the files hold; fails the test if there are more, or none.
std::string TheMistake(const Files& files, unsigned line) {
  const auto settings = files.Parse();
  if (settings) {
    ADD_FAILURE() << "accepted:\n" << files.config << files.secrets;
    return {};
  }
  std::string all;
  for (const SettingsError& error : settings.error()) all += error.Describe() + "\n";
  EXPECT_EQ(settings.error().size(), 1U) << all;
  const SettingsError& error = settings.error()[0];
  EXPECT_EQ(error.file, files.file) << all;
  EXPECT_EQ(error.line, line) << all << files.config << files.secrets;
  return error.what;
}

std::string FullName(const KeyDescription& key) {
  return std::string(key.section) + "." + std::string(key.key);
}

std::string Heading(const KeyDescription& key) {
  return "[" + std::string(key.section) + "] " + std::string(key.key) + ": ";
}

class EveryKey : public testing::TestWithParam<KeyDescription> {};

INSTANTIATE_TEST_SUITE_P(Settings, EveryKey,
                         testing::ValuesIn(KeyDescriptions().begin(), KeyDescriptions().end()),
                         [](const auto& instance) {
                           return std::string(instance.param.section) + "_" +
                                  std::string(instance.param.key);
                         });

TEST_P(EveryKey, RefusesAValueOfAnotherType) {
  const KeyDescription& key = GetParam();
  const std::string type = key.TypeText();
  struct Literal {
    const char* value;
    std::vector<std::string_view> taken_by;
    std::string_view description;
  };
  const std::vector<Literal> literals = {
      {"\"zqxjkv\"", {"text", "text or list of text"}, "text"},
      {"'1'", {"text", "text or list of text"}, "text"},
      {"7", {"number"}, "a whole number"},
      {"true", {"true or false"}, "true or false"},
      {"7.0", {}, "a number with a fraction"},
      {"nan", {}, "a number with a fraction"},
      {"1979-05-27", {}, "a date or time"},
      {"07:32:00", {}, "a date or time"},
      {"{ a = 1 }", {}, "a section"},
      {"[[\"zqxjkv\"]]", {}, "a list"},
      {"[true]", {}, "a list"},
      {"[7.5]", {}, "a list"},
      {"[\"zqxjkv\"]", {"list of text", "text or list of text"}, "a list"},
      {"[7]", {"list of numbers"}, "a list"}};
  for (const Literal& literal : literals) {
    if (std::find(literal.taken_by.begin(), literal.taken_by.end(), type) != literal.taken_by.end())
      continue;
    const Files files = FilesWith(key, literal.value);
    const std::string what = TheMistake(files, files.line);
    const bool is_list = *literal.value == '[' && type.find("list") != std::string::npos;
    EXPECT_TRUE(what.starts_with(
        Heading(key) + (is_list ? "an entry is " : "is " + std::string(literal.description))))
        << literal.value << ": " << what;
    EXPECT_TRUE(what.ends_with("; allowed: " + key.RangeText())) << what;
    const bool one_of_a_list = type.starts_with("list") && literal.value == literals[0].value;
    if (one_of_a_list) {
      EXPECT_NE(what.find("; a list is wanted: " + std::string(key.key) + " = [\"zqxjkv\"];"),
                std::string::npos)
          << what;
    } else {
      EXPECT_EQ(what.find("zqxjkv"), std::string::npos) << what;
    }
  }
}

TEST_P(EveryKey, IsReportedUnderItsLineIfItStandsTwice) {
  const KeyDescription& key = GetParam();
  const std::string value = key.DefaultText().empty() ? "\"zqxjkv\"" : key.DefaultText();
  const Files files = FilesWith(key, std::string(key.key), value, 2);
  const std::string what = TheMistake(files, files.line + 1);
  EXPECT_NE(what.find("this key or section is there already"), std::string::npos) << what;
}

TEST_P(EveryKey, IsGuessedFromAMisspelling) {
  const KeyDescription& key = GetParam();
  for (const std::string& name :
       {std::string(key.key) + "x", "x" + std::string(key.key),
        std::string(key.key.substr(0, 1)) + "x" + std::string(key.key.substr(1))}) {
    const Files files = FilesWith(key, name, "1");
    const std::string what = TheMistake(files, files.line);
    const std::string shown =
        key.place == KeyPlace::kSecrets ? "(not shown: it may be a secret)" : '"' + name + '"';
    EXPECT_TRUE(what.starts_with("[" + std::string(key.section) + "] " + shown + ": no such key"))
        << what;
    EXPECT_NE(what.find("did you mean " + std::string(key.key) + "?"), std::string::npos) << what;
  }
  const Files files = FilesWith(key, "zqxjkv", "1");
  const std::string what = TheMistake(files, files.line);
  EXPECT_NE(what.find("no such key; allowed: "), std::string::npos) << what;
  EXPECT_NE(what.find(std::string(key.key)), std::string::npos)
      << "the valid keys are listed: " << what;
}

TEST_P(EveryKey, MayStandInItsOwnFileOnly) {
  const KeyDescription& key = GetParam();
  const std::string value = key.DefaultText().empty() ? "\"x\"" : key.DefaultText();
  const std::string text =
      "[" + std::string(key.section) + "]\n" + std::string(key.key) + " = " + value + "\n";
  Files files;
  if (key.place == KeyPlace::kSecrets) {
    files = {text + "[database]\nname = \"x\"\n", "", kConfigName, 1};
    EXPECT_NE(TheMistake(files, 1).find("[privileged]: may stand in the secrets file only"),
              std::string::npos);
  } else {
    files = {"[database]\nname = \"x\"\n", text, kSecretsName, 1};
    if (key.place == KeyPlace::kEither) {
      EXPECT_TRUE(files.Parse());
    } else {
      EXPECT_NE(
          TheMistake(files, key.section == "database" ? 2 : 1).find("belongs in sqlmapd.toml"),
          std::string::npos);
    }
  }
}

TEST_P(EveryKey, IsDocumented) {
  const KeyDescription& key = GetParam();
  EXPECT_TRUE(key.meaning.ends_with('.')) << "one sentence";
  EXPECT_FALSE(key.RangeText().empty());
  EXPECT_FALSE(key.TypeText().empty());
  const bool must_be_set = FullName(key) == "database.name" || FullName(key) == "privileged.user";
  EXPECT_EQ(key.DefaultText().empty(), must_be_set);
}

TEST_P(EveryKey, DefaultTextIsWhatHoldsWithoutTheKey) {
  const KeyDescription& key = GetParam();
  if (key.DefaultText().empty()) return;
  // Where the key itself cannot be seen in the Settings, that its default is accepted is all there
  // is to say.
  const Files with = FilesWith(key, key.DefaultText());
  const auto settings = with.Parse();
  ASSERT_TRUE(settings) << settings.error()[0].Describe();
}

bool SameQuery(const QueryTemplate& a, const QueryTemplate& b) {
  return a.sql == b.sql && a.parameters == b.parameters;
}

// For each key a value that is not its default, and whether it arrived.
struct Arrival {
  const char* key;
  const char* value;
  bool (*arrived)(const Settings&);
};
const Arrival kArrivals[] = {
    {"database.servers", "['db1:3307', '/s']",
     [](const Settings& s) {
       return s.database.servers == std::vector<ServerAddress>{{"", "db1", 3307}, {"/s", "", 3306}};
     }},
    {"database.writers", "['[::1]']",
     [](const Settings& s) {
       return s.database.writers == std::vector<ServerAddress>{{"", "::1", 3306}};
     }},
    {"database.name", "'sites'", [](const Settings& s) { return s.database.name == "sites"; }},
    {"database.user", "'reader'", [](const Settings& s) { return s.database.user == "reader"; }},
    {"database.password", "'pa\"ss'",
     [](const Settings& s) { return s.database.password == "pa\"ss"; }},
    {"database.password_file", "'/p'",
     [](const Settings& s) { return s.database.password.empty(); }},
    {"database.tls", "'off'", [](const Settings& s) { return s.database.tls == TlsMode::kOff; }},
    {"database.tls_ca", "'/a'", [](const Settings& s) { return s.database.tls_ca == "/a"; }},
    {"database.tls_cert", "'/c'", [](const Settings& s) { return s.database.tls_cert == "/c"; }},
    {"database.tls_key", "'/k'", [](const Settings& s) { return s.database.tls_key == "/k"; }},
    {"database.connect_timeout_ms", "11",
     [](const Settings& s) { return s.database.connect_timeout_ms == 11; }},
    {"database.query_timeout_ms", "12",
     [](const Settings& s) { return s.database.query_timeout_ms == 12; }},
    {"database.pool_size", "13", [](const Settings& s) { return s.database.pool_size == 13; }},
    {"privileged.user", "'root_reader'",
     [](const Settings& s) { return s.privileged.user == "root_reader"; }},
    {"privileged.password", "'p'", [](const Settings& s) { return s.privileged.password == "p"; }},
    {"privileged.password_file", "'/p'",
     [](const Settings& s) { return s.privileged.password.empty(); }},
    {"accounts.min_uid", "14", [](const Settings& s) { return s.accounts.min_uid == 14; }},
    {"accounts.max_uid", "15", [](const Settings& s) { return s.accounts.max_uid == 15; }},
    {"accounts.min_gid", "16", [](const Settings& s) { return s.accounts.min_gid == 16; }},
    {"accounts.max_gid", "17", [](const Settings& s) { return s.accounts.max_gid == 17; }},
    {"accounts.allow_uids", "[33, 998]",
     [](const Settings& s) {
       return s.accounts.allow_uids == std::vector<std::uint32_t>{33, 998};
     }},
    {"accounts.allow_gids", "[34]",
     [](const Settings& s) { return s.accounts.allow_gids == std::vector<std::uint32_t>{34}; }},
    {"accounts.uid_offset", "18", [](const Settings& s) { return s.accounts.uid_offset == 18; }},
    {"accounts.name_case", "'lower'",
     [](const Settings& s) { return s.accounts.name_case == NameCase::kLower; }},
    {"accounts.name_first", "'A-C'",
     [](const Settings& s) {
       return s.accounts.names.Allows("Ab") && !s.accounts.names.Allows("ab");
     }},
    {"accounts.name_rest", "'X'",
     [](const Settings& s) {
       return s.accounts.names.Allows("aX") && !s.accounts.names.Allows("ab");
     }},
    {"accounts.name_max", "19", [](const Settings& s) { return s.accounts.names.max == 19; }},
    {"accounts.home", "'/h/%n'", [](const Settings& s) { return s.accounts.home == "/h/%n"; }},
    {"accounts.shell", "'/s/%u'", [](const Settings& s) { return s.accounts.shell == "/s/%u"; }},
    {"accounts.shells", "['/bin/a', '/bin/b']",
     [](const Settings& s) {
       return s.accounts.shells == std::vector<std::string>{"/bin/a", "/bin/b"};
     }},
    {"accounts.enumerate", "false", [](const Settings& s) { return !s.accounts.enumerate; }},
    {"auth.schemes", "['strong', 'md5crypt']",
     [](const Settings& s) {
       PasswordSchemeSet schemes = PasswordSchemeSet::Strong();
       schemes.Add(PasswordScheme::kMd5Crypt);
       return s.auth.schemes == schemes;
     }},
    {"auth.plain_hash_scheme", "'sha1'",
     [](const Settings& s) { return s.auth.plain_hash_scheme == PasswordScheme::kSha1; }},
    {"auth.max_rows", "20", [](const Settings& s) { return s.auth.max_rows == 20; }},
    {"access.allow_users", "['alice', 'bob']",
     [](const Settings& s) {
       return s.access.allow_users == std::vector<std::string>{"alice", "bob"};
     }},
    {"access.deny_users", "['mallory']",
     [](const Settings& s) { return s.access.deny_users == std::vector<std::string>{"mallory"}; }},
    {"access.allow_groups", "['web']",
     [](const Settings& s) { return s.access.allow_groups == std::vector<std::string>{"web"}; }},
    {"access.deny_groups", "['former']",
     [](const Settings& s) { return s.access.deny_groups == std::vector<std::string>{"former"}; }},
    {"password.scheme", "'bcrypt'",
     [](const Settings& s) { return s.password.scheme == PasswordScheme::kBcrypt; }},
    {"password.cost", "200000", [](const Settings& s) { return s.password.cost == 200000; }},
    {"password.update_rows", "2", [](const Settings& s) { return s.password.update_rows == 2; }},
    {"log_rows.required", "['session_open']",
     [](const Settings& s) { return s.log_rows.session_open && !s.log_rows.auth_success; }},
    {"throttle.failures", "28", [](const Settings& s) { return s.throttle.failures == 28; }},
    {"throttle.longest_seconds", "9",
     [](const Settings& s) { return s.throttle.longest_seconds == 9; }},
    {"throttle.forget_seconds", "29",
     [](const Settings& s) { return s.throttle.forget_seconds == 29; }},
    {"snapshot.enabled", "false", [](const Settings& s) { return !s.snapshot.enabled; }},
    {"snapshot.refresh_seconds", "21",
     [](const Settings& s) { return s.snapshot.refresh_seconds == 21; }},
    {"snapshot.max_shrink_percent", "22",
     [](const Settings& s) { return s.snapshot.max_shrink_percent == 22; }},
    {"cache.found_seconds", "23", [](const Settings& s) { return s.cache.found_seconds == 23; }},
    {"cache.absent_seconds", "24", [](const Settings& s) { return s.cache.absent_seconds == 24; }},
    {"cache.stale_seconds", "25", [](const Settings& s) { return s.cache.stale_seconds == 25; }},
    {"cache.entries", "26", [](const Settings& s) { return s.cache.entries == 26; }},
    {"cache.offline_auth_seconds", "27",
     [](const Settings& s) { return s.cache.offline_auth_seconds == 27; }},
    {"direct.enabled", "true", [](const Settings& s) { return s.direct.enabled; }},
};

TEST_P(EveryKey, ReachesItsOwnPlaceInTheSettings) {
  const KeyDescription& key = GetParam();
  if (const auto* const query = std::get_if<QueryKey>(&key.target)) {
    const QueryDescription& description = QueryDescriptions()[static_cast<std::size_t>(query->id)];
    EXPECT_EQ(description.key, key.key);
    std::string text = "SELECT 1";
    QueryTemplate expected{"SELECT 1", {}};
    for (std::size_t i = 0; i < static_cast<std::size_t>(QueryParameter::kCount); ++i) {
      const auto parameter = static_cast<QueryParameter>(i);
      if (!description.parameters.Contains(parameter)) continue;
      text += ", :" + std::string(NameOf(parameter));
      expected.sql += ", ?";
      expected.parameters.push_back(parameter);
    }
    const auto settings = FilesWith(key, "'" + text + "'").Parse();
    ASSERT_TRUE(settings) << settings.error()[0].Describe();
    EXPECT_TRUE(SameQuery(settings->query(query->id), expected));
    const auto off = FilesWith(key, "''").Parse();
    ASSERT_TRUE(off) << off.error()[0].Describe();
    EXPECT_FALSE(off->query(query->id).configured());
    return;
  }
  const auto* const arrival =
      std::find_if(std::begin(kArrivals), std::end(kArrivals),
                   [&](const Arrival& row) { return row.key == FullName(key); });
  ASSERT_NE(arrival, std::end(kArrivals)) << "the table of this test lacks the key";
  const auto settings = FilesWith(key, arrival->value).Parse();
  ASSERT_TRUE(settings) << settings.error()[0].Describe();
  EXPECT_TRUE(arrival->arrived(*settings));
  if (!key.secret && FullName(key).find("password_file") == std::string::npos) {
    const auto without =
        ParseSettings({"[database]\nname = \"x\"\n", kConfigName}, {"", kSecretsName});
    ASSERT_TRUE(without);
    EXPECT_FALSE(arrival->arrived(*without)) << "the value is the default, and proves nothing";
  }
}

// 401 ids: the control page has room for 400 of each kind.
const std::string kTooManyIds = [] {
  std::string list = "[";
  for (int id = 100; id <= 500; ++id) list += std::to_string(id) + ",";
  return list + "]";
}();

// For each key what is of the right type and yet not allowed.
const std::multimap<std::string, std::string> kOutOfRange = {
    {"database.servers", "[]"},
    {"database.servers", "['']"},
    {"database.servers", "['db1', 'db2:0']"},
    {"database.servers", "['::1']"},
    {"database.writers", "['db1:65536']"},
    {"database.name", "''"},
    {"database.name", "\"a\\nb\""},
    {"database.user", "''"},
    {"database.user", "\"a\\u0000b\""},
    {"database.password", "\"zqxjkv\\u0000\""},
    {"database.password_file", "'zqxjkv'"},
    {"database.password_file", "\"/a\\nb\""},
    {"database.tls", "''"},
    {"database.tls", "'Verify'"},
    {"database.tls", "'verify_ca'"},
    {"database.tls_ca", "'ca.pem'"},
    {"database.tls_cert", "'./c.pem'"},
    {"database.tls_key", "\"/a\\u0000b\""},
    {"privileged.user", "''"},
    {"privileged.password", "\"zqxjkv\\u0000\""},
    {"privileged.password_file", "'~/secret'"},
    {"accounts.allow_uids", "[0]"},
    {"accounts.allow_uids", "[-1]"},
    {"accounts.allow_uids", "[33, 65534]"},
    {"accounts.allow_uids", "[65535]"},
    {"accounts.allow_uids", "[4294967294]"},
    {"accounts.allow_uids", "[4294967295]"},
    {"accounts.allow_uids", "[4294967296]"},
    {"accounts.allow_uids", kTooManyIds},
    {"accounts.allow_gids", "[0]"},
    {"accounts.allow_gids", "[4294967329]"},
    {"accounts.name_case", "''"},
    {"accounts.name_case", "'upper'"},
    {"accounts.name_first", "''"},
    {"accounts.name_first", "'z-a'"},
    {"accounts.name_first", "'a-z*'"},
    {"accounts.name_rest", "'a:'"},
    {"accounts.name_rest", "'\xc3\xa4'"},
    {"accounts.home", "'home'"},
    {"accounts.home", "'/%s'"},
    {"accounts.shell", "'/bin/sh:x'"},
    {"accounts.shell", "'/%'"},
    {"accounts.shells", "['']"},
    {"accounts.shells", "['/bin/sh', 'bash']"},
    {"auth.schemes", "''"},
    {"auth.schemes", "'weak'"},
    {"auth.schemes", "'md5'"},
    {"auth.schemes", "[]"},
    {"auth.schemes", "['strong', 'bcrpyt']"},
    {"auth.schemes", "['all']"},
    {"auth.plain_hash_scheme", "'bcrypt'"},
    {"auth.plain_hash_scheme", "'MD5'"},
};

TEST_P(EveryKey, RefusesWhatIsOutOfRange) {
  const KeyDescription& key = GetParam();
  std::vector<std::string> values;
  const auto [begin, end] = kOutOfRange.equal_range(FullName(key));
  for (auto row = begin; row != end; ++row) values.push_back(row->second);
  if (const auto* const number = std::get_if<NumberKey>(&key.target)) {
    values = {std::to_string(std::int64_t{number->min} - 1),
              std::to_string(std::int64_t{number->max} + 1), "9223372036854775807",
              "-9223372036854775808", "4294967296"};
  } else if (std::holds_alternative<QueryKey>(key.target)) {
    values = {
        "'SELECT :nme'", "'SELECT ?'",    "\"SELECT ':name'\"", "'SELECT 1; DROP TABLE users'",
        "' '",           "\"SELECT 1 '\""};
  } else if (std::holds_alternative<TextKey>(key.target)) {
    std::string path = "'";
    while (path.size() < 5000) path += "/z";
    values.push_back(path + "'");
  } else if (std::holds_alternative<NamesKey>(key.target)) {
    values = {"['a', '']", "['" + std::string(256, 'n') + "']", "['a', \"b\\u0001\"]", "['a', 7]"};
  } else if (std::holds_alternative<FlagKey>(key.target)) {
    return;  // both values are allowed
  }
  ASSERT_FALSE(values.empty()) << "the table of this test lacks the key";
  for (const std::string& value : values) {
    const Files files = FilesWith(key, value);
    const std::string what = TheMistake(files, files.line);
    EXPECT_TRUE(what.starts_with(Heading(key))) << what;
    if (!std::holds_alternative<QueryKey>(key.target)) {
      EXPECT_TRUE(what.ends_with("; allowed: " + key.RangeText())) << what;
      EXPECT_LT(what.size(), Heading(key).size() + 220 + key.RangeText().size())
          << "a long value is cut";
    }
    EXPECT_TRUE(!key.secret || what.find("zqxjkv") == std::string::npos) << what;
  }
}

TEST_P(EveryKey, TakesBothEndsOfItsRange) {
  const auto* const number = std::get_if<NumberKey>(&GetParam().target);
  if (number == nullptr) return;
  EXPECT_EQ(GetParam().RangeText(),
            std::to_string(number->min) + " to " + std::to_string(number->max));
  for (const std::uint32_t value : {number->min, number->max}) {
    const auto settings = FilesWith(GetParam(), std::to_string(value)).Parse();
    EXPECT_TRUE(settings) << settings.error()[0].Describe();
  }
}

TEST(Settings, DefaultsOfTheTableAreTheDefaultsOfTheStructs) {
  std::string text;
  std::string_view section;
  for (const KeyDescription& key : KeyDescriptions()) {
    if (key.place == KeyPlace::kSecrets || key.key == "password_file") continue;
    if (key.section != section) text += "[" + std::string(section = key.section) + "]\n";
    text += std::string(key.key) + " = " + (key.key == "name" ? "\"x\"" : key.DefaultText()) + "\n";
  }
  const auto written = ParseSettings({text, kConfigName}, {"", kSecretsName});
  ASSERT_TRUE(written) << written.error()[0].Describe();
  const auto omitted =
      ParseSettings({"[database]\nname = \"x\"\n", kConfigName}, {"", kSecretsName});
  ASSERT_TRUE(omitted) << omitted.error()[0].Describe();
  EXPECT_EQ(written->database.servers, omitted->database.servers);
  EXPECT_EQ(written->database.writers, omitted->database.writers);
  EXPECT_EQ(written->database.user, omitted->database.user);
  EXPECT_EQ(written->database.tls, omitted->database.tls);
  EXPECT_EQ(written->database.connect_timeout_ms, omitted->database.connect_timeout_ms);
  EXPECT_EQ(written->database.query_timeout_ms, omitted->database.query_timeout_ms);
  EXPECT_EQ(written->database.pool_size, omitted->database.pool_size);
  EXPECT_EQ(written->accounts.min_uid, omitted->accounts.min_uid);
  EXPECT_EQ(written->accounts.max_uid, omitted->accounts.max_uid);
  EXPECT_EQ(written->accounts.min_gid, omitted->accounts.min_gid);
  EXPECT_EQ(written->accounts.max_gid, omitted->accounts.max_gid);
  EXPECT_EQ(written->accounts.allow_uids, omitted->accounts.allow_uids);
  EXPECT_EQ(written->accounts.allow_gids, omitted->accounts.allow_gids);
  EXPECT_EQ(written->accounts.uid_offset, omitted->accounts.uid_offset);
  EXPECT_EQ(written->accounts.name_case, omitted->accounts.name_case);
  EXPECT_EQ(written->accounts.names.first, omitted->accounts.names.first);
  EXPECT_EQ(written->accounts.names.rest, omitted->accounts.names.rest);
  EXPECT_EQ(written->accounts.names.max, omitted->accounts.names.max);
  EXPECT_EQ(written->accounts.home, omitted->accounts.home);
  EXPECT_EQ(written->accounts.shell, omitted->accounts.shell);
  EXPECT_EQ(written->accounts.shells, omitted->accounts.shells);
  EXPECT_EQ(written->accounts.enumerate, omitted->accounts.enumerate);
  EXPECT_EQ(written->auth.schemes, omitted->auth.schemes);
  EXPECT_EQ(written->auth.plain_hash_scheme, omitted->auth.plain_hash_scheme);
  EXPECT_EQ(written->auth.max_rows, omitted->auth.max_rows);
  EXPECT_EQ(written->access.allow_users, omitted->access.allow_users);
  EXPECT_EQ(written->access.deny_users, omitted->access.deny_users);
  EXPECT_EQ(written->access.allow_groups, omitted->access.allow_groups);
  EXPECT_EQ(written->access.deny_groups, omitted->access.deny_groups);
  EXPECT_EQ(written->password.scheme, omitted->password.scheme);
  EXPECT_EQ(written->password.cost, omitted->password.cost);
  EXPECT_EQ(written->password.update_rows, omitted->password.update_rows);
  EXPECT_EQ(written->log_rows.auth_success, omitted->log_rows.auth_success);
  EXPECT_EQ(written->log_rows.session_open, omitted->log_rows.session_open);
  EXPECT_EQ(written->throttle.failures, omitted->throttle.failures);
  EXPECT_EQ(written->throttle.longest_seconds, omitted->throttle.longest_seconds);
  EXPECT_EQ(written->throttle.forget_seconds, omitted->throttle.forget_seconds);
  EXPECT_EQ(written->snapshot.enabled, omitted->snapshot.enabled);
  EXPECT_EQ(written->snapshot.refresh_seconds, omitted->snapshot.refresh_seconds);
  EXPECT_EQ(written->snapshot.max_shrink_percent, omitted->snapshot.max_shrink_percent);
  EXPECT_EQ(written->cache.found_seconds, omitted->cache.found_seconds);
  EXPECT_EQ(written->cache.absent_seconds, omitted->cache.absent_seconds);
  EXPECT_EQ(written->cache.stale_seconds, omitted->cache.stale_seconds);
  EXPECT_EQ(written->cache.entries, omitted->cache.entries);
  EXPECT_EQ(written->cache.offline_auth_seconds, omitted->cache.offline_auth_seconds);
  EXPECT_EQ(written->direct.enabled, omitted->direct.enabled);
  for (const QueryDescription& query : QueryDescriptions()) {
    EXPECT_TRUE(SameQuery(written->query(query.id), omitted->query(query.id))) << query.key;
  }
}

}  // namespace
}  // namespace sqlmap
