// Whatever stands in a row is a line that keeps the rules, or none; and what is printed of it is
// read in the same way again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/login/authorized_key.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sqlmap;
  // In memory of its own, so that a byte read beyond it is seen.
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto key = ParseKeyLine(text);
  if (!key) {
    Require(!key.error().empty());
    return 0;
  }
  Require(!IsRemark(text));
  Require(!key->line.empty() && key->line.size() <= kLongestKeyLine);
  Require(text.find(key->line) != std::string::npos);
  for (const char c : key->line) Require(c != '\n' && c != '\r' && c != '\0' && c != '\x1b');
  const auto again = ParseKeyLine(key->line);
  Require(again.has_value());
  Require(again->line == key->line && again->type == key->type && again->key == key->key &&
          again->cert_authority == key->cert_authority);
  const std::string fingerprint = key->Fingerprint();
  Require(IsFingerprint(fingerprint));
  Require(MayAuthorise(*key, {key->type, fingerprint}) == !key->cert_authority);
  return 0;
}
