#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "ctl/import/new_configuration.h"
#include "ctl/import/old_readers.h"
#include "ctl/import/secret_texts.h"

namespace sqlmap::importing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using enum OldDialect;

OldFile File(OldDialect dialect, const std::string& text, const std::string& name = "old") {
  OldFile file;
  file.name = name;
  file.dialect = dialect;
  file.text.assign(text);
  return file;
}

OldConfiguration Read(std::vector<OldFile> files) { return ReadOldFiles(files); }

std::vector<std::string> Remarks(const OldConfiguration& configuration) {
  std::vector<std::string> lines;
  for (const ImportRemark& remark : configuration.remarks) {
    lines.push_back(remark.place.Text() + " " + std::string(NameOf(remark.kind)) + " " +
                    remark.option);
  }
  return lines;
}

std::vector<std::string> Mistakes(const OldConfiguration& configuration) {
  std::vector<std::string> mistakes;
  for (const SettingsError& mistake : MistakesIn(MakeConfiguration(configuration)))
    mistakes.push_back(mistake.Describe());
  return mistakes;
}

constexpr char kCfg[] =
    "host localhost\ndatabase auth\nusername reader\npassword  p#s=s \"w\n"
    "getpwnam SELECT n,'x',u,g,c,h,s FROM t WHERE n='%1$s'\n";

TEST(Import, AFileIsRecognisedByWhatIsInIt) {
  struct Row {
    const char* text;
    std::optional<OldDialect> dialect;
    bool ambiguous;
  };
  const Row rows[] = {
      {kCfg, kLibnssMysql, false},
      {"username root\r\npassword x\r\n", kLibnssMysql, false},
      {"# users.db_passwd = x\nusers.db_password = x;\nusers.table = t;\n", kNssMysql, false},
      {"shadow.host = localhost;", kNssMysql, false},
      {"users.table=t\nusers.db_passwd=x\n", kPamMysql, false},
      {"log.enabled = 1", kPamMysql, false},
      {"database_settings: { }", kLibnssMaria, false},
      {" nss_queries = { };", kLibnssMaria, false},
      {"auth\trequired /lib/security/pam_mysql.so user=x", kPamService, false},
      {"mysqlsocket /run/x\nMYSQLGetPW SELECT 1", kPureFtpd, false},
      {"users.host = x\nusers.table = t", std::nullopt, true},
      {"", std::nullopt, false},
      {"# host\nhosts x\n", std::nullopt, false},
      {"auth required pam_unix.so", std::nullopt, false},
  };
  for (const Row& row : rows) {
    bool ambiguous = false;
    EXPECT_EQ(RecogniseOldFile(row.text, ambiguous), row.dialect) << row.text;
    EXPECT_EQ(ambiguous, row.ambiguous) << row.text;
  }
}

TEST(Import, TheRootFilesAccountIsForHashesAlone) {
  const OldConfiguration old = Read(
      {File(kLibnssMysql, "username chief\npassword top\n", "root"), File(kLibnssMysql, kCfg)});
  EXPECT_EQ(old.people.user, "reader");
  EXPECT_EQ(std::string(old.people.password), "p#s=s \"w");
  EXPECT_EQ(old.hashes.user, "chief");
  EXPECT_EQ(std::string(old.hashes.password), "top");
  EXPECT_THAT(Mistakes(old), ElementsAre());
  EXPECT_THAT(Remarks(old), ElementsAre());
}

TEST(Import, NoPasswordIsShown) {
  const OldConfiguration old = Read({File(kLibnssMysql, kCfg)});
  const NewConfiguration made = MakeConfiguration(old);
  EXPECT_THAT(std::string(made.secrets), HasSubstr("p#s=s"));
  EXPECT_THAT(made.secrets_shown + made.config + made.pam, Not(HasSubstr("p#s=s")));
  const auto settings = ParseSettings({made.config, "c", true}, {made.secrets, "s", false});
  ASSERT_TRUE(settings);
  EXPECT_EQ(std::string(settings->database.password), "p#s=s \"w");
  EXPECT_EQ(std::string(settings->privileged.password), "p#s=s \"w");
}

