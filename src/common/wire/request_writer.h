// The client's side of a request: pieces for sendmsg(2). Text is not copied, so that a password
// stays where its owner will wipe it.
#ifndef SQLMAP_COMMON_WIRE_REQUEST_WRITER_H_
#define SQLMAP_COMMON_WIRE_REQUEST_WRITER_H_

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/wire/codec.h"
#include "common/wire/protocol.h"

namespace sqlmap {

class RequestWriter {
 public:
  explicit RequestWriter(RequestKind kind, std::uint16_t flags = 0) {
    StoreNumber(kMagic, fixed_.data());
    StoreNumber(static_cast<std::uint16_t>(kind), fixed_.data() + 8);
    StoreNumber(flags, fixed_.data() + 10);
    Piece(fixed_.data(), kRequestHeader);
  }
  RequestWriter(const RequestWriter&) = delete;  // the pieces point into it
  RequestWriter& operator=(const RequestWriter&) = delete;

  // At most kFieldsMax of these, which all requests keep. `text` outlives the writer.
  RequestWriter& Id(std::uint32_t id) {
    StoreNumber(id, fixed_.data() + at_);
    Piece(fixed_.data() + at_, sizeof id);
    at_ += sizeof id;
    return *this;
  }
  RequestWriter& Text(std::string_view text) {
    StoreNumber(static_cast<std::uint16_t>(text.size()), fixed_.data() + at_);
    Piece(fixed_.data() + at_, sizeof(std::uint16_t));
    at_ += sizeof(std::uint16_t);
    Piece(text.data(), text.size());
    return *this;
  }

  // The whole request, anew each time; none if it is too long for one. What they point to is only
  // read.
  std::span<iovec> Pieces() {
    if (size_ > kRequestMax) return {};
    StoreNumber(static_cast<std::uint32_t>(size_ - kRequestHeader), fixed_.data() + 4);
    to_send_ = pieces_;
    return std::span(to_send_).first(count_);
  }

 private:
  static constexpr std::size_t kFieldsMax = 6;

  void Piece(const void* at, std::size_t size) {
    pieces_[count_++] = {const_cast<void*>(at), size};
    size_ = size < kRequestMax ? size_ + size : kRequestMax + 1;
  }

  std::array<unsigned char, kRequestHeader + kFieldsMax * sizeof(std::uint32_t)> fixed_{};
  std::size_t at_ = kRequestHeader;  // of fixed_
  std::array<iovec, 1 + 2 * kFieldsMax> pieces_{};
  std::array<iovec, 1 + 2 * kFieldsMax> to_send_;  // whoever sends them shortens them
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_REQUEST_WRITER_H_
