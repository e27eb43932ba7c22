// A shipped file of views: what it is for, and the settings that it begins with. Pure.
#ifndef SQLMAP_CTL_VIEWS_VIEW_SET_H_
#define SQLMAP_CTL_VIEWS_VIEW_SET_H_

#include <expected>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// What may be set, whichever set of views has it.
struct ViewOption {
  const char* option;   // "--front-end"
  const char* setting;  // "frontend", the column's name in the file
  const char* value;    // what the value is, for --help: "HOST"
  const char* does;
  bool number;  // stands in the file without quotes
  // What is wrong with a value, "" if nothing.
  std::string (*mistake)(const std::string& value);
};
std::span<const ViewOption> ViewOptions();

// From settings' names to their values, without quotes.
using ViewValues = std::map<std::string, std::string>;

struct ViewSet {
  std::string does;  // the file's first line
  // Name and value, in the file's order. They stand between the lines "-- [settings]..." and
  // "-- [end of settings]", each on a line of its own: LITERAL AS name, and a comment.
  std::vector<std::pair<std::string, std::string>> settings;
};
ViewSet ReadViewSet(std::string_view file);

// The view of one row that has the settings as columns, once they are installed.
inline constexpr char kSettingsView[] = "nss_settings";

// The file with these values in place of its own. The error says which option is of no use for the
// set called `name`, and which ones are; or what is wrong with a value.
std::expected<std::string, std::string> FillIn(std::string_view file, const std::string& name,
                                               const ViewValues& values);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_VIEWS_VIEW_SET_H_
