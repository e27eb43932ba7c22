#include "common/wire/answer_decoder.h"

#include <algorithm>
#include <iterator>
#include <new>

namespace sqlmap {
namespace {

bool HasDetail(FrameKind kind) {
  return kind == FrameKind::kVerdict || kind == FrameKind::kUnavailable;
}

constexpr FrameKind kFrameKinds[] = {
    FrameKind::kUser,    FrameKind::kGroup,   FrameKind::kGids,
    FrameKind::kShadow,  FrameKind::kVerdict, FrameKind::kText,
    FrameKind::kSshKeys, FrameKind::kAbsent,  FrameKind::kUnavailable,
};

// Null: no such number.
template <class Value, std::size_t kCount>
const Value* ValueOf(const WireNumber<Value> (&table)[kCount], std::uint8_t number) {
  for (const WireNumber<Value>& row : table) {
    if (row.number == number) return &row.value;
  }
  return nullptr;
}

// For a log or a terminal: whatever could forge a line or hide one becomes '?'.
char Printable(char c) { return c >= ' ' && c <= '~' ? c : '?'; }

}  // namespace

FrameState ReadFrame(std::span<unsigned char> bytes, Frame& frame, std::size_t& size) noexcept {
  size = kFrameHeader;
  if (bytes.size() < kFrameHeader) return FrameState::kMore;
  FieldReader header(bytes.first(kFrameHeader));
  const std::size_t length = header.U32();
  const auto kind = header.Take<std::uint8_t>();
  const auto detail = header.Take<std::uint8_t>();
  header.Zero<std::uint16_t>();
  const auto* const known = std::find_if(
      std::begin(kFrameKinds), std::end(kFrameKinds),
      [kind](FrameKind candidate) { return static_cast<std::uint8_t>(candidate) == kind; });
  if (!header.Done() || length > kPayloadMax || known == std::end(kFrameKinds)) {
    return FrameState::kBad;
  }
  frame.kind = *known;
  frame.detail = detail;
  if (detail != 0 && !HasDetail(frame.kind)) return FrameState::kBad;
  size = kFrameHeader + length;
  if (bytes.size() < size) return FrameState::kMore;
  frame.payload = bytes.subspan(kFrameHeader, length);
  return FrameState::kWhole;
}

bool DecodeRecord(const Frame& frame, UserRecord& user) noexcept {
  FieldReader fields(frame.payload);
  user.packed = {};
  user.uid = fields.U32();
  user.gid = fields.U32();
  const std::size_t name = fields.U16();
  const std::size_t password = fields.U16();
  const std::size_t gecos = fields.U16();
  const std::size_t home = fields.U16();
  const std::size_t shell = fields.U16();
  fields.Zero<std::uint16_t>();
  user.name = fields.Terminated(name);
  user.password = fields.Terminated(password);
  user.gecos = fields.Terminated(gecos);
  user.home = fields.Terminated(home);
  user.shell = fields.Terminated(shell);
  return fields.Done();
}

bool DecodeRecord(const Frame& frame, GroupRecord& group) noexcept {
  FieldReader fields(frame.payload);
  group.packed = {};
  group.gid = fields.U32();
  group.members.count = fields.U32();
  const std::size_t members = fields.U32();
  const std::size_t name = fields.U16();
  const std::size_t password = fields.U16();
  group.members.bytes = fields.Bytes(members);
  group.name = fields.Terminated(name);
  group.password = fields.Terminated(password);
  const std::string_view bytes = group.members.bytes;
  const auto ends = static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\0'));
  return fields.Done() && ends == group.members.count && (bytes.empty() || bytes.back() == '\0');
}

bool DecodeRecord(const Frame& frame, ShadowRecord& shadow) noexcept {
  FieldReader fields(frame.payload);
  for (std::int64_t* const number :
       {&shadow.lstchg, &shadow.min, &shadow.max, &shadow.warn, &shadow.inact, &shadow.expire}) {
    *number = fields.I64();
  }
  shadow.flag = fields.U64();
  const std::size_t name = fields.U16();
  const std::size_t hash = fields.U16();
  fields.Zero<std::uint32_t>();
  shadow.name = fields.Terminated(name);
  shadow.hash = fields.Terminated(hash);
  return fields.Done();
}

bool DecodeRecord(const Frame& frame, std::span<const Gid>& gids) noexcept {
  unsigned char* const bytes = frame.payload.data();
  const std::size_t count = frame.payload.size() / sizeof(Gid);
  if (frame.payload.size() % sizeof(Gid) != 0) return false;
  if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(Gid) != 0) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const Gid gid = LoadNumber<Gid>(bytes + i * sizeof(Gid));
    new (bytes + i * sizeof(Gid)) Gid(gid);
  }
  gids = std::span<const Gid>(reinterpret_cast<const Gid*>(bytes), count);
  return true;
}

bool DecodeRecord(const Frame& frame, LoginAnswer& answer) noexcept {
  const LoginVerdict* const verdict = ValueOf(kVerdictNumbers, frame.detail);
  FieldReader fields(frame.payload);
  const std::int32_t days_left = fields.I32();
  const std::size_t length = fields.U16();
  const std::uint16_t flags = fields.U16();
  const std::string_view reason = fields.Text(length);
  if (verdict == nullptr || !fields.Done() || length > kWireReasonMax) return false;
  const bool offline = flags == verdict_flag::kOffline;
  if (flags != 0 && !(offline && *verdict == LoginVerdict::kAccepted)) return false;
  answer.verdict = *verdict;
  answer.offline = offline;
  answer.days_left = days_left;
  static_assert(sizeof answer.reason == kWireReasonMax + 1);
  *std::transform(reason.begin(), reason.end(), answer.reason, Printable) = '\0';
  return true;
}

bool DecodeRecord(const Frame& frame, std::string_view& text) noexcept {
  FieldReader fields(frame.payload);
  text = fields.Text(frame.payload.size());
  std::transform(text.begin(), text.end(), frame.payload.begin(),
                 [](char c) { return c == '\n' ? c : Printable(c); });
  return fields.Done();
}

bool DecodeRecord(const Frame& frame, SshKeyLines& keys) noexcept {
  FieldReader fields(frame.payload);
  keys.text = fields.Text(frame.payload.size());
  return fields.Done() && IsSshKeyLines(keys.text);
}

Answer DecodeNoRecord(const Frame& frame, std::string_view& why) noexcept {
  why = std::string_view();
  if (frame.kind == FrameKind::kAbsent && frame.payload.empty()) return Answer::Absent();
  const Reason* const reason = ValueOf(kReasonNumbers, frame.detail);
  if (frame.kind != FrameKind::kUnavailable || reason == nullptr ||
      frame.payload.size() > kWireReasonMax) {
    return Answer::Unavailable(Reason::kServerError);
  }
  if (!DecodeRecord(frame, why)) return Answer::Unavailable(Reason::kServerError);
  std::transform(why.begin(), why.end(), frame.payload.begin(), Printable);
  return Answer::Unavailable(*reason);
}

}  // namespace sqlmap
