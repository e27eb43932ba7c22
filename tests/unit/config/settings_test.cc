// What keys mean together. Each key by itself: settings_keys_test.cc.
#include "common/config/settings.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {
namespace {

constexpr std::string_view kNamed = "[database]\nname = \"x\"\n";

SettingsOrErrors Parse(std::string_view config, std::string_view secrets = "",
                       bool world_readable = false) {
  return ParseSettings({config, "c", world_readable}, {secrets, "s", false});
}

// All mistakes, a line each; "" if there is none.
std::string Mistakes(const SettingsOrErrors& settings) {
  std::string all;
  if (settings) return all;
  for (const SettingsError& error : settings.error()) all += error.Describe() + "\n";
  return all;
}

TEST(ParseSettings, NamesTheDatabaseAndTheRestFollows) {
  const auto settings = Parse(kNamed);
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_EQ(settings->database.servers,
            (std::vector<ServerAddress>{{"/run/mysqld/mysqld.sock", "", 3306}}));
  EXPECT_EQ(settings->database.user, "sqlmap");
  EXPECT_EQ(settings->database.tls, TlsMode::kVerify);
  EXPECT_FALSE(settings->privileged.configured());
  EXPECT_FALSE(settings->direct.enabled);
  EXPECT_TRUE(settings->query(QueryId::kGetpwnam).configured());
  EXPECT_FALSE(settings->query(QueryId::kPasswordUpdate).configured());
}

TEST(ParseSettings, EmptyFileSaysWhatIsMissing) {
  for (const std::string_view text : {"", "\n", "# nothing\n", "[database]\n", "\xef\xbb\xbf"}) {
    EXPECT_EQ(Mistakes(Parse(text)),
              "c: [database] name: is missing; it names the database that holds the views\n");
  }
}

TEST(ParseSettings, TellsEveryMistakeInTheOrderOfTheFiles) {
  EXPECT_EQ(
      Mistakes(Parse("[database]\n"
                     "pool_size = 0\n"
                     "[cache]\n"
                     "entries = true\n"
                     "[database.pool]\n"
                     "[acounts]\n"
                     "min_uid = 0\n",
                     "[privileged]\n"
                     "passwd = \"zqxjkv\"\n"
                     "[direct]\n"
                     "enabled = true\n")),
      "c: [database] name: is missing; it names the database that holds the views\n"
      "c:2: [database] pool_size: 0 is out of range; allowed: 1 to 64\n"
      "c:4: [cache] entries: is true or false; allowed: 1 to 10000000\n"
      "c:5: [database] \"pool\": no such key; allowed: servers, writers, name, user, "
      "password, password_file, tls, tls_ca, "
      "tls_cert, tls_key, connect_timeout_ms, query_timeout_ms, pool_size\n"
      "c:6: \"acounts\": no such section; did you mean accounts? Allowed: database, "
      "accounts, queries, auth, access, password, log_rows, throttle, snapshot, "
      "cache, direct\n"
      "s:2: [privileged] (not shown: it may be a secret): no such key; did you mean password? "
      "Allowed: user, "
      "password, password_file\n"
      "s:3: [direct]: belongs in sqlmapd.toml; allowed here: database, privileged\n");
}

TEST(ParseSettings, AMistakeInTomlHidesNoMistakeInTheOtherFile) {
  EXPECT_EQ(Mistakes(Parse("[database\n", "[privileged]\nuser = 1\n")),
            "c:1: Error while parsing table header: expected ']'\n"
            "s:2: [privileged] user: is a whole number; allowed: 1 to 128 bytes\n");
}

TEST(ParseSettings, TellsAtMostAHundredMistakes) {
  std::string text(kNamed);
  for (int i = 0; i < 50000; ++i) text += "k" + std::to_string(i) + " = 1\n";
  const auto settings = Parse(text);
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().size(), 100U);
  EXPECT_EQ(settings.error()[0].line, 3U);
}

