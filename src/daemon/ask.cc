#include "daemon/ask.h"

#include <string.h>

#include <utility>
#include <vector>

#include "common/wire/answer_decoder.h"
#include "common/wire/answer_encoder.h"

namespace sqlmap {
namespace {

AnswerBytes Share(std::string bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

// Wiped when the last reader is done with it.
AnswerBytes ShareSecret(std::string bytes) {
  return {new std::string(std::move(bytes)), [](std::string* secret) {
            explicit_bzero(secret->data(), secret->size());
            delete secret;
          }};
}

constexpr std::size_t kRoomForAHash = 2048;  // or its copies would be left behind as it grows

}  // namespace

std::string Question::Key() const {
  std::string key = std::to_string(static_cast<unsigned>(kind)) + ':';
  const bool by_id = kind == RequestKind::kUserById || kind == RequestKind::kGroupById;
  return key + (by_id ? std::to_string(id) : name);
}

Told Ask(AccountSource& accounts, const Question& question) {
  const bool secret = question.kind == RequestKind::kShadowByName;
  std::string bytes;
  if (secret) bytes.reserve(kRoomForAHash);
  bool fits = false;
  const auto user = [&](const UserRecord& found) { fits = AppendUser(found, bytes); };
  const auto group = [&](const GroupRecord& found) { fits = AppendGroup(found, bytes); };
  Answer answer = Answer::Unavailable(Reason::kServerError);
  switch (question.kind) {
    case RequestKind::kUserByName:
      answer = accounts.FindUserByName(question.name, user);
      break;
    case RequestKind::kUserById:
      answer = accounts.FindUserById(question.id, user);
      break;
    case RequestKind::kGroupByName:
      answer = accounts.FindGroupByName(question.name, group);
      break;
    case RequestKind::kGroupById:
      answer = accounts.FindGroupById(question.id, group);
      break;
    case RequestKind::kGroupsOfUser:
      answer = accounts.FindGroupsOfUser(
          question.name, [&](std::span<const Gid> gids) { fits = AppendGids(gids, bytes); });
      break;
    case RequestKind::kShadowByName:
      answer = accounts.FindShadow(
          question.name, [&](const ShadowRecord& found) { fits = AppendShadow(found, bytes); });
      break;
    default:
      break;
  }
  if (answer.found() && !fits) answer = Answer::Unavailable(Reason::kServerError);
  if (answer.absent()) AppendAbsent(bytes);
  if (answer.unavailable()) return {answer, UnavailableBytes(answer.reason, {})};
  return {answer, secret ? ShareSecret(std::move(bytes)) : Share(std::move(bytes))};
}

bool IsAbout(std::string_view name, const std::string& question, const std::string* found) {
  const std::size_t colon = question.find(':');
  const auto kind = static_cast<RequestKind>(std::stoi(question.substr(0, colon)));
  const bool by_id = kind == RequestKind::kUserById || kind == RequestKind::kGroupById;
  if (!by_id && std::string_view(question).substr(colon + 1) == name) return true;
  // If it is a group's name, its members are in one group more, or less.
  if (kind == RequestKind::kGroupsOfUser) return true;
  if (found == nullptr) return by_id;
  if (kind != RequestKind::kUserById && kind != RequestKind::kGroupByName &&
      kind != RequestKind::kGroupById) {
    return false;
  }
  std::vector<unsigned char> bytes(found->begin(), found->end());
  Frame frame;
  std::size_t size = 0;
  if (ReadFrame(bytes, frame, size) != FrameState::kWhole) return true;
  if (kind == RequestKind::kUserById) {
    UserRecord user;
    return !DecodeRecord(frame, user) || user.name == name;
  }
  GroupRecord group;
  if (!DecodeRecord(frame, group)) return true;
  bool about = group.name == name;
  group.members.ForEach([&](std::string_view member) { about = about || member == name; });
  return about;
}

AnswerBytes UnavailableBytes(Reason reason, std::string_view why) {
  std::string bytes;
  AppendUnavailable(reason, why, bytes);
  return Share(std::move(bytes));
}

}  // namespace sqlmap
