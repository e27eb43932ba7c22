#include "ctl/check/report.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

namespace sqlmap {
namespace {

constexpr std::size_t kWidestSubject = 48;

const char* NameOf(Level level) {
  switch (level) {
    case Level::kOk:
      return "ok";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      break;
  }
  return "error";
}

std::size_t Count(std::span<const Finding> findings, Level level) {
  return static_cast<std::size_t>(std::ranges::count(findings, level, &Finding::level));
}

std::string Counted(std::size_t count, const char* one) {
  return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s");
}

}  // namespace

Tone ToneOf(Level level) {
  switch (level) {
    case Level::kOk:
      return Tone::kGood;
    case Level::kWarning:
      return Tone::kWarning;
    case Level::kError:
      break;
  }
  return Tone::kBad;
}

Table TableOf(std::span<const Finding> findings) {
  Table table;
  for (const Finding& finding : findings) {
    std::string text = finding.what;
    if (!finding.remedy.empty()) text += "; " + finding.remedy;
    table.Add({{NameOf(finding.level), ToneOf(finding.level)},
               {std::string(finding.area), Tone::kFaint},
               Printable(finding.subject, kWidestSubject),
               Printable(text)});
  }
  return table;
}

std::string SummaryOf(std::span<const Finding> findings) {
  return std::to_string(Count(findings, Level::kOk)) + " ok, " +
         Counted(Count(findings, Level::kWarning), "warning") + ", " +
         Counted(Count(findings, Level::kError), "error");
}

nlohmann::ordered_json JsonOf(std::span<const Finding> findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"area", finding.area},
                    {"subject", finding.subject},
                    {"level", NameOf(finding.level)},
                    {"what", finding.what},
                    {"remedy", finding.remedy}});
  }
  return {{"ok", Count(findings, Level::kOk)},
          {"warnings", Count(findings, Level::kWarning)},
          {"errors", Count(findings, Level::kError)},
          {"findings", std::move(list)}};
}

Level WorstOf(std::span<const Finding> findings) {
  Level worst = Level::kOk;
  for (const Finding& finding : findings) worst = std::max(worst, finding.level);
  return worst;
}

}  // namespace sqlmap
