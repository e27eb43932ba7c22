// What a server says of how it would answer a query: EXPLAIN. Pure.
#ifndef SQLMAP_CTL_CHECK_EXPLAIN_H_
#define SQLMAP_CTL_CHECK_EXPLAIN_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sqlmap {

// One row of EXPLAIN: how a table is read.
struct PlanStep {
  std::string table;
  std::string type;  // "const", "ref", "ALL", ...
  std::string key;   // the index; "" if none
  std::uint64_t rows = 0;
};

// The steps in the rows of EXPLAIN, whose columns are called so; what has no table is left out.
std::vector<PlanStep> StepsOf(std::span<const std::string> columns,
                              std::span<const std::vector<std::optional<std::string>>> rows);

// Of a table with fewer rows a server may rightly read all rather than look into an index.
inline constexpr std::uint64_t kFewRows = 100;

// So many rows are too many to be read for an answer of so many. Servers estimate.
constexpr bool ReadsTooMany(std::uint64_t rows, std::uint64_t answered) {
  return rows >= kFewRows + answered * 2;
}

struct Plan {
  std::string scans;    // "sqlmap_users (100000 rows)": read as a whole, though they are large
  std::string indices;  // "PRIMARY of sqlmap_users": what is read instead
};
// `answered`: the rows of the answer. Whoever asks for a group in which everybody is gets a whole
// table, and no index would spare a row of it.
Plan JudgePlan(std::span<const PlanStep> steps, std::uint64_t answered);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_EXPLAIN_H_
