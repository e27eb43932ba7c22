// The client's side of an answer: frames to records. Pure; no allocation. Trusts nothing.
#ifndef SQLMAP_COMMON_WIRE_ANSWER_DECODER_H_
#define SQLMAP_COMMON_WIRE_ANSWER_DECODER_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/answer.h"
#include "common/account/login_gate.h"
#include "common/account/record.h"
#include "common/wire/codec.h"
#include "common/wire/protocol.h"

namespace sqlmap {

struct Frame {
  FrameKind kind = FrameKind::kAbsent;
  std::uint8_t detail = 0;
  std::span<unsigned char> payload;
};

enum class FrameState : std::uint8_t { kMore, kWhole, kBad };

// Reads the frame at the front of `bytes`. `size` becomes the frame's own, header included, as far
// as it is known: kMore: so many bytes are needed at least. kWhole: `frame` is set.
FrameState ReadFrame(std::span<unsigned char> bytes, Frame& frame, std::size_t& size) noexcept;

// Each is for a frame of its kind. False: the frame breaks the rules of protocol.h, and the record
// means nothing. The record's text is the payload's.
bool DecodeRecord(const Frame& frame, UserRecord& user) noexcept;
bool DecodeRecord(const Frame& frame, GroupRecord& group) noexcept;
bool DecodeRecord(const Frame& frame, ShadowRecord& shadow) noexcept;
// In place: the payload, which must be aligned for it, becomes the array.
bool DecodeRecord(const Frame& frame, std::span<const Gid>& gids) noexcept;
bool DecodeRecord(const Frame& frame, LoginAnswer& answer) noexcept;
// Made printable, line by line.
bool DecodeRecord(const Frame& frame, std::string_view& text) noexcept;
bool DecodeRecord(const Frame& frame, SshKeyLines& keys) noexcept;

// kAbsent and kUnavailable; anything else, also a record, is kServerError. `why` becomes what the
// server said to it, made printable, or "".
Answer DecodeNoRecord(const Frame& frame, std::string_view& why) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_ANSWER_DECODER_H_