TEST(Import, ServersAreFoundWhereTheyWere) {
  struct Row {
    OldDialect dialect;
    const char* text;
    const char* servers;
    const char* tls;
  };
  const Row rows[] = {
      {kLibnssMysql, "host localhost\nport 3307", "/run/mysqld/mysqld.sock", ""},
      {kLibnssMysql, "host localhost\nsocket /x/s", "/x/s", ""},
      {kLibnssMysql, "host db1\nsocket /x/s", "db1", "off"},
      {kLibnssMysql, "host 127.0.0.1\nport 3307", "127.0.0.1:3307", "off"},
      {kLibnssMysql, "host ::1\nport 3307", "[::1]:3307", "off"},
      {kNssMysql, "users.host = inet:db1:3307;\nusers.backup_host = inet:db2;", "db1:3307 db2",
       "off"},
      {kNssMysql, "users.host = unix:/x/s;", "/x/s", ""},
      {kNssMysql, "users.host = inet:localhost:3306;", "/run/mysqld/mysqld.sock", ""},
      {kLibnssMaria, "database_settings: { host = \"db1\"; port = 3307; };", "db1:3307", "off"},
      {kLibnssMaria, "database_settings: { host = \"db1\"; unix_socket = \"/x/s\"; };", "/x/s", ""},
      {kPamMysql, "users.host = db1:3307", "db1:3307", "off"},
      {kPamMysql, "users.host = /x/s", "/x/s", ""},
      {kPamMysql, "verbose = 0", "/run/mysqld/mysqld.sock", ""},
      {kPamMysql, "users.host = db1\nusers.ssl_mode = verify_identity\nusers.ssl_ca = /ca", "db1",
       "verify"},
      {kPamMysql, "users.host = db1\nusers.ssl_mode = verify_ca\nusers.ssl_ca = /ca", "db1",
       "verify-ca"},
      {kPamMysql, "users.host = db1\nusers.ssl_mode = Verify_CA", "db1", "verify"},
      {kPamMysql, "users.host = db1\nusers.ssl_mode = Required\nusers.ssl_ca = /ca", "db1",
       "verify-ca"},
      {kPamMysql, "users.host = db1\nusers.ssl_mode = Required", "db1", "required"},
      {kPureFtpd, "MYSQLServer db1\nMYSQLPort 3307", "db1:3307", "off"},
      {kPureFtpd, "MYSQLSocket /x/s", "/x/s", ""},
  };
  for (const Row& row : rows) {
    const OldConfiguration old = Read({File(row.dialect, row.text)});
    std::string servers;
    for (const std::string& server : old.servers) servers += (servers.empty() ? "" : " ") + server;
    EXPECT_EQ(servers, row.servers) << row.text;
    EXPECT_EQ(old.tls, row.tls) << row.text;
  }
}

