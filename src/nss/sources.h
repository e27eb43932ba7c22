// Who answers now. The rest of the module knows one source and nothing of how it is found.
#ifndef SQLMAP_NSS_SOURCES_H_
#define SQLMAP_NSS_SOURCES_H_

#include "common/account/account_source.h"
#include "common/account/answer.h"
#include "common/account/function_ref.h"

namespace sqlmap {

// Puts the question to each source that is there, the nearest first, until one of them has the last
// word, and returns its answer; unavailable if there is none. Thread safe, without a lock. At
// present the direct plugin is the only source.
Answer AskSources(FunctionRef<Answer(AccountSource&)> question) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_NSS_SOURCES_H_
