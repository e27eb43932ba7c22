// One question to a source, and its answer as it goes over the wire.
#ifndef SQLMAP_DAEMON_ASK_H_
#define SQLMAP_DAEMON_ASK_H_

#include <cstdint>
#include <string>
#include <string_view>

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

// Whether what is remembered of that question has to do with an account or a group of that name, in
// the configuration's case, as all that is served: it has the name, or tells of it, or of a group
// that it is a member of. An id that was absent may be anybody's by now, and the groups of any user
// may be about it, too. `found`: Ask's bytes, null if it was absent.
bool IsAbout(std::string_view name, const std::string& question, const std::string* found);

AnswerBytes UnavailableBytes(Reason reason, std::string_view why);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_ASK_H_