TEST(ParseSettings, NewPasswordsAreStoredInASchemeThatOpensTheAccount) {
  const std::string head = std::string(kNamed) + "[auth]\nschemes = [\"md5crypt\"]\n";
  EXPECT_EQ(Mistakes(Parse(head)), "") << "nobody changes a password here";
  const std::string update =
      "[queries]\npassword_update = \"UPDATE t SET p = :hash WHERE n = :name\"\n";
  EXPECT_EQ(
      Mistakes(Parse(head + update)),
      "c:4: [password] scheme: \"yescrypt\" is not among auth.schemes, so that nobody could log "
      "in with a new password; allowed: one of those\n");
  EXPECT_EQ(Mistakes(Parse(std::string(kNamed) + update + "[auth]\nplain_hash_scheme = \"md5\"\n" +
                           "[password]\nscheme = \"md5\"\n")),
            "");
}

TEST(ParseSettings, CostIsInTheMeasureOfTheScheme) {
  const auto mistakes = [](const char* scheme, int cost) {
    return Mistakes(Parse(std::string(kNamed) + "[password]\nscheme = \"" + scheme +
                          "\"\ncost = " + std::to_string(cost) + "\n"));
  };
  EXPECT_EQ(mistakes("bcrypt", 12), "");
  EXPECT_EQ(mistakes("bcrypt", 16),
            "c:5: [password] cost: 16 is out of range; allowed: for bcrypt 10 to 15 (log2 of "
            "rounds)\n");
  EXPECT_EQ(mistakes("sha512crypt", 12),
            "c:5: [password] cost: 12 is out of range; allowed: for sha512crypt 5000 to 1000000 "
            "(rounds)\n");
  EXPECT_EQ(mistakes("mysql-native", 0), "");
  EXPECT_EQ(mistakes("mysql-native", 1),
            "c:5: [password] cost: 1 is out of range; allowed: 0, since mysql-native has none\n");
}

TEST(ParseSettings, KeysOutsideOfSectionsAreRefused) {
  EXPECT_EQ(
      Mistakes(Parse("direct = true\nname = \"x\"\n[database]\nname = \"x\"\n")),
      "c:1: \"direct\": is a section, and its keys stand on lines of their own below [direct]\n"
      "c:2: \"name\": stands outside of any section; allowed: database, accounts, queries, auth, "
      "access, password, log_rows, throttle, snapshot, cache, direct\n");
  EXPECT_EQ(Mistakes(Parse("[[database]]\nname = \"x\"\n")),
            "c: [database] name: is missing; it names the database that holds the views\n"
            "c:1: \"database\": is a section, and its keys stand on lines of their own below "
            "[database]\n");
}

TEST(ParseSettings, TomlsOtherWaysToWriteAKeyMeanTheSame) {
  for (const std::string_view text :
       {"database.name = \"x\"\ndatabase.pool_size = 7\n",
        "database = { name = 'x', pool_size = 7 }\n",
        "[ \"database\" ]\r\n'name' = '''x'''\r\n pool_size = 0x7\r\n"}) {
    const auto settings = Parse(text);
    ASSERT_TRUE(settings) << text << Mistakes(settings);
    EXPECT_EQ(settings->database.name, "x");
    EXPECT_EQ(settings->database.pool_size, 7U);
  }
}

TEST(ParseSettings, LineOfAListEntryIsItsOwn) {
  EXPECT_EQ(Mistakes(Parse("[database]\nname = \"x\"\nservers = [\n  \"db1\",\n  \"db2:x\",\n]\n"))
                .substr(0, 70),
            "c:5: [database] servers: \"db2:x\" has a port that is not a number from ");
}

TEST(ParseSettings, LimitsThatAdmitNobodyAreRefused) {
  EXPECT_EQ(
      Mistakes(Parse(std::string(kNamed) +
                     "[accounts]\nmin_uid = 5001\nmax_uid = 5000\nmin_gid = 7\nmax_gid = 7\n")),
      "c:5: [accounts] min_uid: 5001 is out of range; allowed: at most max_uid, which is 5000\n");
  EXPECT_EQ(
      Mistakes(Parse(std::string(kNamed) + "[accounts]\nmax_gid = 999\n")),
      "c:4: [accounts] min_gid: 1000 is out of range; allowed: at most max_gid, which is 999\n");
}

