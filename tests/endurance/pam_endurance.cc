// A host that runs for hours, such as saslauthd or a web server: ten thousand logins through libpam
// in one process, from four threads, against the real database.
//
// It says "warm" after the first thousand and goes on when a line comes in. It ends with 0 if every
// login was as it should and nothing of this process has grown since then: memory, descriptors,
// threads.
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

constexpr int kLogins = 10'000;
constexpr int kWarmUp = 1'000;

// One for each thread, whose wrong password is the next one's: nobody gets the answer of another.
struct Person {
  const char* name;
  const char* password;
};
constexpr Person kPeople[] = {
    {"alice", "alice-Mirabelle-1"},
    {"bob", "bob-Mirabelle-2"},
    {"carol", "carol-Mirabelle-3"},
    {"dave", "dave-Mirabelle-4"},
};
constexpr int kThreads = static_cast<int>(std::size(kPeople));

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

// All that a service does, from the password to the end of the session.
int Login(const char* name, const char* password) {
  pam_handle_t* handle = nullptr;
  const pam_conv conversation{Converse, const_cast<char*>(password)};
  if (pam_start("endurance", name, &conversation, &handle) != PAM_SUCCESS) return -1;
  int result = pam_authenticate(handle, 0);
  if (result == PAM_SUCCESS) result = pam_acct_mgmt(handle, 0);
  if (result == PAM_SUCCESS) result = pam_setcred(handle, PAM_ESTABLISH_CRED);
  if (result == PAM_SUCCESS) result = pam_open_session(handle, 0);
  if (result == PAM_SUCCESS) result = pam_close_session(handle, 0);
  pam_end(handle, result);
  return result;
}

// Runs logins, one in a hundred with a wrong password (which takes a quarter of a second), and
// returns how many had the wrong outcome.
int Run(int logins) {
  std::atomic<int> next{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      const Person& person = kPeople[thread];
      const Person& neighbour = kPeople[(thread + 1) % kThreads];
      for (int n = next++; n < logins; n = next++) {
        const bool right = n % 100 != 0;
        const int result = Login(person.name, right ? person.password : neighbour.password);
        if (result != (right ? PAM_SUCCESS : PAM_AUTH_ERR)) ++wrong;
        if (n % 7 == 0 && getpwnam(person.name) == nullptr) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return wrong;
}

int EntriesIn(const char* path) {
  int count = 0;
  DIR* const directory = opendir(path);
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
  const int descriptors = EntriesIn("/proc/self/fd");
  const int tasks = EntriesIn("/proc/self/task");
  const long resident = ResidentKiB();
  std::puts("warm");
  std::fflush(stdout);
  if (std::getchar() != '\n') return 2;
  const int wrong = Run(kLogins) + wrong_at_first;
  const int more_descriptors = EntriesIn("/proc/self/fd") - descriptors;
  const int more_tasks = EntriesIn("/proc/self/task") - tasks;
  const long more_resident = ResidentKiB() - resident;
  std::printf(
      "%d logins, %d with the wrong outcome; %d more descriptors, %d more threads, %ld KiB more "
      "memory\n",
      kWarmUp + kLogins, wrong, more_descriptors, more_tasks, more_resident);
  return wrong == 0 && more_descriptors <= 0 && more_tasks <= 0 && more_resident < 512 ? 0 : 1;
}