TEST(Import, EveryCryptNumberHasItsSchemes) {
  struct Row {
    const char* crypt;
    const char* scheme;
    const char* bare;
    const char* column;
    const char* made;
  };
  const Row rows[] = {
      {"0", "plain", "", "'plain' AS scheme", ""},
      {"PLAIN", "plain", "", "'plain' AS scheme", ""},
      {"Y", "sha512crypt", "des", "", "sha512crypt"},
      {"2", "mysql-native", "", "", "mysql-native"},
      {"3", "md5", "md5", "", "md5"},
      {"sha1", "sha1", "sha1", "", "sha1"},
      {"5", "drupal7", "", "", "drupal7"},
      {"joomla15", "joomla", "", "", ""},
      {"7", "ssha", "", "'ssha' AS scheme", ""},
      {"8", "sha512", "sha512", "", "sha512"},
      {"9", "sha256", "sha256", "", "sha256"},
  };
  for (const Row& row : rows) {
    const OldConfiguration old =
        Read({File(kPamService, std::string("auth required pam_mysql.so db=d user=u table=t "
                                            "usercolumn=n passwdcolumn=p crypt=") +
                                    row.crypt + "\npassword required pam_mysql.so")});
    EXPECT_TRUE(old.schemes.Contains(*PasswordSchemeByName(row.scheme))) << row.crypt;
    EXPECT_EQ(old.plain_hash_scheme ? NameOf(*old.plain_hash_scheme) : "", row.bare) << row.crypt;
    EXPECT_THAT(old.query(QueryId::kAuth), HasSubstr(row.column));
    EXPECT_EQ(old.new_scheme ? NameOf(*old.new_scheme) : "", row.made) << row.crypt;
    EXPECT_EQ(old.query(QueryId::kPasswordUpdate).empty(), !old.new_scheme) << row.crypt;
    EXPECT_THAT(Mistakes(old), ElementsAre()) << row.crypt;
  }
}

TEST(Import, APamLineIsReadAsLibpamReadsIt) {
  const OldConfiguration old = Read({File(
      kPamService,
      "# pam_mysql.so in a comment\n@include common-auth\n"
      "auth [success=1 default=ignore] /lib/security/pam_mysql.so user=u passwd=s'e\"c db=d # x=y\n"
      "-account required pam_mysql.so [table=a LEFT JOIN b ON a.x \\\n = b.x[1\\]] usercolumn=n "
      "\\\n"
      "  passwdcolumn=p where=status=\"ok\" use_first_pass=0 use_first_pass verbose=1\n"
      "session required pam_unix.so user=other\n",
      "vsftpd")});
  EXPECT_EQ(old.database, "d");
  EXPECT_EQ(std::string(old.hashes.password), "s'e\"c");
  EXPECT_EQ(old.query(QueryId::kAuth),
            "SELECT n AS username, p AS password, 'plain' AS scheme FROM a LEFT JOIN b ON a.x  = "
            "b.x[1] WHERE n = :name AND (status=\"ok\") AND (SELECT COUNT(*) FROM a LEFT JOIN b ON "
            "a.x  = b.x[1] WHERE n = :name AND (status=\"ok\")) = 1");
  EXPECT_THAT(old.pam_lines, ElementsAre("auth [success=1 default=ignore] pam_sqlmap.so debug",
                                         "-account required pam_sqlmap.so use_first_pass debug"));
  EXPECT_THAT(Remarks(old), ElementsAre("vsftpd:4 changed use_first_pass"));
}

TEST(Import, AnEntryGoesOnBehindABackslashWhateverStandsInBetween) {
  const OldConfiguration old =
      Read({File(kPamService,
                 "auth required pam_mysql.so user=u db=d \\ \t\n\n  # where=1=0\n table=t \\\r\n"
                 "usercolumn=n passwdcolumn=p where=a=1 # \\\nwhere=b=1\n"
                 "-Password required pam_mysql.so crypt=1",
                 "pam")});
  EXPECT_THAT(old.query(QueryId::kAuth), HasSubstr("FROM t WHERE n = :name AND (a=1)"));
  EXPECT_THAT(old.query(QueryId::kPasswordUpdate), HasSubstr("UPDATE t SET p = :hash"));
  EXPECT_THAT(old.pam_lines,
              ElementsAre("auth required pam_sqlmap.so", "-Password required pam_sqlmap.so"));
}

