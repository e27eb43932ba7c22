/* The program that spawn starts: one_lookup SERVICE NAME [wait]
 * Looks up one user, or nobody if the service is "none"; with a third argument, as soon as its
 * standard input ends. C, so that it loads libc and nothing else. Ends with 0 if the user was
 * found. */
#include <nss.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 3) return EXIT_FAILURE;
  if (argc == 4) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
  }
  if (strcmp(argv[1], "none") == 0) return EXIT_SUCCESS;
  if (__nss_configure_lookup("passwd", argv[1]) != 0) return EXIT_FAILURE;
  struct passwd entry;
  struct passwd* found = NULL;
  char buffer[1024];
  const int error = getpwnam_r(argv[2], &entry, buffer, sizeof buffer, &found);
  return error == 0 && found != NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}
