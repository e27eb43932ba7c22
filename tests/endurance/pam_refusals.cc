// pam_refusals NAME PASSWORD: one login. Prints PAM's code of the stages auth and account ("-": it
// did not come so far), the seconds that the first one took, and all that the client was shown.
#include <security/pam_appl.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Client {
  const char* password;
  std::string shown;
};

int Converse(int count, const pam_message** messages, pam_response** responses, void* data) {
  auto& client = *static_cast<Client*>(data);
  auto* const answers =
      static_cast<pam_response*>(calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
  for (int i = 0; i < count; ++i) {
    client.shown += std::string("[") + messages[i]->msg + "]";
    if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF) answers[i].resp = strdup(client.password);
  }
  *responses = answers;
  return PAM_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  Client client{argv[2], ""};
  const pam_conv conversation{Converse, &client};
  pam_handle_t* handle = nullptr;
  if (pam_start("refusals", argv[1], &conversation, &handle) != PAM_SUCCESS) return 1;
  const auto before = std::chrono::steady_clock::now();
  const int auth = pam_authenticate(handle, 0);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - before;
  const std::string account =
      auth == PAM_SUCCESS ? std::to_string(pam_acct_mgmt(handle, 0)) : std::string("-");
  pam_end(handle, auth);
  std::printf("%d %s %.4f %s\n", auth, account.c_str(), seconds.count(), client.shown.c_str());
  return 0;
}
