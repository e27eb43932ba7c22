#include "pam_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace sqlmap {

ServiceFolder::ServiceFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "sqlmap-pam-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}

ServiceFolder::~ServiceFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

void ServiceFolder::Write(std::string_view name, std::string_view text) const {
  std::ofstream file(path_ / name);
  file << text;
  ASSERT_TRUE(file.flush().good());
}

PamSession::PamSession(const ServiceFolder& folder, const std::string& service,
                       const std::string& user, std::deque<Reply> replies)
    : replies_(std::move(replies)) {
  const pam_conv conversation = {&PamSession::Converse, this};
  EXPECT_EQ(pam_start_confdir(service.c_str(), user.empty() ? nullptr : user.c_str(), &conversation,
                              folder.path().c_str(), &handle_),
            PAM_SUCCESS);
  EXPECT_EQ(
      pam_set_item(handle_, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&PamSession::Delay)),
      PAM_SUCCESS);
}

PamSession::~PamSession() { pam_end(handle_, PAM_SUCCESS); }

std::size_t PamSession::prompts() const {
  return static_cast<std::size_t>(
      std::count_if(messages_.begin(), messages_.end(), [](const Message& message) {
        return message.style == PAM_PROMPT_ECHO_OFF || message.style == PAM_PROMPT_ECHO_ON;
      }));
}

int PamSession::Converse(int count, const pam_message** messages, pam_response** responses,
                         void* self) {
  auto& session = *static_cast<PamSession*>(self);
  if (count != 1) return PAM_CONV_ERR;
  session.messages_.push_back({messages[0]->msg_style, messages[0]->msg});
  const bool prompt =
      messages[0]->msg_style == PAM_PROMPT_ECHO_OFF || messages[0]->msg_style == PAM_PROMPT_ECHO_ON;
  Reply reply;
  if (prompt) {
    if (session.on_prompt_) session.on_prompt_();
    if (session.replies_.empty()) {
      session.surprised_ = true;
      return PAM_CONV_ERR;
    }
    reply = session.replies_.front();
    session.replies_.pop_front();
  }
  *responses = nullptr;
  if (!reply.response || reply.status != PAM_SUCCESS) return reply.status;
  auto* const response = static_cast<pam_response*>(std::calloc(1, sizeof(pam_response)));
  if (reply.text.has_value()) {
    // With what may stand behind a NUL.
    response->resp = static_cast<char*>(std::calloc(1, reply.text->size() + 1));
    reply.text->copy(response->resp, reply.text->size());
  }
  *responses = response;
  return PAM_SUCCESS;
}

void PamSession::Delay(int, unsigned microseconds, void* self) {
  static_cast<PamSession*>(self)->delay_ = microseconds;
}

}  // namespace sqlmap
