/* The program that spawn starts: looks up one user, or none without arguments. C, so that it loads
 * libc and nothing else. Ends with 0 if the user was found. */
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_SUCCESS;
  if (__nss_configure_lookup("passwd", argv[1]) != 0) return EXIT_FAILURE;
  struct passwd entry;
  struct passwd* found = NULL;
  char buffer[1024];
  const int error = getpwnam_r(argv[2], &entry, buffer, sizeof buffer, &found);
  return error == 0 && found != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
