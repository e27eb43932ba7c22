// Paths that are where they say they are. Pure.
#ifndef SQLMAP_PAM_PLAIN_PATH_H_
#define SQLMAP_PAM_PLAIN_PATH_H_

#include <limits.h>

#include <cstring>
#include <string_view>

namespace sqlmap {

// Whether `path` is absolute, fit for passwd(5) and a system call, and not "/", and no component
// is "", "." or "..": nothing but a link can then make it another place. "/srv/" is not.
bool IsPlainPath(std::string_view path);

// Of two plain paths: whether `path` is strictly below `directory`.
bool IsBelow(std::string_view path, std::string_view directory);

// Of a plain path: whether a component of it has that name.
bool HasComponent(std::string_view path, std::string_view name);

// Of a plain path.
std::string_view LastComponent(std::string_view path);
// Of a plain path: "" if it is "/", for its child is "" + "/" + name.
std::string_view ParentOf(std::string_view path);

// A text in a system call's form; good if it was not cut.
class PathText {
 public:
  explicit PathText(std::string_view text) : fits_(text.size() < sizeof text_) {
    text_[0] = '\0';
    if (!fits_) return;
    if (!text.empty()) std::memcpy(text_, text.data(), text.size());
    text_[text.size()] = '\0';
  }
  bool fits() const { return fits_; }
  const char* c_str() const { return text_; }

 private:
  const bool fits_;
  char text_[PATH_MAX];
};

}  // namespace sqlmap

#endif  // SQLMAP_PAM_PLAIN_PATH_H_
