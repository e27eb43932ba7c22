// What LoadSettings does to the process that runs it. This program brings its own operator new and
// getenv.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "common/config/settings.h"

namespace {

bool g_counting = false;
int g_environment_reads = 0;
long g_allocations = 0;
long g_failing_allocation = -1;  // -1: none

std::string_view g_secret;  // what no memory that is given back may hold
int g_secrets_freed = 0;

void Free(void* memory) {
  if (memory != nullptr && !g_secret.empty() &&
      memmem(memory, malloc_usable_size(memory), g_secret.data(), g_secret.size()) != nullptr)
    ++g_secrets_freed;
  std::free(memory);
}

void* Allocate(std::size_t size) {
  if (g_counting && g_allocations++ == g_failing_allocation) throw std::bad_alloc();
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete[](void* memory) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t) noexcept { Free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { Free(memory); }

// In front of libc's: also what the libraries below us ask for is seen.
extern "C" __attribute__((visibility("default"))) char* getenv(const char* name) noexcept {
  if (g_counting) ++g_environment_reads;
  const std::size_t length = std::strlen(name);
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    if (std::strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
      return *entry + length + 1;
  }
  return nullptr;
}
extern "C" __attribute__((visibility("default"))) char* secure_getenv(const char* name) noexcept {
  return getenv(name);
}

namespace sqlmap {
namespace {

class LoadSettingsProcess : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sqlmap-process-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    std::filesystem::copy_file(SQLMAP_CONF_DIR "/sqlmapd.toml", directory_ + "/sqlmapd.toml");
    std::filesystem::copy_file(SQLMAP_CONF_DIR "/secrets.toml", directory_ + "/secrets.toml");
    Write("wrong.toml",
          "[database]\nname = 1\npol = 2\n[cach]\nqueries = [1]\n[queries]\ngetpwnam = \"SELECT "
          ":x\"\n");
    Write("syntax.toml", "[database]\nname = 'x\n");
    ASSERT_EQ(chmod((directory_ + "/sqlmapd.toml").c_str(), 0644), 0);
    ASSERT_EQ(chmod((directory_ + "/secrets.toml").c_str(), 0600), 0);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ + "/" + name) << text;
    ASSERT_EQ(chmod((directory_ + "/" + name).c_str(), 0644), 0);
  }

  std::string directory_;
};

TEST_F(LoadSettingsProcess, ReadsNoEnvironmentVariable) {
  const std::string secrets = directory_ + "/secrets.toml";
  for (const char* const name : {"/sqlmapd.toml", "/wrong.toml", "/syntax.toml", "/none.toml"}) {
    const std::string config = directory_ + name;
    g_environment_reads = 0;
    g_counting = true;
    const auto settings = LoadSettings(config, secrets);
    g_counting = false;
    EXPECT_EQ(settings.has_value(), config.ends_with("/sqlmapd.toml"));
    EXPECT_EQ(g_environment_reads, 0) << name;
  }
  g_counting = true;
  EXPECT_EQ(std::getenv("SQLMAP_NO_SUCH_VARIABLE"), nullptr);
  g_counting = false;
  EXPECT_EQ(g_environment_reads, 1) << "the counter of this test counts";
}

// Of a short password, which a string holds in itself, and of a long one.
TEST_F(LoadSettingsProcess, MemoryThatIsGivenBackHoldsNoPassword) {
  const std::string secrets = directory_ + "/mine.toml";
  for (const std::string_view secret : {"zqxjkv#7", "zqxjkv#7-zqxjkv#7-zqxjkv#7-zqxjkv#7"}) {
    for (const std::string section : {"privileged", "database"}) {
      Write("mine.toml",
            (section == "privileged" ? "[privileged]\nuser = \"u\"\n" : "[database]\n") +
                std::string("password = \"") + std::string(secret) + "\"\n");
      ASSERT_EQ(chmod(secrets.c_str(), 0600), 0);
      g_secret = secret.substr(1);  // malloc writes over the first bytes of what it gets back
      g_secrets_freed = 0;
      auto settings = LoadSettings(directory_ + "/sqlmapd.toml", secrets);
      const auto privileged = LoadPrivileged(secrets);
      g_secret = {};
      ASSERT_TRUE(settings);
      const PrivilegedSettings& mine = settings->privileged;
      EXPECT_EQ(section == "privileged" ? mine.password : settings->database.password, secret);
      // toml++ has a buffer of its own, which nobody can reach: one for each of the two readings.
      const int out_of_reach = secret.size() > sizeof(std::string) / 2 ? 2 : 0;
      EXPECT_EQ(g_secrets_freed, out_of_reach) << section << " " << secret;
    }
  }
  g_secret = "jkv";
  std::make_unique<std::string>("zqxjkv-zqxjkv-zqxjkv").reset();
  g_secret = {};
  EXPECT_GT(g_secrets_freed, 0) << "the counter of this test counts";
}

TEST_F(LoadSettingsProcess, LackOfMemoryAnywhereIsAnError) {
  const std::string secrets = directory_ + "/secrets.toml";
  for (const char* const name : {"/sqlmapd.toml", "/wrong.toml", "/syntax.toml"}) {
    const std::string config = directory_ + name;
    long failing = 0;
    for (bool reached = true; reached; ++failing) {
      g_allocations = 0;
      g_failing_allocation = failing;
      g_counting = true;
      const auto settings = LoadSettings(config, secrets);
      g_counting = false;
      reached = g_allocations > failing;
      if (!reached) {
        EXPECT_EQ(settings.has_value(), config.ends_with("/sqlmapd.toml"));
        break;
      }
      ASSERT_FALSE(settings) << "allocation " << failing << " failed unnoticed";
    }
    g_failing_allocation = -1;
    EXPECT_GT(failing, 50) << "the allocations of this test fail";
  }
}

}  // namespace
}  // namespace sqlmap
