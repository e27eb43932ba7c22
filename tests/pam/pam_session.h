// One application's talk with libpam, scripted: service files in a folder of the test, replies in a
// queue, everything seen.
#ifndef SQLMAP_TESTS_PAM_PAM_SESSION_H_
#define SQLMAP_TESTS_PAM_PAM_SESSION_H_

#include <security/pam_appl.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// A folder of service files, removed at the end.
class ServiceFolder {
 public:
  ServiceFolder();
  ~ServiceFolder();
  ServiceFolder(const ServiceFolder&) = delete;
  ServiceFolder& operator=(const ServiceFolder&) = delete;

  void Write(std::string_view name, std::string_view text) const;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// What the application does when it is asked.
struct Reply {
  std::optional<std::string> text;  // nullopt: no text in the response
  int status = PAM_SUCCESS;
  bool response = true;  // false: no response at all
};
inline Reply Typed(std::string text) { return {std::move(text), PAM_SUCCESS, true}; }

struct Message {
  int style = 0;
  std::string text;
  friend bool operator==(const Message&, const Message&) = default;
};

class PamSession {
 public:
  // `user` may be "": then PAM_USER is not set.
  PamSession(const ServiceFolder& folder, const std::string& service, const std::string& user,
             std::deque<Reply> replies = {});
  ~PamSession();
  PamSession(const PamSession&) = delete;
  PamSession& operator=(const PamSession&) = delete;

  int Authenticate(int flags = 0) { return pam_authenticate(handle_, flags); }
  int CheckAccount(int flags = 0) { return pam_acct_mgmt(handle_, flags); }
  int SetCredentials(int flags = PAM_ESTABLISH_CRED) { return pam_setcred(handle_, flags); }
  int ChangeAuthtok(int flags = 0) { return pam_chauthtok(handle_, flags); }
  pam_handle_t* handle() { return handle_; }

  // Called while the application answers a prompt.
  void OnPrompt(std::function<void()> action) { on_prompt_ = std::move(action); }

  // What the application was shown and asked, in order.
  const std::vector<Message>& messages() const { return messages_; }
  std::size_t prompts() const;
  // A prompt that no reply was prepared for got PAM_CONV_ERR.
  bool surprised() const { return surprised_; }
  std::size_t unused_replies() const { return replies_.size(); }
  // What libpam was asked to wait after the last stage, in microseconds (nobody waits).
  unsigned delay() const { return delay_; }

 private:
  static int Converse(int count, const pam_message** messages, pam_response** responses,
                      void* self);
  static void Delay(int status, unsigned microseconds, void* self);

  pam_handle_t* handle_ = nullptr;
  std::deque<Reply> replies_;
  std::vector<Message> messages_;
  bool surprised_ = false;
  unsigned delay_ = 0;
  std::function<void()> on_prompt_;
};

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_PAM_SESSION_H_
