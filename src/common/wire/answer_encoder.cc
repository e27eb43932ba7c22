#include "common/wire/answer_encoder.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <initializer_list>

#include "common/wire/codec.h"
#include "common/wire/protocol.h"

namespace sqlmap {
namespace {

// One frame at the end of a string: undone unless it is closed.
class FrameWriter {
 public:
  FrameWriter(FrameKind kind, std::uint8_t detail, std::string& out)
      : out_(out), begin_(out.size()) {
    Number(std::uint32_t{0});
    Number(static_cast<std::uint8_t>(kind));
    Number(detail);
    Number(std::uint16_t{0});
  }

  template <std::unsigned_integral Value>
  void Number(Value number) {
    unsigned char bytes[sizeof number];
    StoreNumber(number, bytes);
    out_.append(reinterpret_cast<const char*>(bytes), sizeof bytes);
  }
  void Length(std::string_view text) {
    good_ = good_ && text.size() <= UINT16_MAX && text.find('\0') == std::string_view::npos;
    Number(static_cast<std::uint16_t>(text.size()));
  }
  void Bytes(std::string_view bytes) {
    // Or a hopeless frame would be built up first.
    good_ = good_ && bytes.size() <= kPayloadMax - std::min(kPayloadMax, out_.size() - begin_);
    if (good_) out_.append(bytes);
  }
  void Terminated(std::string_view text) {
    Bytes(text);
    out_.push_back('\0');
  }

  // Whether the frame is good, and has been left there.
  bool Close() {
    const std::size_t length = out_.size() - begin_ - kFrameHeader;
    if (!good_ || length > kPayloadMax) {
      out_.resize(begin_);
      return false;
    }
    StoreNumber(static_cast<std::uint32_t>(length),
                reinterpret_cast<unsigned char*>(out_.data() + begin_));
    return true;
  }

 private:
  std::string& out_;
  const std::size_t begin_;
  bool good_ = true;
};

template <class Value, std::size_t kCount>
std::uint8_t NumberOf(const WireNumber<Value> (&table)[kCount], Value value, Value otherwise) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [value](const auto& row) { return row.value == value; });
  return found != std::end(table) ? found->number : NumberOf(table, otherwise, otherwise);
}

std::string_view Clipped(std::string_view text, std::size_t max) {
  return text.substr(0, std::min(max, text.find('\0')));
}

}  // namespace

bool AppendUser(const UserRecord& user, std::string& out) {
  FrameWriter frame(FrameKind::kUser, 0, out);
  const auto texts = {user.name, user.password, user.gecos, user.home, user.shell};
  frame.Number(user.uid);
  frame.Number(user.gid);
  for (const std::string_view text : texts) frame.Length(text);
  frame.Number(std::uint16_t{0});
  for (const std::string_view text : texts) frame.Terminated(text);
  return frame.Close();
}

bool AppendGroup(const GroupRecord& group, std::string& out) {
  const std::string_view members = group.members.bytes;
  const auto ends = static_cast<std::size_t>(std::count(members.begin(), members.end(), '\0'));
  if (ends != group.members.count || (!members.empty() && members.back() != '\0') ||
      members.size() > kPayloadMax) {
    return false;
  }
  FrameWriter frame(FrameKind::kGroup, 0, out);
  frame.Number(group.gid);
  frame.Number(static_cast<std::uint32_t>(ends));
  frame.Number(static_cast<std::uint32_t>(members.size()));
  frame.Length(group.name);
  frame.Length(group.password);
  frame.Bytes(members);
  frame.Terminated(group.name);
  frame.Terminated(group.password);
  return frame.Close();
}

bool AppendGids(std::span<const Gid> gids, std::string& out) {
  if (gids.size() > kPayloadMax / sizeof(Gid)) return false;
  FrameWriter frame(FrameKind::kGids, 0, out);
  for (const Gid gid : gids) frame.Number(gid);
  return frame.Close();
}

bool AppendShadow(const ShadowRecord& shadow, std::string& out) {
  FrameWriter frame(FrameKind::kShadow, 0, out);
  for (const std::int64_t number :
       {shadow.lstchg, shadow.min, shadow.max, shadow.warn, shadow.inact, shadow.expire}) {
    frame.Number(static_cast<std::uint64_t>(number));
  }
  frame.Number(shadow.flag);
  frame.Length(shadow.name);
  frame.Length(shadow.hash);
  frame.Number(std::uint32_t{0});
  frame.Terminated(shadow.name);
  frame.Terminated(shadow.hash);
  return frame.Close();
}

bool AppendSshKeys(const SshKeyLines& keys, std::string& out) {
  if (!IsSshKeyLines(keys.text)) return false;
  FrameWriter frame(FrameKind::kSshKeys, 0, out);
  frame.Bytes(keys.text);
  return frame.Close();
}

void AppendAbsent(std::string& out) { FrameWriter(FrameKind::kAbsent, 0, out).Close(); }

void AppendUnavailable(Reason reason, std::string_view why, std::string& out) {
  const std::uint8_t number = NumberOf(kReasonNumbers, reason, Reason::kServerError);
  FrameWriter frame(FrameKind::kUnavailable, number, out);
  frame.Bytes(Clipped(why, kWireReasonMax));
  frame.Close();
}

void AppendVerdict(const LoginAnswer& answer, std::string& out) {
  const std::string_view reason = Clipped({answer.reason, sizeof answer.reason}, kWireReasonMax);
  FrameWriter frame(FrameKind::kVerdict,
                    NumberOf(kVerdictNumbers, answer.verdict, LoginVerdict::kUnavailable), out);
  frame.Number(static_cast<std::uint32_t>(answer.days_left));
  frame.Length(reason);
  frame.Number(answer.offline ? verdict_flag::kOffline : std::uint16_t{0});
  frame.Bytes(reason);
  frame.Close();
}

void AppendText(std::string_view text, std::string& out) {
  FrameWriter frame(FrameKind::kText, 0, out);
  frame.Bytes(Clipped(text, kPayloadMax - kFrameHeader));
  frame.Close();
}

}  // namespace sqlmap
