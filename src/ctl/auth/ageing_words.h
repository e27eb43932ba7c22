// What each number of a shadow line means today, in words. Pure; the decision itself is
// common/login/ageing.h's.
#ifndef SQLMAP_CTL_AUTH_AGEING_WORDS_H_
#define SQLMAP_CTL_AUTH_AGEING_WORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/record.h"

namespace sqlmap::auth {

struct AgeingWords {
  std::string_view field;  // "lstchg", as the column is called
  std::int64_t value = -1;
  std::string meaning;
  friend bool operator==(const AgeingWords&, const AgeingWords&) = default;
};

// The fields in shadow(5)'s order.
std::vector<AgeingWords> DescribeAgeing(const ShadowRecord& shadow, std::int64_t today);

// "2026-11-22" for days since 1970-01-01; "day 99999999" beyond the year 9999.
std::string DateOf(std::int64_t day);

}  // namespace sqlmap::auth

#endif  // SQLMAP_CTL_AUTH_AGEING_WORDS_H_
