#include "direct/facade.h"

#include <unistd.h>

#include <memory>
#include <new>
#include <utility>

#include "common/process/call_guard.h"

namespace sqlmap {
namespace {

template <class Work>
Answer WithEngine(EngineHolder& holder, Work work) noexcept {
  const CallGuard guard;
  try {
    const std::shared_ptr<Engine> engine = holder.Current();
    return engine == nullptr ? Answer::Unavailable(Reason::kNotConfigured) : work(engine);
  } catch (...) {
    return Answer::Unavailable(Reason::kNoMemory);
  }
}

// A walk that outlives a change of the configuration keeps the engine that it began with.
template <class Record>
class EngineCursor final : public Cursor<Record> {
 public:
  EngineCursor(std::shared_ptr<Engine> engine, Cursor<Record>* cursor)
      : engine_(std::move(engine)), cursor_(cursor) {}

  Answer Next(Record& record) noexcept override {
    const CallGuard guard;
    return cursor_->Next(record);
  }
  void Close() noexcept override {
    const CallGuard guard;
    cursor_->Close();
    delete this;
  }

 private:
  ~EngineCursor() = default;

  const std::shared_ptr<Engine> engine_;
  Cursor<Record>* const cursor_;
};

template <class Record>
Answer Open(EngineHolder& holder, Answer (SqlAccountSource::*list)(Cursor<Record>*&) noexcept,
            Cursor<Record>*& cursor) noexcept {
  return WithEngine(holder, [&](const std::shared_ptr<Engine>& engine) {
    Cursor<Record>* inner = nullptr;
    const Answer answer = (engine->accounts().*list)(inner);
    if (!answer.found()) return answer;
    auto* const outer = new (std::nothrow) EngineCursor<Record>(engine, inner);
    if (outer == nullptr) {
      inner->Close();
      return Answer::Unavailable(Reason::kNoMemory);
    }
    cursor = outer;
    return answer;
  });
}

// Who asks is this process.
LoginRequest FromHere(LoginRequest request) {
  request.pid = getpid();
  return request;
}

void AskGate(EngineHolder& holder,
             void (LoginGate::*question)(const LoginRequest&, LoginAnswer&) noexcept,
             const LoginRequest& request, LoginAnswer& answer) noexcept {
  answer = LoginAnswer();
  WithEngine(holder, [&](const auto& engine) {
    LoginGate& gate = engine->logins();
    (gate.*question)(FromHere(request), answer);
    return Answer::Found();
  });
}

}  // namespace

Answer AccountFacade::FindUserByName(std::string_view name, UserSink found) noexcept {
  return WithEngine(
      holder_, [&](const auto& engine) { return engine->accounts().FindUserByName(name, found); });
}
Answer AccountFacade::FindUserById(Uid uid, UserSink found) noexcept {
  return WithEngine(
      holder_, [&](const auto& engine) { return engine->accounts().FindUserById(uid, found); });
}
Answer AccountFacade::FindGroupByName(std::string_view name, GroupSink found) noexcept {
  return WithEngine(
      holder_, [&](const auto& engine) { return engine->accounts().FindGroupByName(name, found); });
}
Answer AccountFacade::FindGroupById(Gid gid, GroupSink found) noexcept {
  return WithEngine(
      holder_, [&](const auto& engine) { return engine->accounts().FindGroupById(gid, found); });
}
Answer AccountFacade::FindGroupsOfUser(std::string_view name, GidsSink found) noexcept {
  return WithEngine(holder_, [&](const auto& engine) {
    return engine->accounts().FindGroupsOfUser(name, found);
  });
}
Answer AccountFacade::FindShadow(std::string_view name, ShadowSink found) noexcept {
  return WithEngine(holder_,
                    [&](const auto& engine) { return engine->accounts().FindShadow(name, found); });
}
Answer AccountFacade::ListUsers(Cursor<UserRecord>*& cursor) noexcept {
  return Open(holder_, &SqlAccountSource::ListUsers, cursor);
}
Answer AccountFacade::ListGroups(Cursor<GroupRecord>*& cursor) noexcept {
  return Open(holder_, &SqlAccountSource::ListGroups, cursor);
}
Answer AccountFacade::ListShadows(Cursor<ShadowRecord>*& cursor) noexcept {
  return Open(holder_, &SqlAccountSource::ListShadows, cursor);
}

void LoginFacade::Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept {
  answer = LoginAnswer();
  WithEngine(holder_, [&](const auto& engine) {
    const LoginRequest here = FromHere(request);
    engine->logins().Authenticate(here, answer);
    engine->logins().NoteAttempt(here, answer);
    return Answer::Found();
  });
}
void LoginFacade::CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept {
  AskGate(holder_, &LoginGate::CheckAccount, request, answer);
}
void LoginFacade::PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept {
  AskGate(holder_, &LoginGate::PrepareChange, request, answer);
}
void LoginFacade::ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept {
  AskGate(holder_, &LoginGate::ChangePassword, request, answer);
}
void LoginFacade::OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept {
  AskGate(holder_, &LoginGate::OpenSession, request, answer);
}
void LoginFacade::CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept {
  AskGate(holder_, &LoginGate::CloseSession, request, answer);
}

}  // namespace sqlmap
