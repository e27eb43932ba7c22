// doc/pam.md as the tests read it.
#ifndef SQLMAP_TESTS_PAM_PAM_PAGE_H_
#define SQLMAP_TESTS_PAM_PAM_PAGE_H_

#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

using Cells = std::vector<std::string>;

// The rows of the first table below a heading, without its head. Cells lose blanks and backquotes
// at both ends.
std::vector<Cells> PageTable(std::string_view heading);

// The words in backquotes of a cell: "`chroot=home`, `chroot=/srv/jail`" has two.
std::vector<std::string> WordsOf(const std::string& cell);

// The code that a cell names, such as "PAM_AUTH_ERR"; fails the test if it names none.
int CodeNamed(const std::string& name);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_PAM_PAGE_H_
