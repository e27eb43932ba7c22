#include "common/wire/client.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <span>

#include "common/process/call_guard.h"
#include "common/process/monotonic.h"
#include "common/wire/answer_buffer.h"
#include "common/wire/answer_decoder.h"
#include "common/wire/daemon_connection.h"
#include "common/wire/request_writer.h"

namespace sqlmap {
namespace {

constexpr std::size_t kListMax = std::size_t{1} << 30;  // bytes of a whole list

Answer Ask(DaemonConnection& connection, const char* path, RequestWriter& request) {
  const std::span<iovec> pieces = request.Pieces();
  if (pieces.empty()) return Answer::Unavailable(Reason::kServerError);
  const Answer opened = connection.Open(path);
  return opened.found() ? connection.Send(pieces) : opened;
}

// Found: the frame that begins at `at` is whole.
Answer ReceiveFrame(DaemonConnection& connection, AnswerBuffer& buffer, std::size_t at,
                    Frame& frame, std::size_t& size) {
  for (;;) {
    switch (ReadFrame(buffer.bytes().subspan(at), frame, size)) {
      case FrameState::kWhole:
        return Answer::Found();
      case FrameState::kBad:
        return Answer::Unavailable(Reason::kServerError);
      case FrameState::kMore:
        break;
    }
    if (at + size > kListMax) return Answer::Unavailable(Reason::kServerError);
    if (!buffer.Reserve(at + size)) return Answer::Unavailable(Reason::kNoMemory);
    std::size_t count = 0;
    const Answer received = connection.Receive(buffer.Space(), count);
    if (!received.found()) return received;
    buffer.Add(count);
  }
}

template <class Record>
struct Expected;
template <>
struct Expected<UserRecord> {
  static constexpr FrameKind kKind = FrameKind::kUser;
};
template <>
struct Expected<GroupRecord> {
  static constexpr FrameKind kKind = FrameKind::kGroup;
};
template <>
struct Expected<ShadowRecord> {
  static constexpr FrameKind kKind = FrameKind::kShadow;
};
template <>
struct Expected<std::span<const Gid>> {
  static constexpr FrameKind kKind = FrameKind::kGids;
};
template <>
struct Expected<LoginAnswer> {
  static constexpr FrameKind kKind = FrameKind::kVerdict;
};
template <>
struct Expected<std::string_view> {
  static constexpr FrameKind kKind = FrameKind::kText;
};
template <>
struct Expected<SshKeyLines> {
  static constexpr FrameKind kKind = FrameKind::kSshKeys;
};

bool Allows(IdRule may_have, const UserRecord& user) {
  return may_have(IdKind::kUid, user.uid) && may_have(IdKind::kGid, user.gid);
}
bool Allows(IdRule may_have, const GroupRecord& group) { return may_have(IdKind::kGid, group.gid); }
bool Allows(IdRule may_have, std::span<const Gid> gids) {
  return std::all_of(gids.begin(), gids.end(),
                     [&](Gid gid) { return may_have(IdKind::kGid, gid); });
}
// Nothing that these have is an id.
bool Allows(IdRule, const ShadowRecord&) { return true; }
bool Allows(IdRule, const LoginAnswer&) { return true; }
bool Allows(IdRule, std::string_view) { return true; }
bool Allows(IdRule, const SshKeyLines&) { return true; }

struct Call {
  const char* path;
  int budget_ms;
  std::atomic<bool>& no_daemon;
  IdRule may_have = MayHaveAllButReserved;