TEST(ParseSettings, PrivilegedAccountInAFileThatAllCanReadIsRefused) {
  EXPECT_EQ(
      Mistakes(Parse(std::string(kNamed) + "[privileged]\nuser = \"r\"\npassword = \"zqxjkv\"\n")),
      "c:3: [privileged]: may stand in the secrets file only, which others cannot read; allowed "
      "here: database, accounts, "
      "queries, auth, access, password, log_rows, throttle, snapshot, cache, direct\n");
  const auto settings = ParseSettings(
      {kNamed, "c"}, {"[privileged]\nuser = \"r\"\npassword = \"zqxjkv\"\n", "s", true});
  EXPECT_EQ(Mistakes(settings), "s: holds secrets and can be read by others; chmod 0600\n");
}

TEST(ParseSettings, AnAuthorityThatIsNamedCountsAndWithoutOneAnybodyIsOfAnAuthority) {
  EXPECT_EQ(
      Mistakes(Parse(std::string(kNamed) + "tls = \"verify-ca\"\n")),
      "c:3: [database] tls: \"verify-ca\" without tls_ca lets anybody be the server; allowed: "
      "with tls_ca, the file of the server's own authority, or \"verify\"\n");
  const auto mode = [](const std::string& tls) {
    return Parse(std::string(kNamed) + tls).value().database.tls;
  };
  EXPECT_EQ(mode("tls = \"verify-ca\"\ntls_ca = \"/ca\"\n"), TlsMode::kVerifyCa);
  EXPECT_EQ(mode("tls = \"required\"\ntls_ca = \"/ca\"\n"), TlsMode::kVerifyCa);
  EXPECT_EQ(mode("tls = \"required\"\n"), TlsMode::kRequired);
  EXPECT_EQ(mode("tls = \"off\"\ntls_ca = \"/ca\"\n"), TlsMode::kOff);
}

TEST(ParseSettings, PasswordInAWorldReadableFileNeedsDirectMode) {
  const std::string text = std::string(kNamed) + "password = \"zqxjkv\"\n";
  const std::string mistake = Mistakes(Parse(text, "", true));
  EXPECT_TRUE(
      mistake.starts_with("c:3: [database] password: stands in a file that every user can read; "
                          "allowed: in the secrets file"))
      << mistake;
  EXPECT_NE(mistake.find("[direct] enabled = true"), std::string::npos)
      << "the message says what to do";
  EXPECT_EQ(mistake.find("zqxjkv"), std::string::npos);
  EXPECT_EQ(Mistakes(Parse(text + "[direct]\nenabled = false\n", "", true)), mistake);
  EXPECT_EQ(Mistakes(Parse(text, "[database]\npassword = \"other\"\n", true)), mistake)
      << "it can be read all the same";
  EXPECT_EQ(Mistakes(Parse(text + "[direct]\nenabled = true\n", "", true)), "");
  EXPECT_EQ(Mistakes(Parse(text, "", false)), "");
  EXPECT_EQ(Mistakes(Parse(std::string(kNamed) + "password = \"\"\n", "", true)), "");
}

TEST(ParseSettings, SecretsStandInPlaceOfTheSameKeysInTheOtherFile) {
  const std::string config =
      std::string(kNamed) +
      "password = \"public\"\ntls_key = \"/public.key\"\n[direct]\nenabled = true\n";
  const auto without = Parse(config, "[privileged]\nuser = \"r\"\n");
  ASSERT_TRUE(without) << Mistakes(without);
  EXPECT_EQ(without->database.password, "public");
  EXPECT_EQ(without->database.tls_key, "/public.key");
  EXPECT_EQ(without->privileged.user, "r");
  const auto with = Parse(config, "[database]\npassword = \"secret\"\ntls_key = \"/secret.key\"\n");
  ASSERT_TRUE(with) << Mistakes(with);
  EXPECT_EQ(with->database.password, "secret");
  EXPECT_EQ(with->database.tls_key, "/secret.key");
  const auto in_other_form = Parse(config, "[database]\npassword_file = \"/p\"\n");
  ASSERT_TRUE(in_other_form) << "password and password_file in different files do not contradict: "
                             << Mistakes(in_other_form);
  EXPECT_EQ(in_other_form->database.password, "");
}

