#include <algorithm>
#include <vector>

#include "ctl/status/report.h"

namespace sqlmap {
namespace {

constexpr std::string_view kPrefix = "sqlmap_";

std::string_view TypeOf(const StatusKey& key) {
  switch (key.type) {
    case StatusType::kCounter:
      return "counter";
    case StatusType::kSummary:
      return "summary";
    default:
      return "gauge";
  }
}

// What follows "# HELP NAME " may have a quotation mark, a label's value may not.
std::string Escaped(std::string_view text, bool is_label) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || (is_label && c == '"')) escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

class Labels {
 public:
  void Add(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? '{' : ',';
    text_.append(name).append("=\"").append(Escaped(value, true)) += '"';
  }
  std::string Text() const { return text_.empty() ? text_ : text_ + '}'; }

 private:
  std::string text_;
};

void AddFamily(std::string_view name, std::string_view type, std::string_view help,
               std::string& out) {
  out.append("# HELP ").append(kPrefix).append(name) += ' ';
  out.append(Escaped(help, false)).append("\n# TYPE ").append(kPrefix).append(name) += ' ';
  out.append(type) += '\n';
}

// Servers are numbered; their addresses say more.
std::string_view AddressOf(const StatusLine& line, const StatusReport& report) {
  const auto address = std::ranges::find_if(report, [&](const StatusLine& other) {
    return other.key->key == "server.*.*.address" && other.stars == line.stars;
  });
  return address == report.end() ? std::string_view() : std::string_view(address->value);
}

void AddSample(const StatusLine& line, const StatusReport& report, std::string& out) {
  const StatusKey& key = *line.key;
  const bool suffix = key.type == StatusType::kSummary && key.part.starts_with('_');
  Labels labels;
  for (std::size_t i = 0; i < key.stars.size() && !key.stars[i].empty(); ++i)
    labels.Add(key.stars[i], line.stars[i]);
  if (key.group == StatusGroup::kServers) labels.Add("address", AddressOf(line, report));
  if (key.type == StatusType::kText) labels.Add(key.key, line.value);
  if (key.type == StatusType::kSummary && !suffix) labels.Add("quantile", key.part);
  std::string value = line.value;
  if (key.type == StatusType::kText) value = "1";
  if (key.type == StatusType::kState) value = line.value == key.part ? "1" : "0";
  out.append(kPrefix).append(key.metric).append(suffix ? key.part : "").append(labels.Text());
  out.append(" ").append(value).append("\n");
}

bool HasSample(const StatusLine& line) {
  return !line.key->metric.empty() && (line.key->type != StatusType::kState || line.value != "-");
}

}  // namespace

std::string StatusMetrics(const StatusReport& report) {
  std::string out;
  AddFamily("up", "gauge", "Whether sqlmapd answers.", out);
  out.append(kPrefix).append(report.empty() ? "up 0\n" : "up 1\n");
  StatusReport lines;
  std::ranges::copy_if(report, std::back_inserter(lines), HasSample);
  // A family's samples belong together, and those of one summary, too.
  while (!lines.empty()) {
    const std::string_view metric = lines.front().key->metric;
    const auto end = std::ranges::find_if(
        lines, [&](const StatusLine& line) { return line.key->metric != metric; });
    // Whoever has no percentiles yet begins with its sum.
    const StatusKey& first = *std::ranges::find(kStatusKeys, metric, &StatusKey::metric);
    AddFamily(metric, TypeOf(first), first.help, out);
    std::stable_sort(lines.begin(), end, [](const StatusLine& one, const StatusLine& other) {
      return one.stars < other.stars;
    });
    std::for_each(lines.begin(), end,
                  [&](const StatusLine& line) { AddSample(line, report, out); });
    lines.erase(lines.begin(), end);
  }
  return out;
}

}  // namespace sqlmap
