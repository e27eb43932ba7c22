// accounts.home and accounts.shell: a field of passwd(5) made from what the row says.
//
//   %n  the name        %u  the uid        %h  the home directory in the row        %%  a percent
//   sign
#ifndef SQLMAP_COMMON_CONFIG_FIELD_TEMPLATE_H_
#define SQLMAP_COMMON_CONFIG_FIELD_TEMPLATE_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sqlmap {

// What is wrong with a template, "" if nothing: an unknown placeholder, something that is not an
// absolute path once it is expanded (it begins with neither '/' nor "%h"), or a character that a
// field of passwd(5) cannot hold.
std::string CheckFieldTemplate(std::string_view text);

// `text` has passed CheckFieldTemplate. The result is only as clean as `name` and `home` are: the
// caller checks it.
std::string ExpandFieldTemplate(std::string_view text, std::string_view name, std::uint32_t uid,
                                std::string_view home);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_FIELD_TEMPLATE_H_