TEST(ParseSettings, TwoPasswordsForOneAccountAreRefused) {
  EXPECT_EQ(
      Mistakes(Parse(std::string(kNamed) + "password_file = \"/p\"\npassword = \"zqxjkv\"\n")),
      "c:3: [database] password_file: stands beside password; allowed: one of the two\n");
  EXPECT_EQ(
      Mistakes(Parse(
          kNamed,
          "[privileged]\nuser = \"r\"\npassword = \"zqxjkv\"\npassword_file = \"/p\"\n[database]\n"
          "password = \"zqxjkv\"\npassword_file = \"/p\"\n")),
      "s:4: [privileged] password_file: stands beside password; allowed: one of the two\n"
      "s:7: [database] password_file: stands beside password; allowed: one of the two\n");
}

TEST(ParseSettings, RowThatNothingWritesCannotBeRequired) {
  const std::string both =
      std::string(kNamed) + "[log_rows]\nrequired = [\"auth_success\", \"session_open\"]\n";
  EXPECT_EQ(Mistakes(Parse(both)),
            "c:4: [log_rows] required: \"auth_success\" names a query that is not there; set "
            "auth_success in [queries], or leave it out here\n"
            "c:4: [log_rows] required: \"session_open\" names a query that is not there; set "
            "session_open in [queries], or leave it out here\n");
  EXPECT_EQ(Mistakes(Parse(both + "[queries]\nauth_success = \"\"\n"
                                  "session_open = \"INSERT INTO log VALUES (:name)\"\n")),
            "c:4: [log_rows] required: \"auth_success\" names a query that is not there; set "
            "auth_success in [queries], or leave it out here\n");
  EXPECT_EQ(Mistakes(Parse(both + "[queries]\nauth_success = \"INSERT INTO log VALUES (:name)\"\n"
                                  "session_open = \"INSERT INTO log VALUES (:name)\"\n")),
            "");
}

TEST(ParseSettings, PasswordWithoutItsUserIsRefused) {
  EXPECT_EQ(Mistakes(Parse(kNamed, "[privileged]\npassword = \"zqxjkv\"\n")),
            "s:2: [privileged] user: is missing; say whose password this is\n");
  EXPECT_EQ(Mistakes(Parse(kNamed, "[privileged]\n")), "");
}

TEST(ParseSettings, QueryThatCannotBeAskedForOneAccountIsRefused) {
  EXPECT_EQ(Mistakes(Parse(std::string(kNamed) +
                           "[queries]\ngetpwnam = \"SELECT * FROM nss_getpwnam\"\n")),
            "c:4: [queries] getpwnam: lacks the parameter :name; allowed: one SQL statement that "
            "may have the parameters :name :host "
            "and must have :name, or \"\" for none\n");
  EXPECT_EQ(Mistakes(Parse(std::string(kNamed) + "[queries]\ngetpwuid = \"SELECT :name\"\n")),
            "c:4: [queries] getpwuid: has the parameter :name, which this query cannot have; "
            "allowed: :uid :host\n");
  EXPECT_EQ(Mistakes(Parse(std::string(kNamed) +
                           "[queries]\npassword_update = \"UPDATE a SET b = 1 WHERE c = :name\"\n"))
                .substr(0, 64),
            "c:4: [queries] password_update: lacks the parameter :hash; allow");
}

TEST(ParseSettings, HalfOfTheQueriesMayBeSwitchedOff) {
  const auto settings = Parse(std::string(kNamed) + "[queries]\nauth = \"\"\ngetspnam = \"\"\n");
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_FALSE(settings->query(QueryId::kAuth).configured());
  EXPECT_TRUE(settings->query(QueryId::kGetpwnam).configured());
}

