// What an attacker would have the client library load: says so in a file as soon as it is mapped.
#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void Loaded() {
  const int fd = open(HOSTILE_MARKER, O_CREAT | O_WRONLY, 0644);
  if (fd >= 0) close(fd);
}
