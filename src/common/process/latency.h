// How long something took, counted in buckets of fixed number: what is recorded allocates nothing,
// takes no lock, and is known again to 7 %.
#ifndef SQLMAP_COMMON_PROCESS_LATENCY_H_
#define SQLMAP_COMMON_PROCESS_LATENCY_H_

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace sqlmap {

// Percentiles are of the last five to ten minutes, so that they show what is now; count and sum are
// of all time. Microseconds. Any thread may record; Turn is one thread's.
class Latency {
 public:
  static constexpr std::int64_t kWindowMs = 300'000;
  static constexpr std::uint32_t kLongestUs = 0x7fffffff;  // over half an hour; more counts as that

  struct Figures {
    std::uint64_t count = 0;
    std::uint64_t sum_us = 0;
    std::uint64_t recent = 0;  // 0: the next ones mean nothing
    std::uint32_t p50_us = 0, p90_us = 0, p99_us = 0, max_us = 0;
  };

  void Record(std::int64_t us) noexcept {
    const auto value = static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, kLongestUs));
    Window& window = windows_[current_.load(std::memory_order_relaxed)];
    window.counts[BucketOf(value)].fetch_add(1, std::memory_order_relaxed);
    std::uint32_t max = window.max_us.load(std::memory_order_relaxed);
    while (value > max &&
           !window.max_us.compare_exchange_weak(max, value, std::memory_order_relaxed)) {
    }
    count_.fetch_add(1, std::memory_order_relaxed);
    sum_us_.fetch_add(value, std::memory_order_relaxed);
  }

  // To be called now and then: what is older than two windows is forgotten.
  void Turn(std::int64_t now_ms) noexcept {
    if (now_ms - turned_ms_ < kWindowMs) return;
    turned_ms_ = now_ms;
    const unsigned other = 1 - current_.load(std::memory_order_relaxed);
    for (auto& count : windows_[other].counts) count.store(0, std::memory_order_relaxed);
    windows_[other].max_us.store(0, std::memory_order_relaxed);
    current_.store(other, std::memory_order_relaxed);
  }

  Figures Read() const noexcept {
    std::array<std::uint64_t, kBuckets> counts{};
    Figures figures;
    for (const Window& window : windows_) {
      for (std::size_t i = 0; i < kBuckets; ++i) {
        const std::uint32_t count = window.counts[i].load(std::memory_order_relaxed);
        counts[i] += count;
        figures.recent += count;
      }
      figures.max_us = std::max(figures.max_us, window.max_us.load(std::memory_order_relaxed));
    }
    const auto percentile = [&](std::uint64_t percent) {
      // The smallest value that so many are not above.
      std::uint64_t left = (figures.recent * percent + 99) / 100;
      std::size_t i = 0;
      while (i + 1 < kBuckets && counts[i] < left) left -= counts[i++];
      return std::min(MiddleOf(i), figures.max_us);
    };
    figures.p50_us = percentile(50);
    figures.p90_us = percentile(90);
    figures.p99_us = percentile(99);
    figures.count = count_.load(std::memory_order_relaxed);
    figures.sum_us = sum_us_.load(std::memory_order_relaxed);
    return figures;
  }

 private:
  // Each power of two has kSteps buckets of one width; below kSteps each value has its own.
  static constexpr unsigned kStepBits = 3;
  static constexpr std::uint32_t kSteps = 1U << kStepBits;
  static constexpr std::size_t kBuckets = (31 - kStepBits + 1) * kSteps;

  static std::size_t BucketOf(std::uint32_t value) {
    if (value < kSteps) return value;
    const unsigned power = static_cast<unsigned>(std::bit_width(value)) - 1;
    const unsigned shift = power - kStepBits;
    return std::size_t{shift + 1} * kSteps + ((value >> shift) & (kSteps - 1));
  }
  static std::uint32_t MiddleOf(std::size_t bucket) {
    const auto number = static_cast<std::uint32_t>(bucket);
    if (number < kSteps) return number;
    const std::uint32_t shift = number / kSteps - 1;
    return ((kSteps + number % kSteps) << shift) + ((1U << shift) >> 1);
  }

  struct Window {
    std::array<std::atomic<std::uint32_t>, kBuckets> counts{};
    std::atomic<std::uint32_t> max_us{0};
  };

  std::array<Window, 2> windows_{};
  std::atomic<unsigned> current_{0};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> sum_us_{0};
  std::int64_t turned_ms_ = 0;  // the one thread's that calls Turn
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PROCESS_LATENCY_H_