TEST(Import, LinesThatKeepOutOtherPeopleAreNotMadeOneQueryThatLetsInMore) {
  const auto lines = [](const std::string& first, const std::string& second) {
    const std::string all = " pam_mysql.so user=u db=d table=t usercolumn=n passwdcolumn=p ";
    return File(kPamService, first + all + '\n' + second + all, "pam");
  };
  const auto with = [](OldFile file, const std::string& first, const std::string& second) {
    const std::size_t end = file.text.find('\n');
    file.text.append(second).insert(end, first);
    return Remarks(Read({file}));
  };
  const OldFile both = lines("auth required", "-auth required");
  const OldFile apart = lines("auth required", "account required");
  EXPECT_THAT(with(both, "where=a=1", "where=a=1"), ElementsAre());
  EXPECT_THAT(with(both, "where=a=1", "where=b=1"), ElementsAre("pam:2 mistake where"));
  EXPECT_THAT(with(both, "", "where=b=1"), ElementsAre("pam:2 mistake where"));
  EXPECT_THAT(with(both, "statcolumn=s", ""), ElementsAre("pam:1 mistake statcolumn"));
  EXPECT_THAT(with(both, "host=db1", "host=db2"), testing::Contains("pam:2 mistake host"));
  EXPECT_THAT(with(both, "crypt=1", "crypt=0"), ElementsAre("pam:2 mistake crypt"));
  EXPECT_THAT(with(both, "verbose=1", "verbose=0"), ElementsAre("pam:2 changed verbose"));
  EXPECT_THAT(with(both, "verbose=1", ""), ElementsAre());
  EXPECT_THAT(with(apart, "where=a=1", "where=b=1"), ElementsAre("pam:2 mistake where"));
  EXPECT_THAT(with(apart, "", "statcolumn=s"), ElementsAre());
  EXPECT_THAT(with(lines("password required", "-PASSWORD required"), "where=a=1", "where=b=1"),
              testing::Contains("pam:2 mistake where"));
  // The config_file counts for either.
  EXPECT_THAT(Remarks(Read({File(kPamService,
                                 "auth required pam_mysql.so config_file=c where=a=1 user=u\n"
                                 "auth required pam_mysql.so config_file=c where=b=1 user=u\n",
                                 "pam"),
                            File(kPamMysql,
                                 "users.database=d\nusers.table=t\nusers.user_column=n\n"
                                 "users.password_column=p\nusers.where_clause=c=1\n",
                                 "c")})),
              ElementsAre());
}

TEST(Import, TheConfigFileCountsWhereBothSaySomething) {
  const std::string service =
      "auth required pam_mysql.so config_file=/etc/x.conf db=argument user=u table=t usercolumn=n "
      "passwdcolumn=p";
  const OldConfiguration old = Read({File(kPamService, service, "/etc/pam.d/x"),
                                     File(kPamMysql, "users.database = file\n", "/etc/x.conf")});
  EXPECT_EQ(old.database, "file");
  EXPECT_EQ(ConfigFileOf(File(kPamService, service)), "/etc/x.conf");
  EXPECT_THAT(Remarks(Read({File(kPamService, service, "pam")})),
              testing::Contains("pam mistake config_file"));
}

TEST(Import, StatusBitsBecomeClosedAndMustChange) {
  const OldConfiguration old =
      Read({File(kPamMysql,
                 "users.database=d\nusers.db_user=u\nusers.table=t\nusers.user_column=n\n"
                 "users.password_column=p\nusers.status_column=s\n")});
  EXPECT_EQ(old.query(QueryId::kAuth),
            "SELECT n AS username, p AS password, 'plain' AS scheme, COALESCE(((s) & 1) = 0, 0) AS "
            "status FROM t WHERE n = :name AND (SELECT COUNT(*) FROM t WHERE n = :name) = 1");
  EXPECT_EQ(old.query(QueryId::kGetspnam),
            "SELECT n AS username, '*' AS password, CASE WHEN ((s) & 2) = 2 THEN 0 ELSE -1 END AS "
            "lstchg FROM t WHERE n = :name");
  EXPECT_THAT(Mistakes(old), ElementsAre());
}

