// The lines of nsswitch.conf(5) that say who is an account, with `sqlmap` among them or without it.
// Pure: text in, text out; comments, spacing and actions stay as they are.
#ifndef SQLMAP_CTL_SETUP_NSSWITCH_TEXT_H_
#define SQLMAP_CTL_SETUP_NSSWITCH_TEXT_H_

#include <expected>
#include <string>
#include <string_view>

namespace sqlmap {

// `sqlmap` behind what is on the host itself (files, compat, db, altfiles, extrausers), and so in
// front of systemd, whose policy is to come last, and of sss, ldap and their like: for passwd,
// group and shadow, and for initgroups, which stands in for group if the file has it. A database
// without a line gets one. A text that has all of it comes out as it is. The error: the line, and
// why sqlmap would not be asked there (or is not, where it stands), or before the host's own
// accounts, or why who is found is thrown away ([SUCCESS=continue]).
std::expected<std::string, std::string> WithSqlmapInNsswitch(std::string_view text);

// The same without `sqlmap` and the actions behind it. A line that begins with sqlmap, which setup
// does not make, loses it too.
std::string WithoutSqlmapInNsswitch(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_NSSWITCH_TEXT_H_
