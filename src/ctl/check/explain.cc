#include "ctl/check/explain.h"

#include <algorithm>

#include "common/sql/rows.h"

namespace sqlmap {

std::vector<PlanStep> StepsOf(std::span<const std::string> columns,
                              std::span<const std::vector<std::optional<std::string>>> rows) {
  const auto in = [&](const std::vector<std::optional<std::string>>& row, const char* column) {
    const auto at = std::ranges::find(columns, column);
    const auto index = static_cast<std::size_t>(at - columns.begin());
    return index < row.size() ? row[index].value_or("") : std::string();
  };
  std::vector<PlanStep> steps;
  for (const auto& row : rows) {
    PlanStep step{in(row, "table"), in(row, "type"), in(row, "key"), 0};
    step.rows = ParseUnsigned(in(row, "rows")).value_or(0);
    if (!step.table.empty()) steps.push_back(std::move(step));
  }
  return steps;
}

Plan JudgePlan(std::span<const PlanStep> steps, std::uint64_t answered) {
  Plan plan;
  const auto add = [](std::string& list, const std::string& item) {
    list += (list.empty() ? "" : ", ") + item;
  };
  for (const PlanStep& step : steps) {
    // "<derived2>": what another step has made, and is judged there.
    if (step.table.starts_with('<')) continue;
    // A look-up asks for one value. A long range is what else the view says: "id > 0".
    const bool whole = step.type == "ALL" || step.type == "index" ||
                       (step.type == "range" && step.rows >= kFewRows);
    const std::string rows = step.table + " (" + std::to_string(step.rows) + " rows)";
    if (whole && ReadsTooMany(step.rows, answered)) {
      add(plan.scans, rows);
    } else if (whole) {
      add(plan.indices, "all of " + rows);
    } else if (!step.key.empty()) {
      add(plan.indices, step.key + " of " + step.table);
    }
  }
  return plan;
}

}  // namespace sqlmap
