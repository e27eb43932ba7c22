// sd-event(3) with owners: what is watched is forgotten with its handle.
#ifndef SQLMAP_DAEMON_EVENT_H_
#define SQLMAP_DAEMON_EVENT_H_

#include <systemd/sd-event.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <system_error>

namespace sqlmap {

struct EventSourceEnd {
  void operator()(sd_event_source* source) const { sd_event_source_disable_unref(source); }
};
using EventSource = std::unique_ptr<sd_event_source, EventSourceEnd>;

// The loop of one thread. What is called may end its own source; what it throws ends the loop.
class EventLoop {
 public:
  using OnIo = std::function<void(std::uint32_t events)>;  // EPOLLIN, ...
  using OnTime = std::function<void()>;
  using OnSignal = std::function<void(int signal)>;

  // A source and what it calls: not movable, since the source knows its address.
  class Watch {
   public:
    Watch() = default;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    void End() { source_.reset(); }
    bool active() const { return source_ != nullptr; }
    sd_event_source* source() const { return source_.get(); }

   private:
    friend class EventLoop;
    EventLoop* loop_ = nullptr;
    EventSource source_;
    OnIo on_io_;
    OnTime on_time_;
    OnSignal on_signal_;
  };

  // All of these throw std::system_error.
  EventLoop();
  void WatchIo(Watch& watch, int fd, std::uint32_t events, OnIo call);
  // Once, `after_ms` from now. A watch that already has a time gets the new one.
  void WatchTime(Watch& watch, std::int64_t after_ms, OnTime call);
  // The signal must be blocked in every thread.
  void WatchSignal(Watch& watch, int signal, OnSignal call);

  // Until Exit. Returns what Exit was given, or throws what was thrown.
  int Run();
  void Exit(int status) { sd_event_exit(event_.get(), status); }

  sd_event* get() const { return event_.get(); }

 private:
  struct End {
    void operator()(sd_event* event) const { sd_event_unref(event); }
  };
  // There is C code between us and Run.
  template <class Call, class... Args>
  int Guarded(const Call& call, Args... args) noexcept {
    try {
      call(args...);
    } catch (...) {
      thrown_ = std::current_exception();
      Exit(1);
    }
    return 0;
  }

  std::unique_ptr<sd_event, End> event_;
  std::exception_ptr thrown_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_EVENT_H_
