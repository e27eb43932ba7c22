#include "engine_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <fstream>
#include <mutex>
#include <utility>

#include "direct/device_log.h"

namespace {

std::mutex g_mutex;
std::string g_logged;
std::atomic<int> g_reads{0};
std::function<void()> g_on_read;

}  // namespace

extern "C" {
int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if (std::string_view(path) == SQLMAP_CONFIG_FILE) {
    ++g_reads;
    if (g_on_read) g_on_read();
  }
  return __real_open(path, flags, mode);
}
}

namespace sqlmap {

// In place of src/direct/device_log.cc.
void DeviceLog::Write(LogLevel level, std::string_view line) noexcept {
  const std::scoped_lock guard(g_mutex);
  g_logged += std::to_string(static_cast<int>(level)) + " ";
  g_logged += line;
  g_logged += "\n";
}

void EngineFiles::SetUp() {
  ASSERT_EQ(geteuid(), 0U) << "ownership can be tested by root only";
  umask(022);
  TearDown();
  ASSERT_TRUE(std::filesystem::create_directories(SQLMAP_TEST_ETC));
  Write("passwd", "");
  Write("group", "");
  g_logged.clear();
  g_reads = 0;
}

void EngineFiles::TearDown() {
  g_on_read = nullptr;
  std::filesystem::remove_all(SQLMAP_TEST_ETC);
}

void EngineFiles::Write(const std::string& name, std::string_view text, mode_t mode) {
  const std::string path = std::string(SQLMAP_TEST_ETC) + "/" + name;
  std::ofstream(path + ".new", std::ios::binary) << text;
  EXPECT_EQ(chmod((path + ".new").c_str(), mode), 0);
  std::filesystem::rename(path + ".new", path);
}

void EngineFiles::Remove(const std::string& name) {
  EXPECT_TRUE(std::filesystem::remove(std::string(SQLMAP_TEST_ETC) + "/" + name));
}

void EngineFiles::Configure(std::string_view database, std::string_view more) {
  Write("sqlmapd.toml", "[database]\nname = \"" + std::string(database) +
                            "\"\n[direct]\nenabled = true\n" + std::string(more));
}

std::string EngineFiles::Logged() {
  const std::scoped_lock guard(g_mutex);
  std::string text = g_logged;
  const std::string directory = std::string(SQLMAP_TEST_ETC) + "/";
  for (std::size_t at = text.find(directory); at != std::string::npos; at = text.find(directory))
    text.erase(at, directory.size());
  return text;
}

int EngineFiles::Reads() { return g_reads; }
void EngineFiles::OnRead(std::function<void()> work) { g_on_read = std::move(work); }

std::string EngineFiles::DatabaseAt(std::int64_t now) {
  const auto engine = holder_.Current(now);
  return engine == nullptr ? "none" : engine->settings().database.name;
}

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

}  // namespace sqlmap
