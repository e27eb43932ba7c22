// sqlmap_key_reference < PAGE: the page with the reference of all keys, see key_reference.h.
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <string>

#include "manual/key_reference.h"

int main() {
  const std::string page(std::istreambuf_iterator<char>(std::cin), {});
  const auto filled = sqlmap::WithKeyReference(page);
  if (!filled) {
    std::cerr << filled.error() << '\n';
    return EXIT_FAILURE;
  }
  std::cout << *filled << std::flush;
  return std::cout ? EXIT_SUCCESS : EXIT_FAILURE;
}
