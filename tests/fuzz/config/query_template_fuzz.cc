// Whatever a query holds: it is refused, or each parameter has become one '?' and nothing else has
// changed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "common/config/query_template.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// Whether `text` is `sql` with the names of the parameters in place of some of the '?', in their
// order, and perhaps a ';' and white space behind it.
bool IsExpansion(std::string_view text, const sqlmap::QueryTemplate& query) {
  std::size_t at = 0;
  std::size_t parameter = 0;
  for (const char c : query.sql) {
    if (at >= text.size()) return false;
    if (c == '?' && text[at] == ':') {
      if (parameter == query.parameters.size()) return false;
      const std::string name = ":" + std::string(NameOf(query.parameters[parameter++]));
      if (!text.substr(at).starts_with(name)) return false;
      at += name.size();
    } else if (c == text[at]) {
      ++at;
    } else {
      return false;
    }
  }
  return parameter == query.parameters.size() &&
         text.find_first_not_of("; \t\n\v\f\r", at) == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using enum sqlmap::QueryParameter;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto query = sqlmap::ParseQueryTemplate(
      text, {kName, kUid, kGid, kService, kRhost, kTty, kHost, kHash, kDays, kPid, kMessage});
  if (!query) {
    Require(!query.error().empty());
    return 0;
  }
  Require(query->configured() == !text.empty());
  Require(IsExpansion(text, *query));
  if (query->sql.size() != text.size()) return 0;
  // What has neither parameters nor a ';' reads the same again.
  const auto again = sqlmap::ParseQueryTemplate(query->sql, {});
  Require(again && again->sql == query->sql);
  return 0;
}