TEST(Import, WhoGetsInIsSaidByTheLinesOfTheLoginWhateverTheOthersSay) {
  const auto read = [](const std::string& before, const std::string& after) {
    return Read({File(kPamService,
                      before +
                          "\nauth required pam_mysql.so user=u passwd=p db=d table=t "
                          "usercolumn=n passwdcolumn=p crypt=1\n" +
                          after,
                      "pam")});
  };
  const std::string session = "session optional pam_mysql.so user=u passwd=p db=d2 table=t2";
  const std::string password = "password required pam_mysql.so user=u passwd=p db=d crypt=2";
  for (const OldConfiguration& old :
       {read("", session + '\n' + password), read(session, password), read(password, session)}) {
    EXPECT_THAT(Mistakes(old), ElementsAre());
    EXPECT_THAT(Remarks(old), testing::Contains(HasSubstr(" changed db")));
    EXPECT_THAT(Remarks(old), testing::Contains(HasSubstr(" changed crypt")));
    EXPECT_EQ(old.database, "d");
    EXPECT_THAT(old.query(QueryId::kAuth), HasSubstr("FROM t WHERE"));
    EXPECT_TRUE(old.schemes.Contains(PasswordScheme::kSha512Crypt));
    EXPECT_EQ(old.new_scheme, PasswordScheme::kSha512Crypt);
  }
  EXPECT_THAT(read(session, password).pam_lines,
              ElementsAre("session optional pam_sqlmap.so", "auth required pam_sqlmap.so",
                          "password required pam_sqlmap.so"));
  EXPECT_THAT(Mistakes(read(session, "session required pam_mysql.so db=d3 where=a=1")),
              ElementsAre());
}

