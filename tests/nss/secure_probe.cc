// Looks an account up with the module whose path is the argument, and prints one line: AT_SECURE,
// status and errno of a look-up and of a walk, and whether the plugin is in memory now. Run with
// the set-uid bit by secure_test.
#include <dlfcn.h>
#include <nss.h>
#include <pwd.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  void* const module = dlopen(argv[1], RTLD_NOW);
  if (module == nullptr) return 3;
  const auto getpwnam_r =
      reinterpret_cast<nss_getpwnam_r*>(dlsym(module, "_nss_sqlmap_getpwnam_r"));
  const auto getpwent_r =
      reinterpret_cast<nss_getpwent_r*>(dlsym(module, "_nss_sqlmap_getpwent_r"));
  if (getpwnam_r == nullptr || getpwent_r == nullptr) return 4;
  passwd user{};
  char buffer[512];
  int by_name = 0, walk = 0;
  const nss_status found = getpwnam_r("alice", &user, buffer, sizeof buffer, &by_name);
  const nss_status next = getpwent_r(&user, buffer, sizeof buffer, &walk);
  std::ifstream maps("/proc/self/maps");
  bool loaded = false;
  for (std::string line; std::getline(maps, line);) loaded = loaded || line.ends_with(argv[2]);
  std::printf("secure %d: %d %d, %d %d, plugin %d\n", getauxval(AT_SECURE) != 0, found, by_name,
              next, walk, loaded);
  std::fflush(stdout);
  _exit(0);  // a leak checker cannot look into a set-gid process
}
