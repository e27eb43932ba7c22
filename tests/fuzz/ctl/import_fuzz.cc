// Whatever the old modules' files hold: no crash, no leak, no password in what is shown, and what
// is called fit to be written is.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/import/new_configuration.h"
#include "ctl/import/old_readers.h"

namespace {

using namespace sqlmap;
using namespace sqlmap::importing;

// A word that no option, query or remark of ours has.
constexpr std::string_view kPassword = "Hunter2Xyzzy";

void Require(bool holds) {
  if (!holds) std::abort();
}

bool ShowsPassword(std::string_view text) { return text.find(kPassword) != std::string_view::npos; }

// Each file: a byte for its dialect, and text up to 0xff.
std::vector<OldFile> FilesIn(std::string_view input) {
  std::vector<OldFile> files;
  while (!input.empty() && files.size() < 4) {
    OldFile file;
    file.dialect = static_cast<OldDialect>(static_cast<unsigned char>(input[0]) % 6);
    input.remove_prefix(1);
    const std::size_t end = input.find('\xff');
    file.name = "file " + std::to_string(files.size());
    file.text.assign(input.substr(0, end));
    std::erase(file.text, '\0');  // which the command refuses
    input = end == std::string_view::npos ? std::string_view() : input.substr(end + 1);
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

// The library forgets a string that stands before a mistake, once in a file.
extern "C" const char* __lsan_default_suppressions() { return "leak:libconfig"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<OldFile> files = FilesIn({reinterpret_cast<const char*>(data), size});
  if (files.empty()) return 0;
  bool ambiguous = false;
  for (const OldFile& file : files) {
    RecogniseOldFile(file.text, ambiguous);
    ConfigFileOf(file);
  }
  OldConfiguration old = ReadOldFiles(files);
  for (const ImportRemark& remark : old.remarks) {
    Require(!remark.what.empty() && !remark.place.file.empty());
    Require(!ShowsPassword(remark.option) && !ShowsPassword(remark.what));
  }
  const bool mistaken = std::ranges::any_of(old.remarks, [](const ImportRemark& remark) {
    return remark.kind == ImportRemark::Kind::kMistake;
  });
  if (mistaken) return 0;
  for (const SettingsError& mistake : MistakesIn(MakeConfiguration(old)))
    Require(!mistake.what.empty());
  // Elsewhere the word may stand: an account or a column may have any name.
  for (const OldFile& file : files) {
    if (ShowsPassword(file.text)) return 0;
  }
  old.people.password = old.hashes.password = kPassword;
  const NewConfiguration made = MakeConfiguration(old);
  Require(ShowsPassword(made.secrets));
  Require(!ShowsPassword(made.secrets_shown) && !ShowsPassword(made.config) &&
          !ShowsPassword(made.pam));
  return 0;
}
