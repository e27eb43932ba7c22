#include "daemon/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "common/wire/answer_encoder.h"

namespace sqlmap {
namespace {

constexpr int kAcceptedAtOnce = 64;
constexpr std::int64_t kPauseMs = 20;

AnswerBytes Denied() {
  std::string bytes;
  AppendUnavailable(Reason::kNotAllowed, "not yours to ask", bytes);
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace

Server::Server(EventLoop& loop, int listener, OnRequest on_request)
    : loop_(loop), listener_(listener), on_request_(std::move(on_request)) {
  Listen();
}

void Server::Listen() {
  loop_.WatchIo(listening_, listener_, EPOLLIN, [this](std::uint32_t) { Accept(); });
}

void Server::Accept() {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    // Whoever comes when all places are taken waits in the kernel's queue.
    const bool full = clients_.size() >= kMostClients;
    OwnedFd fd(full ? -1 : accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd.valid()) {
      if (!full && (errno == EINTR || errno == ECONNABORTED)) continue;
      if (!full && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
      listening_.End();
      loop_.WatchTime(pause_, kPauseMs, [this] {
        if (!draining_) Listen();
      });
      return;
    }
    const auto peer = PeerOf(fd.get());
    if (!peer) continue;
    std::size_t& of_user = clients_of_[peer->uid];
    if (of_user >= kMostOfOneUser && peer->uid != 0) continue;
    ++of_user;
    const ClientId id = ++next_id_;
    auto client = std::make_unique<Client>();
    client->fd = std::move(fd);
    client->peer = *peer;
    client->parser = std::make_unique<RequestParser>();
    clients_.emplace(id, std::move(client));
    Read(id);  // mostly it is all there
  }
}

void Server::Read(ClientId id) {
  Client& client = *clients_.at(id);
  RequestParser::State state = client.parser->state();
  while (state == RequestParser::State::kMore) {
    const auto space = client.parser->Space();
    const ssize_t got = recv(client.fd.get(), space.data(), space.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return WaitFor(client, id, true);
    }
    if (got <= 0) return Close(id);
    state = client.parser->Add(static_cast<std::size_t>(got));
  }
  client.readable.End();
  client.patience.End();
  if (state == RequestParser::State::kBad) return Close(id);
  Asked asked{std::move(client.parser), client.peer, Access::kDenied};
  asked.access = AccessTo(asked.request().kind, asked.peer.uid);
  if (asked.access == Access::kDenied) return Reply(id, Denied());
  on_request_(id, std::move(asked));
}

void Server::Reply(ClientId id, AnswerBytes answer) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return;
  at->second->answer = std::move(answer);
  Write(id);
}

void Server::Write(ClientId id) {
  Client& client = *clients_.at(id);
  const std::string_view bytes = *client.answer;
  while (client.sent < bytes.size()) {
    const ssize_t sent = send(client.fd.get(), bytes.data() + client.sent,
                              bytes.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return WaitFor(client, id, false);
    if (sent < 0) return Close(id);
    client.sent += static_cast<std::size_t>(sent);
  }
  Close(id);
}

// The time for reading is for the request as a whole, the one for writing for each step of the
// reader: nobody holds a place for long by sending a byte now and then.
void Server::WaitFor(Client& client, ClientId id, bool to_read) {
  EventLoop::Watch& watch = to_read ? client.readable : client.writable;
  if (!watch.active()) {
    loop_.WatchIo(watch, client.fd.get(), to_read ? EPOLLIN : EPOLLOUT,
                  [this, id, to_read](std::uint32_t) { to_read ? Read(id) : Write(id); });
  }
  if (!to_read || !client.patience.active()) {
    loop_.WatchTime(client.patience, kPatienceMs, [this, id] { Close(id); });
  }
}

void Server::Close(ClientId id) {
  const auto at = clients_.find(id);
  if (at != clients_.end()) {
    const auto of_user = clients_of_.find(at->second->peer.uid);
    if (--of_user->second == 0) clients_of_.erase(of_user);
    clients_.erase(at);
  }
  if (draining_ && clients_.empty() && when_idle_) std::exchange(when_idle_, nullptr)();
}

OwnedFd Server::Release(ClientId id) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return OwnedFd();
  OwnedFd fd = std::move(at->second->fd);
  Close(id);
  return fd;
}

void Server::Drain(std::function<void()> when_idle) {
  draining_ = true;
  listening_.End();
  pause_.End();
  when_idle_ = std::move(when_idle);
  if (clients_.empty()) std::exchange(when_idle_, nullptr)();
}

}  // namespace sqlmap