  // Puts one question. `record` and `why` are good as long as `buffer` is.
  template <class Record>
  Answer Put(RequestWriter& request, AnswerBuffer& buffer, Record& record,
             std::string_view& why) const noexcept {
    DaemonConnection connection(budget_ms);
    const Answer asked = Ask(connection, path, request);
    no_daemon.store(asked == Answer::Unavailable(Reason::kNotConfigured),
                    std::memory_order_relaxed);
    if (!asked.found()) return asked;
    Frame frame;
    std::size_t size = 0;
    const Answer received = ReceiveFrame(connection, buffer, 0, frame, size);
    if (!received.found()) return received;
    if (size != buffer.bytes().size()) return Answer::Unavailable(Reason::kServerError);
    if (frame.kind != Expected<Record>::kKind) return DecodeNoRecord(frame, why);
    return DecodeRecord(frame, record) && Allows(may_have, record)
               ? Answer::Found()
               : Answer::Unavailable(Reason::kServerError);
  }

  template <class Record>
  Answer Find(RequestWriter& request, FunctionRef<void(const Record&)> found) const noexcept {
    const CallGuard guard;
    AnswerBuffer buffer;
    Record record{};
    std::string_view why;
    const std::int64_t deadline = MonotonicMs() + budget_ms;
    Answer answer = Put(request, buffer, record, why);
    // Not a word: the daemon's child died over it, and the next one is there in a moment.
    if (answer == Answer::Unavailable(Reason::kUnreachable) && buffer.bytes().empty()) {
      const auto left = std::max<std::int64_t>(deadline - MonotonicMs(), 0);
      answer =
          Call{path, static_cast<int>(left), no_daemon, may_have}.Put(request, buffer, record, why);
    }
    if (answer.found()) found(record);
    return answer;
  }

  template <class Record>
  Answer List(RequestKind kind, Cursor<Record>*& cursor) const noexcept;
};

// Lies at the end of the pages that it reads.
template <class Record>
class PagesCursor final : public Cursor<Record> {
 public:
  PagesCursor(std::span<unsigned char> pages, std::size_t size)
      : pages_(pages), frames_(pages.first(size)) {}

  Answer Next(Record& record) noexcept override {
    if (!state_.found()) return state_;
    Frame frame;
    std::size_t size = 0;
    if (ReadFrame(frames_, frame, size) != FrameState::kWhole) {
      return state_ = Answer::Unavailable(Reason::kServerError);
    }
    frames_ = frames_.subspan(size);
    std::string_view why;
    if (frame.kind != Expected<Record>::kKind) return state_ = DecodeNoRecord(frame, why);
    if (!DecodeRecord(frame, record)) state_ = Answer::Unavailable(Reason::kServerError);
    return state_;
  }

  void Close() noexcept override {
    const int saved = errno;
    munmap(pages_.data(), pages_.size());  // and this object with them
    errno = saved;
  }