TEST(Import, WhatCannotBeCarriedOverIsNamedWithItsLine) {
  struct Row {
    OldDialect dialect;
    const char* text;
    const char* remark;
  };
  const Row rows[] = {
      {kLibnssMysql, "database d\nusername u\ngetpwnam SELECT a FROM t WHERE n LIKE '%1$s'\n",
       "old:3 left out getpwnam"},
      {kLibnssMysql, "database d\nusername u\ntimeout 5\n", "old:3 left out "},
      {kLibnssMysql, "database d\ndatabase e\nusername u\n", "old:2 changed database"},
      {kLibnssMysql, "database d\nusername \xff\n", "old:2 mistake username"},
      {kLibnssMysql, "username u\n", "old mistake database"},
      {kLibnssMysql, "database d\n", "old:1 mistake user"},
      {kNssMysql, "users.database=d;\nusers.db_user=u;\nusers.table=t;",
       "old left out users.user_column"},
      {kNssMysql, "users.database=d; x\n", "old:1 mistake "},
      {kNssMysql, "users.database=d\nusers.db_user=u\nusers.backup_database=e",
       "old:3 left out users.backup_database"},
      {kPamMysql, "users.database d\n", "old:1 mistake "},
      {kPamMysql, "users.database=d\nusers.db_user=u\nnullok=1\n", "old:3 left out nullok"},
      {kPamMysql,
       "users.table=t\nusers.user_column=n\nusers.password_column=p\nusers.password_crypt=10",
       "old:4 mistake crypt"},
      {kPamMysql, "users.table=t; DROP\n", "old:1 mistake "},
      {kPamMysql, "users.table=t)\nusers.user_column=n\nusers.password_column=p\n",
       "old:1 left out table"},
      {kLibnssMaria, "database_settings: { host = \"a\n\nb\" ", "old:3 mistake "},
      {kLibnssMaria, "database_settings: { host = \"a\"; host = \"b\"; };", "old:1 mistake "},
      {kLibnssMaria, "database_settings: {};\n  @include \"/etc/shadow\"\n",
       "old:2 mistake @include"},
      {kLibnssMaria, "database_settings: {\nclient_config=\"/x\"; };",
       "old:2 left out client_config"},
      {kPureFtpd, "MYSQLGetPW CALL p('\\L')\n", "old:1 left out MYSQLGetPW"},
      {kPureFtpd, "MYSQLGetQTAFS SELECT 1\n", "old:1 left out MYSQLGetQTAFS"},
      {kPureFtpd, "MYSQLDefaultUID 0\n", "old:1 left out MYSQLDefaultUID"},
      {kPureFtpd, "MYSQLDefaultUID www-data\n", "old:1 left out MYSQLDefaultUID"},
      {kPureFtpd, "MYSQLDatabase d\n", "old changed "},
      {kPureFtpd, "MYSQLGetPW SELECT p FROM t WHERE n='\\L'\nMYSQLCrypt rot13\n",
       "old:2 changed MYSQLCrypt"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(Remarks(Read({File(row.dialect, row.text)})), testing::Contains(row.remark))
        << row.text;
  }
}

TEST(Import, APieceOfAPasswordThatLooksLikeAnOptionIsNotRepeated) {
  const OldConfiguration old =
      Read({File(kPamService, "auth required pam_mysql.so passwd=my secret words=here db=d user=u"),
            File(kLibnssMysql, "hunter2 x\n")});
  for (const ImportRemark& remark : old.remarks) {
    for (const char* const piece : {"secret", "words", "here", "hunter2"})
      EXPECT_THAT(remark.option + remark.what, Not(HasSubstr(piece)));
  }
}

TEST(Import, WhatIsNotOneConfigurationIsNotMadeOne) {
  const auto pam = [](const char* name, const std::string& more) {
    return File(kPamService,
                "auth required pam_mysql.so user=u table=t usercolumn=n passwdcolumn=p " + more,
                name);
  };
  EXPECT_THAT(Remarks(Read({pam("a", "db=d"), pam("b", "db=d")})), ElementsAre());
  EXPECT_THAT(Remarks(Read({pam("a", "db=d"), pam("b", "db=e")})),
              testing::Contains("b:1 mistake database"));
  EXPECT_THAT(Remarks(Read({pam("a", "db=d"), pam("b", "db=d host=db1")})),
              testing::Contains("b:1 mistake host"));
  EXPECT_THAT(Remarks(Read({pam("a", "db=d"), pam("b", "db=d where=x")})),
              testing::Contains("b:1 mistake auth"));
  EXPECT_THAT(Remarks(Read({pam("a", "db=d crypt=1"), pam("b", "db=d crypt=3")})),
              ElementsAre("b:1 mistake crypt"));
  EXPECT_THAT(Remarks(Read({File(kLibnssMysql, kCfg, "a"), File(kLibnssMysql, kCfg, "b"),
                            File(kLibnssMysql, kCfg, "c")})),
              testing::Contains("c mistake "));
}

// Upstream's pam_mysql asks it in place of what it would be made of; Debian's ignores it.
TEST(Import, AQueryOfPamMysqlsOwnIsNotReplacedByALooserOne) {
  const std::string rest =
      "users.database=d\nusers.db_user=u\nusers.table=t\nusers.user_column=n\n"
      "users.password_column=p\n";
  const std::string select = "users.select=SELECT p FROM t WHERE n='%s' AND web=1\n";
  const std::string shadow = "getspnam SELECT n,p,1,2,3,4,5,6,7 FROM s WHERE n='%1$s'\n";
  const OldFile pam = File(kPamService,
                           "auth required pam_mysql.so config_file=old\n"
                           "password required pam_mysql.so config_file=old\n",
                           "pam");
  for (const OldConfiguration& old :
       {Read({pam, File(kPamMysql, rest + select)}),
        Read({File(kLibnssMysql, "database d\nusername u\n" + shadow, "cfg"), pam,
              File(kPamMysql, rest + select)})}) {
    EXPECT_EQ(old.query(QueryId::kAuth), "");
    EXPECT_EQ(old.query(QueryId::kPasswordUpdate), "");
    EXPECT_THAT(Remarks(old), testing::Contains("old:6 left out select"));
    EXPECT_THAT(Mistakes(old), ElementsAre());
  }
  EXPECT_NE(Read({pam, File(kPamMysql, rest)}).query(QueryId::kAuth), "");
}

TEST(Import, OnlyATextThatNotEverybodyCouldReadIsASecret) {
  EXPECT_THAT(TextsInCalls("SELECT 'a', F(b, 'c', G(\"d''e\"), ''), 'x' FROM (SELECT 'f') t WHERE "
                           "n IN ('g') AND (n = 'h') AND H ('i\\'j', `k`, '')"),
              ElementsAre("'c'", "\"d''e\"", "'i\\'j'"));
  EXPECT_THAT(TextsInCalls("SELECT 0x4b4559, COALESCE(a1234, 0), F(p, 0x4b4559, 123456, x'4b45', "
                           "0b1001, 999) FROM t4444"),
              ElementsAre("0x4b4559", "123456", "'4b45'", "0b1001"));
  const std::vector<Secret> secrets = {Secret("1234"), Secret("'k'")};
  EXPECT_EQ(Masked("SELECT F(c1234, 1234, 'k'), '1234' FROM t WHERE n = 1234 AND k = 'k'", secrets),
            "SELECT F(c1234, '***', '***'), '1234' FROM t WHERE n = '***' AND k = '***'");
  EXPECT_THAT(TextsInCalls("F('open"), ElementsAre("'open"));
  const std::string shadow =
      "getspnam SELECT n,AES_DECRYPT(p,'key'),1,2,3,4,5,6,7 FROM s WHERE n='%1$s'\n";
  OldFile root = File(kLibnssMysql, "username r\n" + shadow, "root");
  root.world_readable = false;
  const OldConfiguration old = Read({File(kLibnssMysql, kCfg, "cfg"), root});
  EXPECT_THAT(old.secret_texts, ElementsAre("'key'"));
  EXPECT_THAT(Remarks(old), testing::Contains("root:2 changed getspnam"));
  const NewConfiguration made = MakeConfiguration(old);
  EXPECT_TRUE(made.config_is_secret);
  EXPECT_THAT(made.config, HasSubstr("AES_DECRYPT(p,'key')"));
  EXPECT_THAT(made.config_shown, Not(HasSubstr("'key'")));
  EXPECT_THAT(made.config_shown, HasSubstr("AES_DECRYPT(p,'***')"));
  OldFile service = File(kPamService,
                         "auth required pam_mysql.so user=u db=d table=t usercolumn=n "
                         "[passwdcolumn=AES_DECRYPT(pw, 0x4b4559)]",
                         "pam");
  service.world_readable = false;
  const NewConfiguration number = MakeConfiguration(Read({service}));
  EXPECT_TRUE(number.config_is_secret);
  EXPECT_THAT(number.config, HasSubstr("AES_DECRYPT(pw, 0x4b4559)"));
  EXPECT_THAT(number.config_shown, Not(HasSubstr("4b4559")));
  for (const OldConfiguration& known :
       {Read({File(kLibnssMysql, kCfg + shadow, "cfg"), root}),
        Read({File(kLibnssMysql, kCfg, "cfg"), File(kLibnssMysql, "username r\n" + shadow)})}) {
    EXPECT_THAT(known.secret_texts, ElementsAre());
  }
}

TEST(Import, PamMysqlsPasswordsCountBesideTheShadowOfLibnssMysql) {
  const std::string shadow = "getspnam SELECT n,p,1,2,3,4,5,6,7 FROM s WHERE n='%1$s'\n";
  const OldConfiguration alone = Read({File(kLibnssMysql, kCfg + shadow)});
  EXPECT_THAT(alone.query(QueryId::kAuth),
              HasSubstr("FROM s WHERE n=:name LIMIT 1) SELECT username, password FROM old"));
  const OldConfiguration limited =
      Read({File(kLibnssMysql, std::string(kCfg) + "getspnam SELECT n,p,1,2,3,4,5,6,7 FROM s WHERE "
                                                   "n='%1$s' ORDER BY i LIMIT 3\n")});
  EXPECT_THAT(limited.query(QueryId::kAuth),
              HasSubstr("ORDER BY i LIMIT 3) SELECT username, password FROM old LIMIT 1"));
  for (const std::string condition : {"limit_date > 3", "`limit` > 3", "s = ' LIMIT '",
                                      "i IN (SELECT i FROM q WHERE m = '%1$s' LIMIT 9)"}) {
    const OldConfiguration named =
        Read({File(kLibnssMysql, std::string(kCfg) +
                                     "getspnam SELECT n,p,1,2,3,4,5,6,7 FROM s WHERE "
                                     "n='%1$s' AND " +
                                     condition + " ORDER BY prio\n")});
    EXPECT_THAT(named.query(QueryId::kAuth),
                HasSubstr(" ORDER BY prio LIMIT 1) SELECT username, password FROM old"));
  }
  EXPECT_TRUE(alone.schemes.Contains(PasswordScheme::kYescrypt));
  const OldConfiguration both =
      Read({File(kLibnssMysql, kCfg + shadow),
            File(kPamMysql,
                 "users.database=auth\nusers.db_user=u\nusers.table=t\nusers.user_column=n\n"
                 "users.password_column=p\nusers.status_column=s\nusers.password_crypt=md5\n")});
  EXPECT_THAT(both.query(QueryId::kAuth), HasSubstr("FROM t WHERE n = :name"));
  EXPECT_FALSE(both.schemes.Contains(PasswordScheme::kYescrypt));
  EXPECT_THAT(both.query(QueryId::kGetspnam), HasSubstr("FROM s WHERE"));
  EXPECT_EQ(both.people.user, "reader");
  EXPECT_EQ(both.hashes.user, "u");
  EXPECT_THAT(Remarks(both), testing::Contains("old:6 left out statcolumn"));
}

TEST(Import, EveryOptionHasASuccessorOrAReason) {
  std::set<std::pair<OldDialect, std::string_view>> seen;
  for (const OldOption& option : OldOptions()) {
    EXPECT_TRUE(seen.insert({option.dialect, option.name}).second) << option.name;
    EXPECT_TRUE(option.becomes.empty() || option.why.empty()) << option.name;
    if (option.dialect == kPamMysql) {
      EXPECT_NE(FindOldOption(kPamService, option.becomes), nullptr) << option.name;
    }
  }
}

// A row for each thing that options of one module became: "| module | options | what |".
std::string TableOfOptions() {
  std::vector<std::pair<std::string, std::string>> rows;  // what stands around the options; those
  for (const OldOption& option : OldOptions()) {
    const std::string_view becomes = !option.becomes.empty() ? option.becomes
                                     : option.why.empty()    ? "nothing to carry over"
                                                             : option.why;
    std::string what(option.dialect == kPamMysql ? "the arguments of the same meaning" : becomes);
    what = std::string(NameOf(option.dialect)) + "\n" + what;
    auto row = std::ranges::find(rows, what, &std::pair<std::string, std::string>::first);
    if (row == rows.end()) row = rows.insert(row, {what, ""});
    row->second += (row->second.empty() ? "`" : ", `") + std::string(option.name) + "`";
  }
  std::string table;
  for (const auto& [what, options] : rows) {
    const std::size_t end = what.find('\n');
    table += "| " + what.substr(0, end) + " | " + options + " | " + what.substr(end + 1) + " |\n";
  }
  return table;
}

TEST(Import, TheManualSaysWhatBecameOfEveryOption) {
  std::ifstream page(SQLMAP_DOC "/sqlmapctl.md");
  const std::string text(std::istreambuf_iterator<char>(page), {});
  const std::string head = "| module | option | becomes |\n|---|---|---|\n";
  const std::size_t begin = text.find(head);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = text.find("\n\n", begin);
  EXPECT_EQ(text.substr(begin, end + 1 - begin), head + TableOfOptions());
}

}  // namespace
}  // namespace sqlmap::importing
