// The child's face: takes connections, reads one request from each, and sends one answer.
//
// Everything in here is the loop's thread. Whoever answers does it elsewhere and comes back through
// Reply. A client that sends nonsense, nothing, or does not read is closed after a second; nobody
// else notices.
//
// Nobody is left waiting in the kernel's one queue, where root would stand behind him: whoever
// comes when his user has all its places is closed at once. Root's places are nobody else's; only
// root can use up all.
#ifndef SQLMAP_DAEMON_SERVER_H_
#define SQLMAP_DAEMON_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "common/process/owned_fd.h"
#include "common/wire/access.h"
#include "common/wire/request_parser.h"
#include "daemon/answer_cache.h"
#include "daemon/event.h"

namespace sqlmap {

using ClientId = std::uint64_t;

// A request that has been read whole and may be asked. Holds the memory that it is a view of, and
// wipes it.
struct Asked {
  std::unique_ptr<RequestParser> parser;
  Peer peer;
  Access access = Access::kDenied;
  std::int64_t asked_ms = 0;    // when the request was there
  std::int64_t asked_us = 0;    // the same moment
  std::weak_ptr<void> waiting;  // expires when the client has gone. Any thread

  const Request& request() const { return parser->request(); }
};

class Server {
 public:
  static constexpr std::int64_t kPatienceMs = 1'000;  // with a client that does not send, or read
  static constexpr std::int64_t kReadingMs = 10'000;  // for a client to read all of his answer
  // Longer than anybody waits for an answer, but for that of a refresh or a flush.
  static constexpr std::int64_t kAnswerMs = 20'000;

  // Places of all, of all who are not root, and of each of those. Who may make user namespaces has
  // tens of thousands of uids: those from 100000 on (SUB_UID_MIN, login.defs(5)) are one user here.
  struct Limits {
    std::size_t all = 0;
    std::size_t others = 0;
    std::size_t one_user = 0;

    // By the number of descriptors that there may be: 8192 give 7936, 5952 and 1984.
    static Limits OfProcess();
  };

  // Called in the loop's thread for each request that its peer may ask, `kDenied` excepted.
  using OnRequest = std::function<void(ClientId client, Asked asked)>;

  // `listener` listens, does not block, and stays the caller's.
  Server(EventLoop& loop, int listener, OnRequest on_request, Limits limits = Limits::OfProcess());

  // Sends the whole answer and closes; nothing if the client has gone.
  void Reply(ClientId client, AnswerBytes answer);
  // Hands the connection over to somebody who writes to it himself. Not valid if it has gone.
  OwnedFd Release(ClientId client);

  // Takes no more connections; `when_idle` is called once there are none.
  void Drain(std::function<void()> when_idle);

  std::size_t clients() const { return clients_.size(); }
  std::uint64_t served() const { return next_id_; }

 private:
  struct Client {
    OwnedFd fd;
    Peer peer;
    std::unique_ptr<RequestParser> parser;  // until the request has been handed on
    AnswerBytes answer;                     // what is being sent
    std::size_t sent = 0;
    std::int64_t read_until_ms = 0;
    std::shared_ptr<void> waiting;
    EventLoop::Watch socket;
    EventLoop::Watch patience;
  };

  void Listen();
  void Accept();
  void Read(ClientId id);
  void Write(ClientId id);
  void Close(ClientId id);
  bool HasPlace(Uid uid) const;
  void WaitForRequest(Client& client, ClientId id);
  void WaitForAnswer(Client& client, ClientId id, bool refresh);
  void WaitForReader(Client& client, ClientId id);

  EventLoop& loop_;
  const int listener_;
  const OnRequest on_request_;
  const Limits limits_;
  EventLoop::Watch listening_;
  EventLoop::Watch pause_;  // after the kernel had no descriptor for another client
  std::unordered_map<ClientId, std::unique_ptr<Client>> clients_;
  std::unordered_map<Uid, std::size_t> clients_of_;  // how many each user has, by its share
  std::size_t others_ = 0;                           // clients that are not root
  ClientId next_id_ = 0;
  bool draining_ = false;
  std::function<void()> when_idle_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_SERVER_H_
