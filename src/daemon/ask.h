// One question to a source, and its answer as it goes over the wire.
#ifndef SQLMAP_DAEMON_ASK_H_
#define SQLMAP_DAEMON_ASK_H_

#include <cstdint>
#include <string>

#include "common/account/account_source.h"
#include "common/wire/protocol.h"
#include "daemon/answer_cache.h"

namespace sqlmap {

// A question about one account or group, with its own memory: it outlives the client that asked.
struct Question {
  RequestKind kind{};
  std::uint32_t id = 0;  // kUserById, kGroupById
  std::string name;      // the others

  // Two questions with one key have one answer.
  std::string Key() const;
};

struct Told {
  Answer answer;
  AnswerBytes bytes;  // never null
};

// Any of the look-ups by key. Thread safe if the source is. Throws std::bad_alloc.
Told Ask(AccountSource& accounts, const Question& question);

AnswerBytes UnavailableBytes(Reason reason, std::string_view why);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_ASK_H_
