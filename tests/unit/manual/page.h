// The sources of the manual as the tests read them.
#ifndef SQLMAP_TESTS_UNIT_MANUAL_PAGE_H_
#define SQLMAP_TESTS_UNIT_MANUAL_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// doc/man/NAME.scd.
std::string ManualSource(const std::string& name);

// What stands between the line `heading` and the next heading of its level or above; "", and the
// test fails, if there is no such line.
std::string PartOf(const std::string& page, std::string_view heading);

// "*term* (more)" and the lines below it, without their tabs.
struct Entry {
  std::string term;  // the whole line, without asterisks
  std::string text;
};
std::vector<Entry> EntriesOf(const std::string& part);

// Each of the words between two `mark`s.
std::vector<std::string> MarkedIn(const std::string& text, char mark);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_MANUAL_PAGE_H_
