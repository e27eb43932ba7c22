// SQL as text: statements and the names in them, as far as the shipped files need it. No DELIMITER,
// no /*! comments. Pure.
#ifndef SQLMAP_CTL_VIEWS_SQL_TEXT_H_
#define SQLMAP_CTL_VIEWS_SQL_TEXT_H_

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

struct SqlToken {
  enum class Kind : std::uint8_t {
    kSpace,   // white space, and a comment from "-- " or '#' to the end of its line, or /* */
    kWord,    // a key word, a name, a number
    kString,  // '...' or "..." with its quotes
    kQuoted,  // `...` with its quotes
    kSymbol,  // any other byte
  };
  Kind kind;
  std::string_view text;  // of the text that was read; all tokens together are that text
};

// What a quote or a comment leaves open ends with the text.
std::vector<SqlToken> ReadSql(std::string_view sql);

// The statements, each without its ';' and without what stands in front of its first word.
std::vector<std::string> SplitSql(std::string_view sql);

// `sql` with `prefix` in front of each of the `names`, wherever one stands as a word, exactly so
// written.
std::string PrefixNames(std::string_view sql, const std::set<std::string>& names,
                        std::string_view prefix);

// 'text', which has no backslash in it: whether that is special is the server's setting.
std::string SqlLiteral(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_VIEWS_SQL_TEXT_H_
