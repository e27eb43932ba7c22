// The lines of nsswitch.conf(5), as glibc reads them. Pure.
#ifndef SQLMAP_CTL_NSSWITCH_LINES_H_
#define SQLMAP_CTL_NSSWITCH_LINES_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// What glibc does with what a service has found.
enum class NssSuccess { kReturn, kContinue, kMerge };

// One service of a line, and what glibc does behind it.
struct NssService {
  std::string name;
  bool returns_not_found = false;    // [NOTFOUND=return]: nobody behind it is asked
  bool returns_unavailable = false;  // [UNAVAIL=return], [TRYAGAIN=return]: nor if it is down
  NssSuccess success = NssSuccess::kReturn;

  friend bool operator==(const NssService&, const NssService&) = default;
};

// Where it stands in its line, with the [ACTION]s behind it.
struct NssPlace {
  NssService service;
  std::size_t begin;
  std::size_t end;
};

struct NssLine {
  std::string_view database;
  std::vector<NssPlace> services;
};

// Whether glibc throws away what the service has found, since it asks the ones behind it as well,
// unless it is the last: whoever is found is unknown. It can merge nothing but two groups, and
// initgroups is made of all of them.
bool LosesWhatItFinds(std::string_view database, const NssService& service, bool last);

// nullopt: the line names no database.
std::optional<NssLine> ReadNssLine(std::string_view line);

// The services that `text` names for `database`, in order; nullopt if there is no such line. Of
// several the last counts, as in glibc.
std::optional<std::vector<NssService>> NssServicesOf(std::string_view text,
                                                     std::string_view database);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_NSSWITCH_LINES_H_
