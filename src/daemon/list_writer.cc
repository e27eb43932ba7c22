#include "daemon/list_writer.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "common/process/monotonic.h"
#include "common/wire/answer_encoder.h"

namespace sqlmap {
namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr std::int64_t kPatienceMs = 1000;     // with a client that reads nothing
constexpr std::int64_t kWholeListMs = 60'000;  // and with one that reads slowly

class Writer {
 public:
  explicit Writer(OwnedFd client) : client_(std::move(client)) {}
  ~Writer() { explicit_bzero(bytes_.data(), bytes_.size()); }  // a list of shadow holds hashes
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  std::string& bytes() { return bytes_; }
  // False: the client is gone or does not read.
  bool FlushIfLarge() { return LeftMs() > 0 && (bytes_.size() < kChunk || Flush()); }
  bool Flush() {
    std::size_t sent = 0;
    while (sent < bytes_.size()) {
      const ssize_t now = send(client_.get(), bytes_.data() + sent, bytes_.size() - sent,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
      if (now >= 0) {
        sent += static_cast<std::size_t>(now);
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        pollfd waiting{client_.get(), POLLOUT, 0};
        const std::int64_t patience = std::min(kPatienceMs, LeftMs());
        if (patience <= 0 || poll(&waiting, 1, static_cast<int>(patience)) == 0) return false;
      } else if (errno != EINTR) {
        return false;
      }
    }
    bytes_.clear();
    return true;
  }

 private:
  std::int64_t LeftMs() const { return until_ms_ - MonotonicMs(); }

  OwnedFd client_;
  const std::int64_t until_ms_ = MonotonicMs() + kWholeListMs;
  std::string bytes_;
};

template <class Record>
void Write(AccountSource& accounts, Answer (AccountSource::*list)(Cursor<Record>*&) noexcept,
           bool (*append)(const Record&, std::string&), Writer& writer) {
  struct Closer {
    void operator()(Cursor<Record>* cursor) const { cursor->Close(); }
  };
  Cursor<Record>* opened = nullptr;
  Answer answer = (accounts.*list)(opened);
  const std::unique_ptr<Cursor<Record>, Closer> cursor(opened);
  while (answer.found()) {
    Record record;
    answer = cursor->Next(record);
    // A row that the protocol cannot carry is left out, like any other bad row.
    if (answer.found()) (void)append(record, writer.bytes());
    if (!writer.FlushIfLarge()) return;
  }
  if (answer.absent()) {
    AppendAbsent(writer.bytes());
  } else {
    AppendUnavailable(answer.reason, {}, writer.bytes());
  }
  (void)writer.Flush();
}

}  // namespace

void WriteList(AccountSource& accounts, RequestKind kind, OwnedFd client) noexcept {
  try {
    Writer writer(std::move(client));
    if (kind == RequestKind::kListUsers) {
      Write(accounts, &AccountSource::ListUsers, &AppendUser, writer);
    } else if (kind == RequestKind::kListGroups) {
      Write(accounts, &AccountSource::ListGroups, &AppendGroup, writer);
    } else if (kind == RequestKind::kListShadows) {
      Write(accounts, &AccountSource::ListShadows, &AppendShadow, writer);
    }
  } catch (const std::bad_alloc&) {
    return;  // the client sees a list without an end, and does not believe it
  }
}

}  // namespace sqlmap
