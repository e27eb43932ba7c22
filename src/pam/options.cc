#include "pam/options.h"

#include <cstddef>

namespace sqlmap {
namespace {

struct OptionName {
  std::string_view word;
  bool Options::*flag;
};

constexpr OptionName kOptionNames[] = {
    {"use_first_pass", &Options::use_first_pass},
    {"try_first_pass", &Options::try_first_pass},
    {"nullok", &Options::nullok},
    {"debug", &Options::debug},
    {"nodelay", &Options::nodelay},
    {"ignore_unknown_user", &Options::ignore_unknown_user},
    {"ignore_authinfo_unavail", &Options::ignore_authinfo_unavail},
};

bool Set(Options& options, std::string_view word) {
  for (const OptionName& name : kOptionNames) {
    if (name.word == word) return options.*name.flag = true;
  }
  return false;
}

}  // namespace

Options ReadOptions(std::span<const char* const> words,
                    FunctionRef<void(std::string_view)> unknown) {
  Options options;
  for (std::string_view word : words) {
    if (Set(options, word)) continue;
    if (const std::size_t equals = word.find('='); equals != std::string_view::npos) {
      word.remove_suffix(word.size() - equals);
    }
    unknown(word);
  }
  return options;
}

}  // namespace sqlmap