 private:
  const std::span<unsigned char> pages_;
  std::span<unsigned char> frames_;  // not read yet
  Answer state_ = Answer::Found();
};

template <class Record>
Answer Call::List(RequestKind kind, Cursor<Record>*& cursor) const noexcept {
  const CallGuard guard;
  AnswerBuffer buffer;
  DaemonConnection connection(budget_ms);
  RequestWriter request(kind);
  const Answer asked = Ask(connection, path, request);
  no_daemon.store(asked == Answer::Unavailable(Reason::kNotConfigured), std::memory_order_relaxed);
  if (!asked.found()) return asked;
  Frame frame;
  std::size_t at = 0;
  do {
    std::size_t size = 0;
    const Answer received = ReceiveFrame(connection, buffer, at, frame, size);
    if (!received.found()) return received;
    at += size;
    Record record;
    if (frame.kind == Expected<Record>::kKind && DecodeRecord(frame, record) &&
        !Allows(may_have, record)) {
      return Answer::Unavailable(Reason::kServerError);
    }
  } while (frame.kind == Expected<Record>::kKind);
  std::string_view why;
  const Answer end = DecodeNoRecord(frame, why);
  if (!end.absent()) return end;
  if (at != buffer.bytes().size()) return Answer::Unavailable(Reason::kServerError);

  using Pages = PagesCursor<Record>;
  const std::size_t behind = (at + alignof(Pages) - 1) / alignof(Pages) * alignof(Pages);
  // Larger than what is on the stack, so that there are pages.
  if (!buffer.Reserve(std::max(behind + sizeof(Pages), AnswerBuffer::kOnStack + 1))) {
    return Answer::Unavailable(Reason::kNoMemory);
  }
  const std::span<unsigned char> pages = buffer.Release();
  cursor = new (pages.data() + behind) Pages(pages, at);
  return Answer::Found();
}

constexpr std::string_view WhyUnavailable(Reason reason) {
  switch (reason) {
    case Reason::kNotConfigured:
      return "sqlmapd is not there, or not configured for this";
    case Reason::kNotAllowed:
      return "this process may not ask sqlmapd";
    case Reason::kTimeout:
      return "sqlmapd did not answer in time";
    case Reason::kServerError:
      return "sqlmapd's answer was malformed, or an error";
    case Reason::kNoMemory:
      return "out of memory or descriptors";
    case Reason::kUnreachable:
    case Reason::kNeverSetUp:  // never said by a daemon
    case Reason::kNone:
      break;
  }
  return "sqlmapd hung up";
}

RequestWriter& Who(RequestWriter& request, const LoginRequest& login) {
  return request.Text(login.name).Text(login.service).Text(login.rhost).Text(login.tty);
}

void Login(const Call& call, RequestWriter& request, LoginAnswer& answer) noexcept {
  const CallGuard guard;
  AnswerBuffer buffer;
  std::string_view why;
  answer = LoginAnswer();
  const Answer asked = call.Put(request, buffer, answer, why);
  if (asked.found()) return;
  answer = LoginAnswer();
  const bool silent = asked.reason == Reason::kTimeout || asked.reason == Reason::kUnreachable ||
                      asked.reason == Reason::kServerError;
  answer.unanswered = why.empty() && silent;
  if (why.empty()) why = WhyUnavailable(asked.reason);
  std::memcpy(answer.reason, why.data(), std::min(why.size(), sizeof answer.reason - 1));
}

Answer Report(const Call& call, RequestWriter& request, SocketControl::TextSink text) noexcept {
  const CallGuard guard;
  AnswerBuffer buffer;
  std::string_view report;
  std::string_view why;
  const Answer answer = call.Put(request, buffer, report, why);
  if (answer.found()) text(report);
  if (!answer.found() && !why.empty()) text(why);
  return answer;
}

}  // namespace

Answer SocketSource::FindUserByName(std::string_view name, UserSink found) noexcept {
  RequestWriter request(RequestKind::kUserByName);
  return Call{path_, budget_ms_, no_daemon_, may_have_}.Find<UserRecord>(request.Text(name), found);
}
Answer SocketSource::FindUserById(Uid uid, UserSink found) noexcept {
  RequestWriter request(RequestKind::kUserById);
  return Call{path_, budget_ms_, no_daemon_, may_have_}.Find<UserRecord>(request.Id(uid), found);
}
Answer SocketSource::FindGroupByName(std::string_view name, GroupSink found) noexcept {
  RequestWriter request(RequestKind::kGroupByName);
  return Call{path_, budget_ms_, no_daemon_, may_have_}.Find<GroupRecord>(request.Text(name),
                                                                          found);
}
Answer SocketSource::FindGroupById(Gid gid, GroupSink found) noexcept {
  RequestWriter request(RequestKind::kGroupById);
  return Call{path_, budget_ms_, no_daemon_, may_have_}.Find<GroupRecord>(request.Id(gid), found);
}
Answer SocketSource::FindGroupsOfUser(std::string_view name, GidsSink found) noexcept {
  RequestWriter request(RequestKind::kGroupsOfUser);
  const Call call{path_, budget_ms_, no_daemon_, may_have_};
  return call.Find<std::span<const Gid>>(request.Text(name),
                                         [&](const std::span<const Gid>& gids) { found(gids); });
}
Answer SocketSource::FindShadow(std::string_view name, ShadowSink found) noexcept {
  RequestWriter request(RequestKind::kShadowByName);
  return Call{path_, budget_ms_, no_daemon_, may_have_}.Find<ShadowRecord>(request.Text(name),
                                                                           found);
}
Answer SocketSource::ListUsers(Cursor<UserRecord>*& cursor) noexcept {
  return Call{path_, budget_ms_, no_daemon_, may_have_}.List(RequestKind::kListUsers, cursor);
}
Answer SocketSource::ListGroups(Cursor<GroupRecord>*& cursor) noexcept {
  return Call{path_, budget_ms_, no_daemon_, may_have_}.List(RequestKind::kListGroups, cursor);
}
Answer SocketSource::ListShadows(Cursor<ShadowRecord>*& cursor) noexcept {
  return Call{path_, budget_ms_, no_daemon_, may_have_}.List(RequestKind::kListShadows, cursor);
}

void SocketGate::Authenticate(const LoginRequest& login, LoginAnswer& answer) noexcept {
  RequestWriter request(RequestKind::kAuthenticate,
                        login.allow_empty_password ? request_flag::kAllowEmpty : 0);
  Login({path_, authenticate_budget_ms_, no_daemon_}, Who(request, login).Text(login.password),
        answer);
}

void SocketGate::CheckAccount(const LoginRequest& login, LoginAnswer& answer) noexcept {
  RequestWriter request(RequestKind::kCheckAccount);
  Login({path_, budget_ms_, no_daemon_}, Who(request, login), answer);
}

void SocketGate::PrepareChange(const LoginRequest& login, LoginAnswer& answer) noexcept {
  RequestWriter request(RequestKind::kPrepareChange, login.by_root ? request_flag::kByRoot : 0);
  Login({path_, authenticate_budget_ms_, no_daemon_}, Who(request, login).Text(login.password),
        answer);
}

void SocketGate::ChangePassword(const LoginRequest& login, LoginAnswer& answer) noexcept {
  RequestWriter request(RequestKind::kChangePassword, login.by_root ? request_flag::kByRoot : 0);
  Who(request, login).Text(login.password).Text(login.new_password);
  Login({path_, authenticate_budget_ms_, no_daemon_}, request, answer);
  // It may have been stored.
  if (answer.unanswered) answer.verdict = LoginVerdict::kUndecided;
}

void SocketGate::OpenSession(const LoginRequest& login, LoginAnswer& answer) noexcept {
  RequestWriter request(RequestKind::kOpenSession);
  Login({path_, budget_ms_, no_daemon_}, Who(request, login), answer);
}

void SocketGate::CloseSession(const LoginRequest& login, LoginAnswer& answer) noexcept {
  RequestWriter request(RequestKind::kCloseSession);
  Login({path_, budget_ms_, no_daemon_}, Who(request, login), answer);
}

Answer SocketControl::Refresh(std::uint16_t flags, TextSink text) noexcept {
  RequestWriter request(RequestKind::kRefresh, flags);
  return Report({path_, budget_ms_, no_daemon_}, request, text);
}
Answer SocketControl::Flush(std::string_view name, TextSink text) noexcept {
  RequestWriter request(RequestKind::kFlush);
  return Report({path_, budget_ms_, no_daemon_}, request.Text(name), text);
}
Answer SocketControl::Status(TextSink text) noexcept {
  RequestWriter request(RequestKind::kStatus);
  return Report({path_, budget_ms_, no_daemon_}, request, text);
}
Answer SocketControl::SshKeys(std::string_view name, TextSink text) noexcept {
  const CallGuard guard;
  RequestWriter request(RequestKind::kSshKeys);
  AnswerBuffer buffer;
  SshKeyLines keys;
  std::string_view why;
  const Answer answer =
      Call{path_, budget_ms_, no_daemon_}.Put(request.Text(name), buffer, keys, why);
  if (answer.found()) text(keys.text);
  if (!answer.found() && !why.empty()) text(why);
  return answer;
}

}  // namespace sqlmap
