#include "pam_test.h"

#include <dlfcn.h>
#include <unistd.h>

#include <stdexcept>

namespace sqlmap {

CalledBySomebody::CalledBySomebody() { EXPECT_EQ(setresuid(1000, 0, 0), 0); }

CalledBySomebody::~CalledBySomebody() { EXPECT_EQ(setresuid(0, 0, 0), 0); }

PamTest::PamTest() {
  void* const library = dlopen(SQLMAP_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error("cannot load " SQLMAP_TEST_PLUGIN);
  control_ = static_cast<const FakePluginControl*>(dlsym(library, kFakePluginControlSymbol));
  control_->forget();
  control_->set_mode(FakePluginMode::kOn);
  control_->set_account({});
  TakeLogLines();
}

PamTest::~PamTest() { CheckForSecrets(TakeLogLines()); }

void PamTest::Service(std::string lines, Words words) {
  words.emplace_back("MODULE", kModule);
  for (const auto& [word, text] : words) {
    for (std::size_t at = lines.find(word); at != std::string::npos;
         at = lines.find(word, at + text.size())) {
      lines.replace(at, word.size(), text);
    }
  }
  folder_.Write("sshd", lines);
}

std::vector<LogLine> PamTest::OurLines() {
  std::vector<LogLine> ours;
  const std::vector<LogLine> lines = TakeLogLines();
  CheckForSecrets(lines);
  for (const LogLine& line : lines) {
    if (!line.text.starts_with("pam_sqlmap(")) continue;
    ours.push_back({line.priority, line.text.substr(line.text.find("): ") + 3)});
  }
  return ours;
}

void PamTest::CheckForSecrets(const std::vector<LogLine>& lines) {
  for (const LogLine& line : lines) {
    EXPECT_EQ(line.text.find("secret"), std::string::npos)
        << "a password in the log: " << line.text;
  }
}

}  // namespace sqlmap
