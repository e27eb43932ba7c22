// A query as the administrator writes it, with named parameters, taken apart into what a prepared
// statement wants.
//
//   "SELECT ... WHERE username = :name AND frontend = :host"
//     -> "SELECT ... WHERE username = ? AND frontend = ?" and {kName, kHost}
//
// Text is never pasted into SQL: a parameter is always bound.
#ifndef SQLMAP_COMMON_CONFIG_QUERY_TEMPLATE_H_
#define SQLMAP_COMMON_CONFIG_QUERY_TEMPLATE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

enum class QueryParameter : std::uint8_t {
  kName,     // :name     text
  kUid,      // :uid      integer
  kGid,      // :gid      integer
  kService,  // :service  text
  kRhost,    // :rhost    text
  kTty,      // :tty      text
  kHost,     // :host     text, this host's name
  kHash,     // :hash     text, writes only
  kDays,     // :days     integer, writes only
  kPid,      // :pid      integer, writes only
  kMessage,  // :message  text, writes only
  kOwner,    // :owner    text, writes only
  kCount,
};

std::string_view NameOf(QueryParameter parameter);  // "name", without the colon

// A set of parameters that a query may have.
class QueryParameterSet {
 public:
  constexpr QueryParameterSet() = default;
  constexpr QueryParameterSet(std::initializer_list<QueryParameter> parameters) {
    for (const QueryParameter parameter : parameters) bits_ |= Bit(parameter);
  }
  constexpr bool Contains(QueryParameter parameter) const { return (bits_ & Bit(parameter)) != 0; }

 private:
  static constexpr std::uint32_t Bit(QueryParameter parameter) {
    return std::uint32_t{1} << static_cast<unsigned>(parameter);
  }
  std::uint32_t bits_ = 0;
};

struct QueryTemplate {
  std::string sql;  // with a '?' for each parameter; empty: the query is not configured
  std::vector<QueryParameter> parameters;  // in the order of the '?'

  bool configured() const { return !sql.empty(); }
};

// Takes `text` apart. The error says what is wrong and what is allowed, without file and line (the
// caller knows them): a parameter inside quotes or back-quotes, an unknown one, one that is not in
// `allowed`, a bare '?' outside quotes, an unclosed quote or comment, an executable comment, more
// than one statement (a ';' with anything but white space behind it), no statement at all, a NUL
// byte, or more than 16 KiB. Quotes, back-quotes, the three kinds of comments and '::' / ':=' are
// read as MariaDB reads them; comments are left in. Empty text gives an unconfigured template.
std::expected<QueryTemplate, std::string> ParseQueryTemplate(std::string_view text,
                                                             QueryParameterSet allowed);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_QUERY_TEMPLATE_H_
