// SQL of the old modules, which pasted text into it, as queries with parameters. Only what can be
// carried over without a guess: anything else is an error that says why.
#ifndef SQLMAP_CTL_IMPORT_OLD_SQL_H_
#define SQLMAP_CTL_IMPORT_OLD_SQL_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "common/config/settings.h"

namespace sqlmap::importing {

// How the old module marked the place of a value.
enum class Substitution : std::uint8_t {
  kPrintf,        // %1$s, %1$u: libnss-mysql
  kQuestionMark,  // ?: libnss-maria
  kBackslash,     // \L, \R: Pure-FTPd
};

// One SELECT in which each value is compared as a whole (column = '%1$s'): quotes around it go, and
// it becomes the parameter that `id` has for it. White space becomes single spaces.
std::expected<std::string, std::string> ConvertQuery(std::string_view old, Substitution style,
                                                     QueryId id);

// The old modules took columns by their order, sqlmap takes them by name: the same query with the
// names that `id` has for the columns, whatever they are called in it. `wanted` are those it gives.
std::string WithNames(QueryId id, std::string_view sql, std::string_view wanted = "*");

// The same, of its first row alone: the one that the old modules took.
std::string FirstWithNames(QueryId id, std::string_view sql, std::string_view wanted);

// What keeps a piece of SQL (a table, a column, a condition) from standing inside a query of ours,
// "" if nothing does: an open quote or bracket, a comment, a ';', or what would be a parameter.
std::string FragmentFault(std::string_view sql);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_OLD_SQL_H_
