#include "captured_syslog.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <utility>

namespace sqlmap {
namespace {

std::mutex g_mutex;
std::vector<LogLine> g_lines;
bool g_discard = false;

__attribute__((format(printf, 2, 0))) void Capture(int priority, const char* format,
                                                   va_list arguments) {
  char text[4096];
  (void)std::vsnprintf(text, sizeof text, format, arguments);
  const std::lock_guard lock(g_mutex);
  if (!g_discard) g_lines.push_back({priority, text});
}

}  // namespace

std::vector<LogLine> TakeLogLines() {
  const std::lock_guard lock(g_mutex);
  return std::exchange(g_lines, {});
}

void DiscardLogLines(bool on) {
  const std::lock_guard lock(g_mutex);
  g_discard = on;
}

}  // namespace sqlmap

// The names that libpam may have been linked with, with and without _FORTIFY_SOURCE.
extern "C" {

__attribute__((visibility("default"), format(printf, 2, 3))) void syslog(int priority,
                                                                         const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  sqlmap::Capture(priority, format, arguments);
  va_end(arguments);
}

__attribute__((visibility("default"), format(printf, 3, 4))) void __syslog_chk(int priority, int,
                                                                               const char* format,
                                                                               ...) {
  va_list arguments;
  va_start(arguments, format);
  sqlmap::Capture(priority, format, arguments);
  va_end(arguments);
}

__attribute__((visibility("default"), format(printf, 2, 0))) void vsyslog(int priority,
                                                                          const char* format,
                                                                          va_list arguments) {
  sqlmap::Capture(priority, format, arguments);
}

__attribute__((visibility("default"), format(printf, 3, 0))) void __vsyslog_chk(int priority, int,
                                                                                const char* format,
                                                                                va_list arguments) {
  sqlmap::Capture(priority, format, arguments);
}
}
