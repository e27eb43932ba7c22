// The client's side: whatever a server sends is a record that keeps the rules, or none; and what
// the encoder makes of that record is the frame that it came in.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/answer_decoder.h"
#include "common/wire/answer_encoder.h"

namespace {

using namespace sqlmap;

void Require(bool holds) {
  if (!holds) std::abort();
}

void RequireTerminated(std::string_view text) {
  Require(text.find('\0') == std::string_view::npos && text.data()[text.size()] == '\0');
}

template <class Record, class Append>
bool ComesBack(const Frame& frame, const std::string& bytes, Append append, Record& record) {
  if (!DecodeRecord(frame, record)) return false;
  std::string again;
  Require(append(record, again));
  Require(again == bytes);
  return true;
}

// `bytes` is the frame.
void Check(const Frame& frame, const std::string& bytes) {
  std::string_view why;
  switch (frame.kind) {
    case FrameKind::kUser: {
      UserRecord user;
      if (!ComesBack(frame, bytes, AppendUser, user)) return;
      for (const std::string_view text :
           {user.name, user.password, user.gecos, user.home, user.shell}) {
        RequireTerminated(text);
      }
      return;
    }
    case FrameKind::kGroup: {
      GroupRecord group;
      if (!ComesBack(frame, bytes, AppendGroup, group)) return;
      RequireTerminated(group.name);
      RequireTerminated(group.password);
      std::size_t count = 0;
      group.members.ForEach([&](std::string_view member) {
        RequireTerminated(member);
        ++count;
      });
      Require(count == group.members.count);
      return;
    }
    case FrameKind::kShadow: {
      ShadowRecord shadow;
      if (!ComesBack(frame, bytes, AppendShadow, shadow)) return;
      RequireTerminated(shadow.name);
      RequireTerminated(shadow.hash);
      return;
    }
    case FrameKind::kGids: {
      std::span<const Gid> gids;
      if (!ComesBack(frame, bytes, AppendGids, gids)) return;
      Require(gids.size() * sizeof(Gid) == frame.payload.size());
      return;
    }
    case FrameKind::kVerdict: {
      LoginAnswer answer;
      const bool decoded = DecodeRecord(frame, answer);
      Require(strnlen(answer.reason, sizeof answer.reason) < sizeof answer.reason);
      Require((answer.verdict == LoginVerdict::kAccepted) == (decoded && frame.detail == 1));
      return;
    }
    case FrameKind::kText:
      if (DecodeRecord(frame, why)) Require(why.size() == frame.payload.size());
      return;
    case FrameKind::kSshKeys: {
      SshKeyLines keys;
      if (!ComesBack(frame, bytes, AppendSshKeys, keys)) return;
      Require(keys.text.ends_with('\n') && keys.text.find('\0') == std::string_view::npos);
      return;
    }
    case FrameKind::kAbsent:
    case FrameKind::kUnavailable: {
      const Answer answer = DecodeNoRecord(frame, why);
      Require(!answer.found() && why.size() <= kWireReasonMax);
      Require(answer.absent() == (frame.kind == FrameKind::kAbsent && frame.payload.empty()));
      Require(answer.absent() || answer.reason != Reason::kNone);
      return;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<unsigned char> stream(data, data + size);
  std::span<unsigned char> left(stream);
  for (;;) {
    Frame frame;
    std::size_t need = 0;
    const FrameState state = ReadFrame(left, frame, need);
    if (state == FrameState::kMore) Require(need > left.size());
    if (state != FrameState::kWhole) return 0;
    Require(need >= kFrameHeader && need <= left.size());
    Require(frame.payload.size() == need - kFrameHeader);
    const std::string bytes(reinterpret_cast<const char*>(left.data()), need);
    // In memory of its own: aligned, and a byte read beyond it is seen.
    std::vector<unsigned char> payload(frame.payload.begin(), frame.payload.end());
    frame.payload = payload;
    Check(frame, bytes);
    left = left.subspan(need);
  }
}
