#include "common/config/field_template.h"

#include <cstddef>

#include "common/account/rules.h"
#include "common/config/message_text.h"

namespace sqlmap {
namespace {

constexpr std::size_t kLongest = 4095;  // PATH_MAX without its NUL

}  // namespace

std::string CheckFieldTemplate(std::string_view text) {
  if (!text.starts_with('/') && !text.starts_with("%h")) return "does not begin with '/' or %h";
  if (text.size() > kLongest) return "is too long";
  if (!IsCleanField(text)) return "holds a ':' or a control character";
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 2)) {
    const std::string_view placeholder = text.substr(i, 2);
    if (placeholder != "%n" && placeholder != "%u" && placeholder != "%h" && placeholder != "%%") {
      return Quoted(placeholder) + " is no placeholder";
    }
  }
  return {};
}

std::string ExpandFieldTemplate(std::string_view text, std::string_view name, std::uint32_t uid,
                                std::string_view home) {
  std::string expanded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' || i + 1 == text.size()) {
      expanded += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'n':
        expanded += name;
        break;
      case 'u':
        expanded += std::to_string(uid);
        break;
      case 'h':
        expanded += home;
        break;
      default:
        expanded += text[i];
    }
  }
  return expanded;
}

}  // namespace sqlmap
