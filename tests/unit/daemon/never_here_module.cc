// A module that shows that it has been told.
#include <cstdlib>

extern "C" __attribute__((visibility("default"))) void _nss_sqlmap_never_here() {
  setenv("SQLMAP_TEST_NEVER_HERE", "1", 1);
}
