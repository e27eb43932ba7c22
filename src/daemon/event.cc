#include "daemon/event.h"

#include <signal.h>
#include <time.h>

#include <utility>

namespace sqlmap {
namespace {

void Check(int result, const char* what) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), what);
}

constexpr std::uint64_t kAccuracyUs = 5'000;

}  // namespace

EventLoop::EventLoop() {
  sd_event* event = nullptr;
  Check(sd_event_new(&event), "sd_event_new");
  event_.reset(event);
}

void EventLoop::WatchIo(Watch& watch, int fd, std::uint32_t events, OnIo call) {
  watch.End();
  watch.loop_ = this;
  watch.on_io_ = std::move(call);
  sd_event_source* source = nullptr;
  const auto dispatch = [](sd_event_source*, int, std::uint32_t happened, void* self) {
    const Watch* const its = static_cast<Watch*>(self);
    const OnIo copy = its->on_io_;  // the watch may end in there
    return its->loop_->Guarded(copy, happened);
  };
  Check(sd_event_add_io(event_.get(), &source, fd, events, dispatch, &watch), "sd_event_add_io");
  watch.source_.reset(source);
}

void EventLoop::WatchTime(Watch& watch, std::int64_t after_ms, OnTime call) {
  watch.End();
  watch.loop_ = this;
  watch.on_time_ = std::move(call);
  sd_event_source* source = nullptr;
  const auto dispatch = [](sd_event_source*, std::uint64_t, void* self) {
    const Watch* const its = static_cast<Watch*>(self);
    const OnTime copy = its->on_time_;
    return its->loop_->Guarded(copy);
  };
  Check(sd_event_add_time_relative(event_.get(), &source, CLOCK_MONOTONIC,
                                   static_cast<std::uint64_t>(after_ms) * 1000, kAccuracyUs,
                                   dispatch, &watch),
        "sd_event_add_time_relative");
  watch.source_.reset(source);
}

void EventLoop::WatchSignal(Watch& watch, int signal, OnSignal call) {
  watch.End();
  watch.loop_ = this;
  watch.on_signal_ = std::move(call);
  sd_event_source* source = nullptr;
  const auto dispatch = [](sd_event_source*, const signalfd_siginfo* info, void* self) {
    const Watch* const its = static_cast<Watch*>(self);
    const OnSignal copy = its->on_signal_;
    return its->loop_->Guarded(copy, static_cast<int>(info->ssi_signo));
  };
  Check(sd_event_add_signal(event_.get(), &source, signal, dispatch, &watch),
        "sd_event_add_signal");
  watch.source_.reset(source);
}

int EventLoop::Run() {
  const int status = sd_event_loop(event_.get());
  if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
  Check(status, "sd_event_loop");
  return status;
}

}  // namespace sqlmap
