// The files that an engine is made from, and what it logged.
#ifndef SQLMAP_TESTS_DIRECT_ENGINE_FILES_H_
#define SQLMAP_TESTS_DIRECT_ENGINE_FILES_H_

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "direct/engine.h"

namespace sqlmap {

inline constexpr uid_t kNobody = 65534;

class EngineFiles : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  // Writes `etc`/NAME anew, under another inode.
  static void Write(const std::string& name, std::string_view text, mode_t mode = 0644);
  static void Remove(const std::string& name);
  // A sqlmapd.toml for this database, direct mode on.
  static void Configure(std::string_view database, std::string_view more = "");

  // The lines so far, each with its level in front ("0 " is an error) and a newline behind, without
  // the directory of the files.
  static std::string Logged();
  // How often sqlmapd.toml was opened.
  static int Reads();
  // Runs at each opening of sqlmapd.toml, before it.
  static void OnRead(std::function<void()> work);

  // The database of the engine at this time, "none" without one.
  std::string DatabaseAt(std::int64_t now);

  EngineHolder holder_;
};

// Runs `work` in a child and returns its exit status, or 255 if it died.
int InChild(const std::function<int()>& work);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_DIRECT_ENGINE_FILES_H_
