// What all processes of the host see at present, and how the next snapshot gets there.
#ifndef SQLMAP_DAEMON_PUBLICATION_H_
#define SQLMAP_DAEMON_PUBLICATION_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "common/account/log.h"
#include "common/config/settings.h"
#include "common/process/owned_fd.h"
#include "common/snapshot/control_writer.h"
#include "daemon/event.h"
#include "daemon/file_stamp.h"
#include "daemon/paths.h"
#include "daemon/publisher.h"

namespace sqlmap {

// Owns the control page. One publication at a time. Whatever fails is logged, leaves what is
// published as it was, and is tried again with the next one.
class Publication {
 public:
  // How long a publisher may take, if nothing else is said. What it has put into paths.run by then
  // is out.
  static constexpr std::int64_t kPatienceMs = 60'000;
  // At most, from when the database was asked, and one less at least: it is asked each second.
  static constexpr std::int64_t kConfirmedSeconds = 3;
  // Between two attempts to make one of the two files from the other.
  static constexpr std::int64_t kAgainMs = 10'000;

  using Done = std::function<void(bool published)>;

  // All references must outlive it.
  Publication(EventLoop& loop, const DaemonPaths& paths, const Settings& settings, Log& log,
              std::int64_t patience_ms = kPatienceMs)
      : loop_(loop), paths_(paths), settings_(settings), log_(log), patience_ms_(patience_ms) {}

  // After a start: opens the control page, and publishes what there still is, or withdraws it if
  // there is to be no snapshot. Waits for it.
  void Resume();
  // After a change of the settings.
  void OnSettings();

  bool busy() const { return (publisher_ && !keeping_) || waiting_; }
  // `memory` is sealed. False: one is under way already, or it cannot be begun. `done` is called
  // from the loop.
  bool Begin(OwnedFd memory, Done done);

  // What is out; nothing if nothing is.
  const std::optional<TableFacts>& facts() const { return facts_; }
  std::uint64_t generation() const { return generation_; }
  std::string Describe() const;

  // The child that serves lives; the database has been down for so long.
  void Beat(std::uint32_t down_seconds);
  // Asked at `asked_ms`, the database said that it has what is published; 0: it does not any more.
  void Confirm(std::int64_t asked_ms);
  // The daemon ends.
  void Retire();

  // Looks whether the files are still where processes look for them, and mends what is missing.
  // If the snapshot is lost, `restored` is called later, from the loop: what is out then may be
  // older than what the child published, or nothing. False: it is lost, and nothing will be called.
  bool Mend(Done restored);

 private:
  void OpenControl();
  void ShowInControl();
  bool ControlInPlace() const;
  void ShowRules();
  void Withdraw();
  void Lose();
  bool Start(const PublisherProcess::Job& job, std::function<void(const PublishResult&)> then);
  bool StartPublishing(OwnedFd memory, Done done);
  bool BeginRestoring(Done restored);
  void MendPersistent();
  void OnKept(const PublishResult& result);
  void Show(const PublishResult& result);
  SnapshotRules Rules(int memory) const;

  EventLoop& loop_;
  const DaemonPaths& paths_;
  const Settings& settings_;
  Log& log_;
  const std::int64_t patience_ms_;
  std::optional<ControlPageWriter> control_;
  dev_t control_device_ = 0;
  ino_t control_inode_ = 0;
  std::optional<TableFacts> facts_;
  std::uint64_t generation_ = 0;
  std::uint64_t last_generation_ = 0;
  bool backend_down_ = false;

  bool kept_ = false;  // paths_.persistent() is what is out, and was this file:
  FileStamp kept_as_;
  std::string keep_error_;  // has been logged
  std::int64_t keep_after_ms_ = 0;
  std::int64_t restore_after_ms_ = 0;

  struct Waiting {
    OwnedFd memory;
    Done done;
  };
  std::optional<PublisherProcess> publisher_;
  bool keeping_ = false;            // it only writes the copy for the next boot
  std::optional<Waiting> waiting_;  // until that one has ended
  EventLoop::Watch on_end_;
  EventLoop::Watch patience_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_PUBLICATION_H_
