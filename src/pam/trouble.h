// The words for what went wrong with a file, for the log.
#ifndef SQLMAP_PAM_TROUBLE_H_
#define SQLMAP_PAM_TROUBLE_H_

#include <string.h>

#include <cstddef>
#include <string_view>

#include "common/account/line_writer.h"
#include "pam/text.h"

namespace sqlmap {

// "No space left on device". Not strerror(3), which reads a catalogue from where this process may
// be.
inline LineWriter& WriteError(LineWriter& line, int error) {
  const char* const text = strerrordesc_np(error);
  return text == nullptr ? line.Text("error ").Number(error) : line.Text(text);
}

// Of a long path the end, where the trouble is.
inline LineWriter& WritePath(LineWriter& line, std::string_view path) {
  if (path.size() <= LineWriter::kMaxForeign) return line.Foreign(path);
  return line.Text("...").Foreign(After(path, path.size() - LineWriter::kMaxForeign));
}

// "0755".
inline LineWriter& WriteMode(LineWriter& line, unsigned mode) {
  const char digits[] = {
      static_cast<char>('0' + ((mode >> 9U) & 7U)), static_cast<char>('0' + ((mode >> 6U) & 7U)),
      static_cast<char>('0' + ((mode >> 3U) & 7U)), static_cast<char>('0' + (mode & 7U))};
  return line.Text({digits, sizeof digits});
}

}  // namespace sqlmap

#endif  // SQLMAP_PAM_TROUBLE_H_
