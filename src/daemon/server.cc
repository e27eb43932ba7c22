#include "daemon/server.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "common/process/monotonic.h"
#include "common/wire/answer_encoder.h"

namespace sqlmap {
namespace {

constexpr int kAcceptedAtOnce = 64;
constexpr std::int64_t kPauseMs = 20;

// For connections to the database, files, lists that are being written.
constexpr std::size_t kOtherDescriptors = 256;
constexpr Uid kFirstOfNamespaces = 100'000;

Uid ShareOf(Uid uid) { return std::min(uid, kFirstOfNamespaces); }

AnswerBytes Denied() {
  std::string bytes;
  AppendUnavailable(Reason::kNotAllowed, "only root may ask for that", bytes);
  return std::make_shared<const std::string>(std::move(bytes));
}

}  // namespace

Server::Limits Server::Limits::OfProcess() {
  constexpr std::size_t kEnough = 8192;
  rlimit limit{};
  std::size_t descriptors = 1024;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    descriptors = static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kEnough));
  }
  const std::size_t clients = descriptors - std::min(descriptors / 2, kOtherDescriptors);
  return {clients, clients / 4 * 3, clients / 4};
}

Server::Server(EventLoop& loop, int listener, OnRequest on_request, Limits limits)
    : loop_(loop), listener_(listener), on_request_(std::move(on_request)), limits_(limits) {
  Listen();
}

void Server::Listen() {
  loop_.WatchIo(listening_, listener_, EPOLLIN, [this](std::uint32_t) { Accept(); });
}

bool Server::HasPlace(Uid uid) const {
  if (uid == 0) return true;
  const auto of_user = clients_of_.find(ShareOf(uid));
  return others_ < limits_.others &&
         (of_user == clients_of_.end() || of_user->second < limits_.one_user);
}

void Server::Accept() {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    const bool full = clients_.size() >= limits_.all;
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
    if (!peer || !HasPlace(peer->uid)) continue;
    const ClientId id = ++next_id_;
    auto client = std::make_unique<Client>();
    client->fd = std::move(fd);
    client->peer = *peer;
    client->parser = std::make_unique<RequestParser>();
    client->waiting = std::make_shared<char>();
    clients_.emplace(id, std::move(client));
    ++clients_of_[ShareOf(peer->uid)];
    if (peer->uid != 0) ++others_;
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
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return WaitForRequest(client, id);
    if (got <= 0) return Close(id);
    state = client.parser->Add(static_cast<std::size_t>(got));
  }
  client.socket.End();
  client.patience.End();
  if (state == RequestParser::State::kBad) return Close(id);
  const Request& request = client.parser->request();
  const RequestKind kind = request.kind;
  const Access access = AccessTo(kind, request.login.by_root, client.peer.uid);
  if (access == Access::kDenied) return Reply(id, Denied());
  const std::int64_t now_us = MonotonicUs();
  on_request_(
      id, {std::move(client.parser), client.peer, access, now_us / 1000, now_us, client.waiting});
  const auto at = clients_.find(id);
  if (at == clients_.end() || at->second->answer != nullptr) return;
  WaitForAnswer(*at->second, id, kind == RequestKind::kRefresh || kind == RequestKind::kFlush);
}

void Server::Reply(ClientId id, AnswerBytes answer) {
  const auto at = clients_.find(id);
  if (at == clients_.end()) return;
  Client& client = *at->second;
  client.socket.End();
  client.patience.End();
  client.answer = std::move(answer);
  client.read_until_ms = MonotonicMs() + kReadingMs;
  Write(id);
}

void Server::Write(ClientId id) {
  Client& client = *clients_.at(id);
  const std::string_view bytes = *client.answer;
  while (client.sent < bytes.size()) {
    const ssize_t sent = send(client.fd.get(), bytes.data() + client.sent,
                              bytes.size() - client.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return WaitForReader(client, id);
    if (sent < 0) return Close(id);
    client.sent += static_cast<std::size_t>(sent);
  }
  Close(id);
}

// The time is for the request as a whole: nobody holds a place for long by sending a byte now and
// then.
void Server::WaitForRequest(Client& client, ClientId id) {
  if (client.socket.active()) return;
  loop_.WatchIo(client.socket, client.fd.get(), EPOLLIN, [this, id](std::uint32_t) { Read(id); });
  loop_.WatchTime(client.patience, kPatienceMs, [this, id] { Close(id); });
}

// Who hangs up leaves his place, and what was to be done for him need not be done.
void Server::WaitForAnswer(Client& client, ClientId id, bool refresh) {
  loop_.WatchIo(client.socket, client.fd.get(), EPOLLHUP, [this, id](std::uint32_t) { Close(id); });
  if (!refresh) loop_.WatchTime(client.patience, kAnswerMs, [this, id] { Close(id); });
}

// He has some time for each step, and some for all of it.
void Server::WaitForReader(Client& client, ClientId id) {
  const std::int64_t left = client.read_until_ms - MonotonicMs();
  if (left <= 0) return Close(id);
  if (!client.socket.active()) {
    loop_.WatchIo(client.socket, client.fd.get(), EPOLLOUT,
                  [this, id](std::uint32_t) { Write(id); });
  }
  loop_.WatchTime(client.patience, std::min(kPatienceMs, left), [this, id] { Close(id); });
}

void Server::Close(ClientId id) {
  const auto at = clients_.find(id);
  if (at != clients_.end()) {
    const Uid uid = at->second->peer.uid;
    const auto of_user = clients_of_.find(ShareOf(uid));
    if (--of_user->second == 0) clients_of_.erase(of_user);
    if (uid != 0) --others_;
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
