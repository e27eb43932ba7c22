#include "common/wire/request_parser.h"

#include <string.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/wire/codec.h"

namespace sqlmap {
namespace {

constexpr std::size_t kRequestNameMax = 255;

constexpr std::size_t kNameFields = sizeof(std::uint16_t) + kRequestNameMax;
constexpr std::size_t kLoginFields = kRequestMax - kRequestHeader;

struct Kind {
  std::string_view name;
  RequestKind kind;
  std::uint16_t most;       // bytes of fields
  std::uint16_t flags = 0;  // those that it may have
};

constexpr Kind kKinds[] = {
    {"user by name", RequestKind::kUserByName, kNameFields},
    {"user by id", RequestKind::kUserById, sizeof(std::uint32_t)},
    {"group by name", RequestKind::kGroupByName, kNameFields},
    {"group by id", RequestKind::kGroupById, sizeof(std::uint32_t)},
    {"groups of user", RequestKind::kGroupsOfUser, kNameFields},
    {"shadow by name", RequestKind::kShadowByName, kNameFields},
    {"list of users", RequestKind::kListUsers, 0},
    {"list of groups", RequestKind::kListGroups, 0},
    {"list of shadows", RequestKind::kListShadows, 0},
    {"authenticate", RequestKind::kAuthenticate, kLoginFields, request_flag::kAllowEmpty},
    {"check account", RequestKind::kCheckAccount, kLoginFields},
    {"prepare change", RequestKind::kPrepareChange, kLoginFields, request_flag::kByRoot},
    {"change password", RequestKind::kChangePassword, kLoginFields, request_flag::kByRoot},
    {"open session", RequestKind::kOpenSession, kLoginFields},
    {"close session", RequestKind::kCloseSession, kLoginFields},
    {"ssh keys", RequestKind::kSshKeys, kNameFields},
    {"refresh", RequestKind::kRefresh, 0, request_flag::kWait | request_flag::kForce},
    {"status", RequestKind::kStatus, 0},
    {"flush", RequestKind::kFlush, kNameFields},
};

// Null: there is none with this number.
const Kind* FindKind(std::uint16_t number) {
  const auto* const found = std::find_if(
      std::begin(kKinds), std::end(kKinds),
      [&](const Kind& kind) { return static_cast<std::uint16_t>(kind.kind) == number; });
  return found == std::end(kKinds) ? nullptr : found;
}

bool HasPassword(RequestKind kind) {
  return kind == RequestKind::kAuthenticate || kind == RequestKind::kPrepareChange ||
         kind == RequestKind::kChangePassword;
}

}  // namespace

std::string_view NameOf(RequestKind kind) {
  const Kind* const known = FindKind(static_cast<std::uint16_t>(kind));
  return known == nullptr ? std::string_view() : known->name;
}

std::span<unsigned char> RequestParser::Space() {
  if (used_ == size() && whole_ > used_) Grow();
  return {data() + used_, size() - used_};
}

// Who announces much and sends nothing gets no memory for it.
void RequestParser::Grow() {
  std::vector<unsigned char> larger(std::min(whole_, 4 * size()));
  std::copy_n(data(), used_, larger.data());
  explicit_bzero(data(), used_);
  large_ = std::move(larger);
}

RequestParser::State RequestParser::Add(std::size_t count) {
  used_ += count;
  if (state_ == State::kMore) state_ = Parse();
  if (state_ == State::kBad) Wipe();
  return state_;
}

RequestParser::State RequestParser::Parse() {
  if (used_ < kRequestHeader) return State::kMore;
  if (whole_ == 0) {
    FieldReader header({data(), kRequestHeader});
    const std::uint32_t magic = header.U32();
    const std::size_t length = header.U32();
    const Kind* const kind = FindKind(header.U16());
    const std::uint16_t flags = header.U16();
    if (magic != kMagic || kind == nullptr || length > kind->most || (flags & ~kind->flags) != 0) {
      return State::kBad;
    }
    request_.kind = kind->kind;
    const auto is = [&](RequestKind its, std::uint16_t flag) {
      return kind->kind == its && (flags & flag) != 0;
    };
    request_.login.allow_empty_password = is(RequestKind::kAuthenticate, request_flag::kAllowEmpty);
    request_.login.by_root = is(RequestKind::kPrepareChange, request_flag::kByRoot) ||
                             is(RequestKind::kChangePassword, request_flag::kByRoot);
    request_.wait = is(RequestKind::kRefresh, request_flag::kWait);
    request_.force = is(RequestKind::kRefresh, request_flag::kForce);
    whole_ = kRequestHeader + length;
  }
  if (used_ < whole_) return State::kMore;
  return used_ == whole_ && ParseFields() ? State::kWhole : State::kBad;
}

bool RequestParser::ParseFields() {
  FieldReader fields({data() + kRequestHeader, whole_ - kRequestHeader});
  const auto text = [&fields] { return fields.Text(fields.U16()); };
  switch (request_.kind) {
    case RequestKind::kUserById:
    case RequestKind::kGroupById:
      request_.id = fields.U32();
      return fields.Done();
    case RequestKind::kListUsers:
    case RequestKind::kListGroups:
    case RequestKind::kListShadows:
    case RequestKind::kRefresh:
    case RequestKind::kStatus:
      return fields.Done();
    case RequestKind::kFlush:
      request_.name = text();
      return fields.Done() && request_.name.size() <= kRequestNameMax;
    case RequestKind::kUserByName:
    case RequestKind::kGroupByName:
    case RequestKind::kGroupsOfUser:
    case RequestKind::kShadowByName:
    case RequestKind::kSshKeys:
      request_.name = text();
      break;
    case RequestKind::kAuthenticate:
    case RequestKind::kCheckAccount:
    case RequestKind::kPrepareChange:
    case RequestKind::kChangePassword:
    case RequestKind::kOpenSession:
    case RequestKind::kCloseSession:
      request_.name = text();
      request_.login.name = request_.name;
      request_.login.service = text();
      request_.login.rhost = text();
      request_.login.tty = text();
      if (HasPassword(request_.kind)) request_.login.password = text();
      if (request_.kind == RequestKind::kChangePassword) request_.login.new_password = text();
      break;
  }
  return fields.Done() && !request_.name.empty() && request_.name.size() <= kRequestNameMax;
}

void RequestParser::Wipe() {
  request_ = Request();
  explicit_bzero(small_.data(), small_.size());
  if (!large_.empty()) explicit_bzero(large_.data(), large_.size());
  state_ = State::kBad;
}

}  // namespace sqlmap
