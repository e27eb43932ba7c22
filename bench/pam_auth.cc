// What an authentication costs in a process that does many: a new PAM handle for each, as a server
// has it.
//
//   pam_auth DIRECTORY SERVICE NAME PASSWORD COUNT   prints ms of the first one, which loads the
//   modules, and the median of
//                                                    the COUNT after it
//
// DIRECTORY holds the services' files in place of /etc/pam.d. An authentication that fails ends the
// program with 1.
#include <security/pam_appl.h>

#include <cstring>

#include "samples.h"

namespace {

using sqlmap::bench::Count;
using sqlmap::bench::Fail;
using sqlmap::bench::Median;
using sqlmap::bench::NowNs;

// Answers every question with the password.
int Converse(int count, const pam_message** /*messages*/, pam_response** responses,
             void* password) {
  auto* answers = static_cast<pam_response*>(
      std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  if (answers == nullptr) return PAM_BUF_ERR;
  for (int i = 0; i < count; ++i) answers[i].resp = strdup(static_cast<const char*>(password));
  *responses = answers;
  return PAM_SUCCESS;
}

double AuthenticateMs(const char* directory, const char* service, const char* name,
                      char* password) {
  const double start = NowNs();
  const pam_conv conversation{Converse, password};
  pam_handle_t* handle = nullptr;
  int status = pam_start_confdir(service, name, &conversation, directory, &handle);
  if (status != PAM_SUCCESS) Fail("pam_start_confdir failed for the service", service);
  status = pam_authenticate(handle, 0);
  if (status != PAM_SUCCESS) Fail("pam_authenticate", pam_strerror(handle, status));
  pam_end(handle, status);
  return (NowNs() - start) / 1e6;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) Fail("usage: pam_auth DIRECTORY SERVICE NAME PASSWORD COUNT");
  const auto authenticate = [argv] { return AuthenticateMs(argv[1], argv[2], argv[3], argv[4]); };
  const double first = authenticate();
  std::vector<double> later(Count(argv[5]));
  std::generate(later.begin(), later.end(), authenticate);
  std::printf("%.3f %.3f\n", first, Median(later));
}
