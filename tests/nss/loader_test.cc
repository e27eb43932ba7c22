// Which plugins are believed. Each question is put in a fresh process, since a plugin that was
// found stays found.
#include "common/plugin/loader.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

const fs::path kPlugin = SQLMAP_PLUGIN_FILE;
constexpr Answer kNotConfigured = Answer::Unavailable(Reason::kNotConfigured);

class LoaderTest : public testing::Test {
 protected:
  LoaderTest() {
    fs::remove_all(kPlugin.parent_path());
    fs::create_directory(kPlugin.parent_path());
  }
  ~LoaderTest() override { fs::remove_all(kPlugin.parent_path()); }

  static void Install(const char* plugin) { fs::copy_file(plugin, kPlugin); }

  static Answer Load() {
    const DirectPlugin* plugin = nullptr;
    errno = 4711;
    const Answer answer = LoadDirectPlugin(plugin);
    if (errno != 4711 || dlerror() != nullptr || answer.found() != (plugin != nullptr)) _exit(2);
    return answer;
  }
  static bool Holds(const std::function<bool()>& check) {
    const pid_t child = fork();
    if (child == 0) _exit(check() ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    return status == 0;
  }
  static bool Loads(Answer expected) {
    return Holds([&] { return Load() == expected && Load() == expected; });
  }
};

TEST_F(LoaderTest, PluginOfTheAdministratorIsLoaded) {
  Install(SQLMAP_TEST_PLUGIN);
  EXPECT_TRUE(Loads(Answer::Found()));
}

TEST_F(LoaderTest, MissingPluginIsNoDirectMode) { EXPECT_TRUE(Loads(kNotConfigured)); }

TEST_F(LoaderTest, PluginOfAnotherUserIsNotLoaded) {
  Install(SQLMAP_TEST_PLUGIN);
  ASSERT_EQ(chown(kPlugin.c_str(), 1000, 1000), 0);
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, PluginThatOthersMayWriteIsNotLoaded) {
  Install(SQLMAP_TEST_PLUGIN);
  ASSERT_EQ(chmod(kPlugin.c_str(), 0757), 0);
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, PluginInADirectoryOfAnotherUserIsNotLoaded) {
  Install(SQLMAP_TEST_PLUGIN);
  ASSERT_EQ(chown(kPlugin.parent_path().c_str(), 1000, 1000), 0);
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, PluginOfAnotherPackageVersionIsRefused) {
  Install(SQLMAP_TEST_OTHER_ABI);
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, PluginWithALargerStructIsRefused) {
  Install(SQLMAP_TEST_OTHER_SIZE);
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, LibraryWithoutTheEntryIsNoPluginAndLeavesNoDlerror) {
  Install(SQLMAP_TEST_MODULE);
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, FileThatIsNoLibraryLeavesNoDlerror) {
  std::ofstream(kPlugin) << "not a library";
  EXPECT_TRUE(Loads(kNotConfigured));
}

TEST_F(LoaderTest, DirectModeThatIsSwitchedOnLaterTakesEffect) {
  Install(SQLMAP_TEST_LATE);
  EXPECT_TRUE(Holds([] { return Load() == kNotConfigured && Load() == Answer::Found(); }));
}

TEST_F(LoaderTest, PluginInstalledLaterTakesEffect) {
  EXPECT_TRUE(Holds([] {
    if (Load() != kNotConfigured) return false;
    Install(SQLMAP_TEST_PLUGIN);
    return Load() == Answer::Found();
  }));
}

TEST_F(LoaderTest, LoadedPluginServesAlsoInAChroot) {
  Install(SQLMAP_TEST_PLUGIN);
  EXPECT_TRUE(Holds([] {
    if (Load() != Answer::Found() || chroot(kPlugin.parent_path().c_str()) != 0) return false;
    return Load() == Answer::Found();
  }));
}

}  // namespace
}  // namespace sqlmap
