// The two files as files: who may have written them, who may read them, and what may lie in their
// place.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/config/settings.h"

namespace sqlmap {
namespace {

constexpr uid_t kNobody = 65534;
constexpr std::string_view kGood = "[database]\nname = \"x\"\n";
constexpr std::string_view kGoodSecrets = "[privileged]\nuser = \"r\"\npassword = \"s\"\n";

std::size_t OpenDescriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

// Runs `work` in a child and returns its exit status, or 255 if it died.
int InChild(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(work());
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return 255;
  return WEXITSTATUS(status);
}

class LoadSettingsFiles : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "ownership can be tested by root only";
    char name[] = "/tmp/sqlmap-config-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    config_ = Write("sqlmapd.toml", kGood, 0644);
    secrets_ = Write("secrets.toml", kGoodSecrets, 0600);
    descriptors_ = OpenDescriptors();
  }
  void TearDown() override {
    EXPECT_EQ(OpenDescriptors(), descriptors_) << "a descriptor was left open";
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }

  std::string Write(const std::string& name, std::string_view text, mode_t mode) {
    const std::string path = Path(name);
    std::filesystem::remove_all(path);
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  // The mistakes, with the directory taken out.
  std::string Mistakes() const { return Mistakes(LoadSettings(config_, secrets_)); }
  std::string Mistakes(const SettingsOrErrors& settings) const {
    std::string all;
    if (settings) return all;
    for (const SettingsError& error : settings.error()) all += error.Describe() + "\n";
    for (std::size_t at = all.find(directory_); at != std::string::npos; at = all.find(directory_))
      all.erase(at, directory_.size() + 1);
    return all;
  }

  std::string directory_;
  std::string config_;
  std::string secrets_;
  std::size_t descriptors_ = 0;
};

TEST_F(LoadSettingsFiles, BothFilesTogetherMakeTheSettings) {
  const auto settings = LoadSettings(config_, secrets_);
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_EQ(settings->database.name, "x");
  EXPECT_EQ(settings->privileged.user, "r");
  EXPECT_EQ(settings->privileged.password, "s");
}

TEST_F(LoadSettingsFiles, SecretsMayBeMissingButTheConfigurationMayNot) {
  ASSERT_EQ(unlink(secrets_.c_str()), 0);
  const auto settings = LoadSettings(config_, secrets_);
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_FALSE(settings->privileged.configured());
  ASSERT_EQ(unlink(config_.c_str()), 0);
  EXPECT_EQ(Mistakes(), "sqlmapd.toml: cannot be opened: No such file or directory\n");
}

TEST_F(LoadSettingsFiles, ProcessThatMayNotReadTheSecretsDoesNotTry) {
  ASSERT_EQ(chmod(secrets_.c_str(), 0666), 0);
  const auto settings = LoadSettings(config_, "");
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_FALSE(settings->privileged.configured());
}

TEST_F(LoadSettingsFiles, UnreadableFileIsAnError) {
  ASSERT_EQ(chmod(config_.c_str(), 0000), 0);
  EXPECT_EQ(InChild([&] {
              if (setuid(kNobody) != 0) return 2;
              return Mistakes() ==
                             "sqlmapd.toml: cannot be opened: Permission denied\n"
                             "secrets.toml: cannot be opened: Permission denied\n"
                         ? 0
                         : 1;
            }),
            0);
}

TEST_F(LoadSettingsFiles, UserReadsTheConfigurationOfTheHost) {
  EXPECT_EQ(InChild([&] {
              if (setuid(kNobody) != 0) return 2;
              return LoadSettings(config_, "") ? 0 : 1;
            }),
            0);
}

TEST_F(LoadSettingsFiles, FileThatOthersCanWriteToIsRefused) {
  for (const mode_t mode : {0664U, 0646U, 0666U, 0620U, 0777U}) {
    ASSERT_EQ(chmod(config_.c_str(), mode), 0);
    EXPECT_EQ(Mistakes(), "sqlmapd.toml: can be written by others than its owner; chmod go-w\n")
        << std::oct << mode;
  }
  ASSERT_EQ(chmod(config_.c_str(), 0644), 0);
  ASSERT_EQ(chmod(secrets_.c_str(), 0620), 0);
  EXPECT_EQ(Mistakes(), "secrets.toml: can be written by others than its owner; chmod go-w\n");
}

TEST_F(LoadSettingsFiles, FileOfAnotherUserIsRefused) {
  ASSERT_EQ(chown(config_.c_str(), kNobody, 0), 0);
  ASSERT_EQ(chown(secrets_.c_str(), kNobody, 0), 0);
  EXPECT_EQ(Mistakes(),
            "sqlmapd.toml: belongs to another user; make it root's (chown root)\n"
            "secrets.toml: belongs to another user; make it root's (chown root)\n");
  EXPECT_EQ(InChild([&] {
              if (setuid(kNobody) != 0) return 2;
              return LoadSettings(config_, secrets_) ? 0 : 1;
            }),
            0)
      << "whoever runs the program may bring files of his own";
  EXPECT_EQ(InChild([&] {
              if (setuid(kNobody - 1) != 0) return 2;
              return LoadSettings(config_, "") ? 1 : 0;
            }),
            0);
}

TEST_F(LoadSettingsFiles, SecretsThatOthersCanReadAreRefused) {
  for (const mode_t mode : {0644U, 0604U, 0601U, 0606U & ~0002U}) {
    ASSERT_EQ(chmod(secrets_.c_str(), mode), 0);
    EXPECT_EQ(Mistakes(), "secrets.toml: holds secrets and can be read by others; chmod 0600\n")
        << std::oct << mode;
  }
  ASSERT_EQ(chmod(secrets_.c_str(), 0640), 0);
  EXPECT_EQ(Mistakes(), "") << "a group that root chose may read root's file";
  ASSERT_EQ(chown(secrets_.c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(InChild([&] {
              if (setuid(kNobody) != 0) return 2;
              return Mistakes() ==
                             "secrets.toml: holds secrets and can be read by its group; chmod "
                             "0600, or make it root's\n"
                         ? 0
                         : 1;
            }),
            0);
}

TEST_F(LoadSettingsFiles, WhatIsNoRegularFileIsRefusedAtOnce) {
  const auto replace = [&](const std::function<int()>& make) {
    std::filesystem::remove_all(config_);
    ASSERT_EQ(make(), 0) << strerror(errno);
    EXPECT_EQ(
        InChild([&] { return Mistakes() == "sqlmapd.toml: is not a regular file\n" ? 0 : 1; }), 0)
        << Mistakes();
  };
  replace([&] { return mkdir(config_.c_str(), 0755); });
  replace([&] { return mkfifo(config_.c_str(), 0644); });
  replace([&] { return symlink("/dev/zero", config_.c_str()); });
  replace([&] {
    return symlink("/dev/tty", config_.c_str()) + symlink("/", Path("x").c_str()) +
           rename(Path("x").c_str(), config_.c_str());
  });
}

TEST_F(LoadSettingsFiles, SocketInPlaceOfTheFileIsAnError) {
  ASSERT_EQ(unlink(config_.c_str()), 0);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, config_.c_str(), config_.size() + 1);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  close(fd);
  EXPECT_EQ(Mistakes(), "sqlmapd.toml: cannot be opened: No such device or address\n");
}

TEST_F(LoadSettingsFiles, LinkIsJudgedByWhatItLeadsTo) {
  ASSERT_EQ(rename(config_.c_str(), Path("target").c_str()), 0);
  ASSERT_EQ(symlink("target", config_.c_str()), 0);
  EXPECT_EQ(Mistakes(), "");
  ASSERT_EQ(chown(Path("target").c_str(), kNobody, 0), 0);
  EXPECT_EQ(Mistakes(), "sqlmapd.toml: belongs to another user; make it root's (chown root)\n");
  ASSERT_EQ(unlink(Path("target").c_str()), 0);
  EXPECT_EQ(Mistakes(), "sqlmapd.toml: cannot be opened: No such file or directory\n");
}

TEST_F(LoadSettingsFiles, OneMebibyteIsTheMost) {
  constexpr std::size_t kMost = 1024 * 1024;
  Write("sqlmapd.toml", std::string(kGood) + std::string(kMost - kGood.size(), '#'), 0644);
  EXPECT_EQ(Mistakes(), "");
  Write("sqlmapd.toml", std::string(kGood) + std::string(kMost + 1 - kGood.size(), '#'), 0644);
  EXPECT_EQ(Mistakes(), "sqlmapd.toml: is larger than 1 MiB\n");
}

TEST_F(LoadSettingsFiles, EmptyFileIsAnError) {
  Write("sqlmapd.toml", "", 0644);
  Write("secrets.toml", "", 0600);
  EXPECT_EQ(
      Mistakes(),
      "sqlmapd.toml: [database] name: is missing; it names the database that holds the views\n");
}

TEST_F(LoadSettingsFiles, BinaryDataIsAnErrorWithItsLine) {
  Write("sqlmapd.toml", std::string_view("[database]\nname = \"x\"\n\0\n", 24), 0644);
  Write("secrets.toml", "[privileged]\nuser = \"\xc3\x28\"\n", 0600);
  const std::string mistakes = Mistakes();
  EXPECT_TRUE(mistakes.starts_with("sqlmapd.toml:3: holds a NUL byte")) << mistakes;
  EXPECT_NE(mistakes.find("secrets.toml:2: "), std::string::npos) << mistakes;
  EXPECT_NE(mistakes.find("utf-8"), std::string::npos) << mistakes;
}

TEST_F(LoadSettingsFiles, AMebibyteOfNoiseIsAnErrorWhateverItIsMadeOf) {
  std::mt19937 random(20240229);
  for (const std::string_view alphabet :
       {std::string_view(), std::string_view("abcdefghijklmnopqrstuvwxyz =\"'[]{}#\n.,0123456789"),
        std::string_view("[].\n"), std::string_view("a=1\n"), std::string_view("\"'\\\n"),
        std::string_view("{}=,a"), std::string_view("a.b=\n"),
        std::string_view("0123456789-:TZ+._exob= \na")}) {
    std::string noise(1024 * 1024, '\0');
    for (char& c : noise)
      c = alphabet.empty() ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
    Write("sqlmapd.toml", noise, 0644);
    Write("secrets.toml", noise, 0600);
    const auto settings = LoadSettings(config_, secrets_);
    ASSERT_FALSE(settings);
    EXPECT_EQ(settings.error().front().file, config_);
    EXPECT_EQ(settings.error().back().file, secrets_);
    for (const SettingsError& error : settings.error()) EXPECT_LT(error.what.size(), 2000U);
  }
}

TEST_F(LoadSettingsFiles, PasswordFileGivesItsFirstLine) {
  Write("db", "pa ss\r\nnext line\n", 0600);
  Write("priv", "se\tcret", 0600);
  Write("sqlmapd.toml", std::string(kGood) + "password_file = \"" + Path("db") + "\"\n", 0644);
  Write("secrets.toml", "[privileged]\nuser = \"r\"\npassword_file = \"" + Path("priv") + "\"\n",
        0600);
  const auto settings = LoadSettings(config_, secrets_);
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_EQ(settings->database.password, "pa ss");
  EXPECT_EQ(settings->privileged.password, "se\tcret");
}

TEST_F(LoadSettingsFiles, PasswordFileInTheSecretsStandsInPlaceOfAPasswordElsewhere) {
  Write("db", "secret\n", 0600);
  Write("sqlmapd.toml", std::string(kGood) + "password = \"public\"\n[direct]\nenabled = true\n",
        0644);
  Write("secrets.toml", "[database]\npassword_file = \"" + Path("db") + "\"\n", 0600);
  const auto settings = LoadSettings(config_, secrets_);
  ASSERT_TRUE(settings) << Mistakes(settings);
  EXPECT_EQ(settings->database.password, "secret");
}

TEST_F(LoadSettingsFiles, PasswordFileKeepsTheRulesOfTheSecrets) {
  Write("sqlmapd.toml", std::string(kGood) + "password_file = \"" + Path("db") + "\"\n", 0644);
  Write("secrets.toml", "[privileged]\nuser = \"r\"\n\npassword_file = \"" + Path("priv") + "\"\n",
        0600);
  const auto expect = [&](const std::string& what) {
    EXPECT_EQ(Mistakes(), "sqlmapd.toml:3: [database] password_file: \"db\" " + what +
                              "\nsecrets.toml:4: [privileged] password_file: \"priv\" " + what +
                              "\n");
  };
  expect("cannot be opened: No such file or directory");
  const auto write = [&](std::string_view text, mode_t mode) {
    Write("db", text, mode);
    Write("priv", text, mode);
  };
  write("zqxjkv\n", 0644);
  expect("holds secrets and can be read by others; chmod 0600");
  write("zqxjkv\n", 0660);
  expect("can be written by others than its owner; chmod go-w");
  write("\nzqxjkv", 0600);
  expect("has an empty first line; allowed: the password");
  write("", 0600);
  expect("has an empty first line; allowed: the password");
  write(std::string(1025, 'z'), 0600);
  expect("has a first line of more than 1024 bytes");
  write(std::string_view("zqx\0jkv", 7), 0600);
  expect("has a NUL byte in its first line");
  write(std::string(1024, 'z'), 0600);
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadSettingsFiles, DirectModeMayReadTheIdentityPasswordFromAPublicFile) {
  Write("db", "public\n", 0644);
  Write("priv", "secret\n", 0644);
  Write("sqlmapd.toml",
        std::string(kGood) + "password_file = \"" + Path("db") + "\"\n[direct]\nenabled = true\n",
        0644);
  Write("secrets.toml", "[privileged]\nuser = \"r\"\npassword_file = \"" + Path("priv") + "\"\n",
        0600);
  EXPECT_EQ(Mistakes(),
            "secrets.toml:3: [privileged] password_file: \"priv\" holds secrets and can be read by "
            "others; chmod 0600\n");
  ASSERT_EQ(chmod(Path("priv").c_str(), 0600), 0);
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadSettingsFiles, PasswordInTheConfigurationDependsOnItsMode) {
  Write("sqlmapd.toml", std::string(kGood) + "password = \"zqxjkv\"\n", 0644);
  EXPECT_TRUE(Mistakes().starts_with(
      "sqlmapd.toml:3: [database] password: stands in a file that every user can read"))
      << Mistakes();
  ASSERT_EQ(chmod(config_.c_str(), 0640), 0);
  EXPECT_EQ(Mistakes(), "");
}

TEST_F(LoadSettingsFiles, StandardDescriptorsAreNeverRead) {
  EXPECT_EQ(InChild([&] {
              close(0);
              close(1);
              close(2);
              if (!LoadSettings(config_, secrets_)) return 1;
              for (int fd = 0; fd < 3; ++fd) {
                if (fcntl(fd, F_GETFD) != -1) return 2;
              }
              // With no descriptor above 2 to be had, the file stays unread.
              const rlimit three{3, 3};
              if (setrlimit(RLIMIT_NOFILE, &three) != 0) return 3;
              if (LoadSettings(config_, secrets_)) return 4;
              return fcntl(0, F_GETFD) == -1 ? 0 : 5;
            }),
            0);
}

TEST_F(LoadSettingsFiles, MoreThreadsThanOneMayLoad) {
  std::vector<std::thread> threads;
  std::atomic<int> loaded{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 50; ++round) {
        const auto settings = LoadSettings(config_, i % 2 == 0 ? secrets_ : "");
        if (settings && settings->privileged.configured() == (i % 2 == 0)) ++loaded;
        if (!LoadSettings(directory_, secrets_)) ++loaded;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(loaded, 800);
}

}  // namespace
}  // namespace sqlmap