TEST(ParseSettings, SchemesAreAWordOrAList) {
  const auto schemes = [](std::string_view value) {
    const auto settings =
        Parse(std::string(kNamed) + "[auth]\nschemes = " + std::string(value) + "\n");
    EXPECT_TRUE(settings) << Mistakes(settings);
    return settings ? settings->auth.schemes : PasswordSchemeSet();
  };
  EXPECT_EQ(schemes("\"strong\""), PasswordSchemeSet::Strong());
  EXPECT_EQ(schemes("\"all\""), PasswordSchemeSet::All());
  EXPECT_EQ(schemes("[\"strong\"]"), PasswordSchemeSet::Strong());
  PasswordSchemeSet two;
  two.Add(PasswordScheme::kBcrypt);
  two.Add(PasswordScheme::kMd5);
  EXPECT_EQ(schemes("[\"md5\", \"bcrypt\"]"), two);
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    EXPECT_TRUE(schemes("[\"" + std::string(row.name) + "\"]").Contains(row.scheme)) << row.name;
  }
  const std::string mistake =
      Mistakes(Parse(std::string(kNamed) + "[auth]\nschemes = [\"bcrpt\"]\n"));
  EXPECT_NE(mistake.find("\"bcrpt\" is no password scheme, did you mean \"bcrypt\"?"),
            std::string::npos)
      << mistake;
}

TEST(ParseSettings, SchemeOfPlainHashesNeedNotBeNamedTwice) {
  for (const auto& [name, scheme] : {std::pair{"md5", PasswordScheme::kMd5},
                                     {"sha1", PasswordScheme::kSha1},
                                     {"sha256", PasswordScheme::kSha256},
                                     {"sha512", PasswordScheme::kSha512},
                                     {"des", PasswordScheme::kDes},
                                     {"mysql-old", PasswordScheme::kMysqlOld},
                                     {"nt", PasswordScheme::kNt}}) {
    const auto settings = Parse(std::string(kNamed) + "[auth]\nplain_hash_scheme = \"" + name +
                                "\"\nschemes = \"strong\"\n");
    ASSERT_TRUE(settings) << Mistakes(settings);
    EXPECT_EQ(settings->auth.plain_hash_scheme, scheme);
    PasswordSchemeSet expected = PasswordSchemeSet::Strong();
    expected.Add(scheme);
    EXPECT_EQ(settings->auth.schemes, expected) << name;
  }
}

TEST(ParseSettings, NoMistakeRepeatsAPassword) {
  for (const std::string_view value :
       {"zqxjkv", "'zqxjkv", "\"zqxjkv", "\"zqxjkv\\u0000\"", "['zqxjkv']", "{ zqxjkv = 'zqxjkv' }",
        "'zqxjkv' zqxjkv", "'''zqxjkv''\n", "\"zq\\xjkv\"", "5\npassword = 'zqxjkv'",
        "'zqxjkv'\npassword = 'zqxjkv'"}) {
    for (const std::string_view section : {"[privileged]\nuser = 'u'\n", "[database]\n"}) {
      const std::string text = std::string(section) + "password = " + std::string(value) + "\n";
      const std::string mistakes = Mistakes(Parse(kNamed, text)) + Mistakes(Parse(text, "", true));
      EXPECT_FALSE(mistakes.empty()) << text;
      EXPECT_EQ(mistakes.find("zqx"), std::string::npos) << text << mistakes;
      EXPECT_EQ(mistakes.find("jkv"), std::string::npos) << text << mistakes;
    }
  }
}

TEST(ParseSettings, NoMistakeRepeatsASecretThatStandsWhereANameShould) {
  for (const std::string_view secrets :
       {"zqxjkv = 1\n", "\"zqxjkv\" = 'u'\n[privileged]\nuser = 'u'\n",
        "[privileged]\nuser = 'u'\nzqxjkv = 'password'\n", "[zqxjkv]\npassword = 'p'\n",
        "[database]\nzqxjkv.password = 1\n"}) {
    const std::string mistakes = Mistakes(Parse(kNamed, secrets));
    EXPECT_FALSE(mistakes.empty()) << secrets;
    EXPECT_EQ(mistakes.find("zqxjkv"), std::string::npos) << secrets << mistakes;
  }
}

TEST(ParseSettings, NameOfAKeyCannotWriteToATerminalOrFillALog) {
  const std::string mistakes = Mistakes(
      Parse(std::string(kNamed) + "\"\\u001b[2J\\n\" = 1\n[\"" + std::string(300, 'q') + "\"]\n"));
  EXPECT_NE(mistakes.find("[database] \"\\x1b[2J\\x0a\": no such key"), std::string::npos)
      << mistakes;
  EXPECT_EQ(mistakes.find(std::string(61, 'q')), std::string::npos) << mistakes;
}

}  // namespace
}  // namespace sqlmap
