#include "pam/plain_path.h"

#include "common/account/rules.h"
#include "pam/text.h"

namespace sqlmap {
namespace {

// Calls visit(component) until it returns false, and returns whether it never did.
template <class Visitor>
bool EachComponent(std::string_view path, Visitor visit) {
  for (;;) {
    path = After(path, 1);
    const std::string_view name = First(path, path.find('/'));
    if (!visit(name)) return false;
    if (name.size() == path.size()) return true;
    path = After(path, name.size());
  }
}

}  // namespace

bool IsPlainPath(std::string_view path) {
  if (path.size() >= PATH_MAX || !IsCleanPath(path)) return false;
  return EachComponent(path, [](std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= NAME_MAX;
  });
}

bool IsBelow(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

bool HasComponent(std::string_view path, std::string_view name) {
  return !EachComponent(path, [name](std::string_view component) { return component != name; });
}

std::string_view LastComponent(std::string_view path) { return After(path, path.rfind('/') + 1); }

std::string_view ParentOf(std::string_view path) { return First(path, path.rfind('/')); }

}  // namespace sqlmap
