// sqlmapd's end of the control page.
#ifndef SQLMAP_COMMON_SNAPSHOT_CONTROL_WRITER_H_
#define SQLMAP_COMMON_SNAPSHOT_CONTROL_WRITER_H_

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "common/account/rules.h"
#include "common/snapshot/control.h"

namespace sqlmap {

// The page, mapped for writing. Stores take effect in every process at once. One writer at a time.
class ControlPageWriter {
 public:
  // Takes over the page at `path`, generation and all, or makes it: mode 0644, all its blocks
  // allocated, in place by a rename only when it is whole. A page that is sound is never replaced
  // or truncated, since processes have it mapped; what is not a page of ours (another owner, size,
  // type or version) makes way for a new one. No promise of an earlier writer stands afterwards.
  static std::expected<ControlPageWriter, std::string> Open(const std::string& path);

  ControlPageWriter(ControlPageWriter&& other) noexcept
      : page_(std::exchange(other.page_, nullptr)) {}
  ControlPageWriter& operator=(ControlPageWriter&& other) noexcept {
    std::swap(page_, other.page_);
    return *this;
  }
  ~ControlPageWriter();

  std::uint64_t generation() const { return page_->generation.load(std::memory_order_relaxed); }
  // `generation` is on disk as snapshot.<generation>, whole. Withdraws the promise about the one
  // before it.
  void Publish(std::uint64_t generation, bool complete) noexcept;
  // There are to be no snapshots: readers forget those that they have.
  void Withdraw() noexcept;
  void Beat(std::int64_t now) noexcept;
  // A miss in the current snapshot is final until then. Call it with what was true of the
  // generation that is published.
  void ConfirmUntil(std::int64_t until) noexcept;
  void SetLists(bool allowed) noexcept;  // accounts.enumerate
  void SetIds(const AccountIds& ids) noexcept { StoreIds(*page_, ids); }
  void SetNameRules(const NameRules& rules) noexcept { StoreNameRules(*page_, rules); }
  void SetBackendDown(std::int64_t since_unix) noexcept;  // 0: it is up
  // The daemon goes: promises end, the snapshot stays.
  void Retire() noexcept;

 private:
  explicit ControlPageWriter(ControlPage* page) : page_(page) {}

  std::uint32_t Lists() const noexcept;

  ControlPage* page_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_CONTROL_WRITER_H_
