// Which settings are in force as the files come, change, go and go bad.
#include <sys/stat.h>
#include <unistd.h>

#include "engine_files.h"

namespace sqlmap {
namespace {

constexpr std::string_view kSecrets =
    "[database]\npassword = \"s3cret\"\n[privileged]\nuser = \"r\"\npassword = \"p\"\n";
constexpr std::string_view kBad = "[database]\nname = 7\n[direct]\nenabled = true\n";
constexpr char kBadSaid[] =
    "0 sqlmapd.toml:2: [database] name: is a whole number; allowed: 1 to 64 bytes\n";

using EngineTest = EngineFiles;

TEST_F(EngineTest, ChangedFileIsInForceAfterTwoSecondsAndNotReadBefore) {
  Configure("one");
  EXPECT_EQ(DatabaseAt(1'000), "one");
  Configure("two");
  EXPECT_EQ(DatabaseAt(2'999), "one");
  EXPECT_EQ(Reads(), 1);
  EXPECT_EQ(DatabaseAt(3'000), "two");
  EXPECT_EQ(Reads(), 2);
  EXPECT_EQ(Logged(), "");
}

TEST_F(EngineTest, UnchangedFileIsNotReadAgain) {
  Configure("one");
  const auto engine = holder_.Current(1'000);
  for (std::int64_t now = 3'000; now < 60'000; now += 2'000)
    EXPECT_EQ(holder_.Current(now), engine);
  EXPECT_EQ(Reads(), 1);
}

TEST_F(EngineTest, BadFileKeepsTheOldSettingsAndIsLoggedOnce) {
  Configure("one");
  EXPECT_EQ(DatabaseAt(1'000), "one");
  Write("sqlmapd.toml", kBad);
  for (std::int64_t now = 3'000; now < 9'000; now += 1'000) EXPECT_EQ(DatabaseAt(now), "one");
  EXPECT_EQ(Logged(), kBadSaid);
  Configure("two");
  EXPECT_EQ(DatabaseAt(10'000), "two");
}

TEST_F(EngineTest, SameMistakeMadeAgainAfterItWasMendedIsLoggedAgain) {
  Write("sqlmapd.toml", kBad);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  Configure("one");
  EXPECT_EQ(DatabaseAt(3'000), "one");
  Write("sqlmapd.toml", kBad);
  EXPECT_EQ(DatabaseAt(5'000), "one");
  EXPECT_EQ(Logged(), std::string(kBadSaid) + kBadSaid);
}

TEST_F(EngineTest, FailedReadIsRememberedForTwoSeconds) {
  Write("sqlmapd.toml", kBad);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  Configure("one");
  EXPECT_EQ(DatabaseAt(2'999), "none");
  EXPECT_EQ(Reads(), 1);
  EXPECT_EQ(DatabaseAt(3'000), "one");
}

TEST_F(EngineTest, MissingFileIsSaidOnceWithTheRemedy) {
  for (std::int64_t now = 1'000; now < 9'000; now += 1'000) EXPECT_EQ(DatabaseAt(now), "none");
  EXPECT_EQ(Logged(), "2 no sqlmapd.toml: copy /usr/share/doc/sqlmapd/examples/sqlmapd.toml\n");
  Configure("one");
  EXPECT_EQ(DatabaseAt(9'000), "one");
}

TEST_F(EngineTest, MissingFileKeepsTheOldSettingsInSilence) {
  Configure("one");
  EXPECT_EQ(DatabaseAt(1'000), "one");
  Remove("sqlmapd.toml");
  EXPECT_EQ(DatabaseAt(3'000), "one");
  EXPECT_EQ(Logged(), "");
}

TEST_F(EngineTest, DirectModeThatIsOffIsSaidOnceAndSwitchesOnAndOff) {
  Write("sqlmapd.toml", "[database]\nname = \"one\"\n");
  for (std::int64_t now = 1'000; now < 9'000; now += 1'000) EXPECT_EQ(DatabaseAt(now), "none");
  EXPECT_EQ(Logged(),
            "2 sqlmapd.toml: [direct] enabled is false: this process may not ask the database "
            "itself\n");
  EXPECT_EQ(Reads(), 1);
  Configure("two");
  EXPECT_EQ(DatabaseAt(9'000), "two");
  Write("sqlmapd.toml", "[database]\nname = \"one\"\n");
  EXPECT_EQ(DatabaseAt(11'000), "none");
}

TEST_F(EngineTest, ForeignFileSaysWhoseItIsAndWhatMendsIt) {
  Configure("one");
  ASSERT_EQ(chown(SQLMAP_CONFIG_FILE, kNobody, 0), 0);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  EXPECT_EQ(Logged(),
            "0 sqlmapd.toml: is not believed: it must be root's alone, and belongs to uid 65534 "
            "with mode 0644; chown root sqlmapd.toml\n");
}

TEST_F(EngineTest, ForeignDirectoryIsNamed) {
  Configure("one");
  ASSERT_EQ(chmod(SQLMAP_TEST_ETC, 0775), 0);
  EXPECT_EQ(DatabaseAt(1'000), "none");
  EXPECT_EQ(
      Logged(),
      "0 sqlmapd.toml: is not believed: " SQLMAP_TEST_ETC
      " must be root's alone, and belongs to uid 0 with mode 0775; chmod go-w " SQLMAP_TEST_ETC
      "\n");
}

TEST_F(EngineTest, NewPasswordFileIsRead) {
  Write("password", "first\n");
  Configure("one");
  Write("sqlmapd.toml", "[database]\nname = \"one\"\npassword_file = \"" SQLMAP_TEST_ETC
                        "/password\"\n[direct]\nenabled = true\n");
  EXPECT_EQ(holder_.Current(1'000)->settings().database.password, "first");
  Write("password", "second\n");
  EXPECT_EQ(holder_.Current(3'000)->settings().database.password, "second");
}

TEST_F(EngineTest, PasswordFileThatIsReplacedWhileItIsReadIsReadAgain) {
  Write("password", "first\n");
  Write("sqlmapd.toml", "[database]\nname = \"one\"\npassword_file = \"" SQLMAP_TEST_ETC
                        "/password\"\n[direct]\nenabled = true\n");
  // As the last reading begins its files are stamped: what is replaced from then on has another.
  OnRead([] {
    if (Reads() == 2)
      Write("sqlmapd.toml", "[database]\nname = \"two\"\npassword_file = \"" SQLMAP_TEST_ETC
                            "/password\"\n[direct]\nenabled = true\n");
  });
  EXPECT_EQ(DatabaseAt(1'000), "two");
  const int reads = Reads();
  EXPECT_EQ(DatabaseAt(3'000), "two");
  EXPECT_GT(Reads(), reads) << "a change in the middle of a reading was taken for read";
}

TEST_F(EngineTest, SecretsThatOthersCanReadCostRootTheSecretsAlone) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0644);
  const auto engine = holder_.Current(1'000);
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->settings().database.password, "");
  EXPECT_EQ(Logged(),
            "0 secrets.toml: holds secrets and can be read by others; chmod 0600\n"
            "0 secrets.toml: until that is mended, users and groups resolve without it, and shadow "
            "lines and logins do not\n");
  ASSERT_EQ(chmod(SQLMAP_SECRETS_FILE, 0600), 0);
  EXPECT_EQ(holder_.Current(3'000)->settings().database.password, "s3cret");
}

TEST_F(EngineTest, SecretsThatAreNotRootsCostRootTheSecretsAlone) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0600);
  ASSERT_EQ(chown(SQLMAP_SECRETS_FILE, kNobody, 0), 0);
  EXPECT_EQ(DatabaseAt(1'000), "one");
  EXPECT_TRUE(
      Logged().starts_with("0 secrets.toml: is not believed: it must be root's alone, and belongs "
                           "to uid 65534 with mode "
                           "0600; chown root secrets.toml\n"))
      << Logged();
}

TEST_F(EngineTest, SecretsThatGoBadKeepThePasswordThatWasRead) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0600);
  EXPECT_EQ(holder_.Current(1'000)->settings().database.password, "s3cret");
  Write("secrets.toml", "[database]\npassword = 7\n", 0600);
  EXPECT_EQ(holder_.Current(3'000)->settings().database.password, "s3cret");
}

TEST_F(EngineTest, PrivilegedPasswordIsNotKept) {
  Configure("one");
  Write("secrets.toml", kSecrets, 0600);
  const auto engine = holder_.Current(1'000);
  ASSERT_NE(engine, nullptr);
  EXPECT_EQ(engine->settings().privileged.user, "");
  EXPECT_EQ(engine->settings().privileged.password, "");
}

}  // namespace
}  // namespace sqlmap
