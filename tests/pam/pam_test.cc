#include "pam_test.h"

#include <dlfcn.h>

#include <stdexcept>

namespace sqlmap {

PamTest::PamTest() {
  void* const library = dlopen(SQLMAP_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) throw std::runtime_error(dlerror());
  control_ = static_cast<const FakePluginControl*>(dlsym(library, kFakePluginControlSymbol));
  control_->forget();
  control_->set_mode(FakePluginMode::kOn);
  TakeLogLines();
}

PamTest::~PamTest() { CheckForSecrets(TakeLogLines()); }

void PamTest::Service(std::string lines, const std::string& module) {
  for (std::size_t at = lines.find("MODULE"); at != std::string::npos;
       at = lines.find("MODULE", at + module.size())) {
    lines.replace(at, 6, module);
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
