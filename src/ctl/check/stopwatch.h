// How long something took, for people.
#ifndef SQLMAP_CTL_CHECK_STOPWATCH_H_
#define SQLMAP_CTL_CHECK_STOPWATCH_H_

#include <chrono>
#include <cstdint>
#include <string>

namespace sqlmap {

class Stopwatch {
 public:
  std::int64_t Microseconds() const {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::steady_clock;
    return duration_cast<microseconds>(steady_clock::now() - began_).count();
  }
  // "87 µs", "1.3 ms", "1.2 s".
  std::string Text() const {
    const std::int64_t us = Microseconds();
    if (us < 1'000) return std::to_string(us) + " µs";
    return us < 1'000'000 ? Tenths(us / 100) + " ms" : Tenths(us / 100'000) + " s";
  }

 private:
  static std::string Tenths(std::int64_t tenths) {
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_STOPWATCH_H_
