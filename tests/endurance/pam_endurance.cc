// A host that runs for hours: ten thousand logins through libpam in one process, from four threads,
// against the real database. Ends with 0 if every login was right and nothing grew: memory,
// descriptors, connections.
#include <dirent.h>
#include <malloc.h>
#include <pwd.h>
#include <security/pam_appl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kThreads = 4;
constexpr int kLogins = 10'000;
constexpr int kWarmUp = 1'000;

int Converse(int count, const pam_message** messages, pam_response** responses, void* password) {
  auto* const answers =
      static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  for (int i = 0; i < count; ++i) {
    if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
      answers[i].resp = strdup(static_cast<const char*>(password));
  }
  *responses = answers;
  return PAM_SUCCESS;
}

int Login(const char* name, const char* password) {
  pam_handle_t* handle = nullptr;
  const pam_conv conversation{Converse, const_cast<char*>(password)};
  if (pam_start("endurance", name, &conversation, &handle) != PAM_SUCCESS) return -1;
  int result = pam_authenticate(handle, 0);
  if (result == PAM_SUCCESS) result = pam_acct_mgmt(handle, 0);
  pam_end(handle, result);
  return result;
}

// Runs logins, one in a hundred with a wrong password (which takes a quarter of a second), and returns how many had the wrong outcome.
int Run(int logins) {
  std::atomic<int> next{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int n = next++; n < logins; n = next++) {
        const bool right = n % 100 != 0;
        const int result = Login("alice", right ? "alice-pw" : "wrong");
        if (result != (right ? PAM_SUCCESS : PAM_AUTH_ERR)) ++wrong;
        if (n % 7 == 0 && getpwnam("alice") == nullptr) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

int Descriptors() {
  int count = 0;
  DIR* const directory = opendir("/proc/self/fd");
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

long ResidentKiB() {
  malloc_trim(0);
  long pages = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  if (file == nullptr || fscanf(file, "%*d %ld", &pages) != 1) return -1;
  fclose(file);
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

}  // namespace

int main() {
  const int wrong_at_first = Run(kWarmUp);
  const int descriptors = Descriptors();
  const long resident = ResidentKiB();
  const int wrong = Run(kLogins) + wrong_at_first;
  const int more_descriptors = Descriptors() - descriptors;
  const long more_resident = ResidentKiB() - resident;
  std::printf("%d logins, %d with the wrong outcome; %d more descriptors, %ld KiB more memory\n",
              kWarmUp + kLogins, wrong, more_descriptors, more_resident);
  return wrong == 0 && more_descriptors <= 0 && more_resident < 512 ? 0 : 1;
}
