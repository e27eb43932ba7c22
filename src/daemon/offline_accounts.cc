#include "daemon/offline_accounts.h"

#include "common/process/monotonic.h"

namespace sqlmap {

Answer OfflineAccounts::FindShadow(std::string_view name, ShadowSink found) noexcept {
  const std::int64_t began_ms = MonotonicMs();
  const Answer answer = inner_.FindShadow(name, found);
  const bool waited_in_vain =
      answer.reason == Reason::kUnreachable || answer.reason == Reason::kTimeout;
  if (!answer.unavailable() || !waited_in_vain || last_word_() >= began_ms) return answer;
  const auto remembered = memory_.RecallAccount(memory_.NameId(name));
  if (!remembered) return answer;
  ShadowRecord record = remembered->ageing;
  record.name = name;
  record.hash = "*";
  found(record);
  return Answer::Found();
}

}  // namespace sqlmap
