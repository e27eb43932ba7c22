// What an account is: the three records that glibc asks for, as views of memory that somebody else
// owns.
//
// A record never owns its text. Whoever hands one out says how long it lives; see account_source.h.
#ifndef SQLMAP_COMMON_ACCOUNT_RECORD_H_
#define SQLMAP_COMMON_ACCOUNT_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlmap {

using Uid = std::uint32_t;
using Gid = std::uint32_t;

// A sequence of names stored as they are copied to the caller: each followed by a NUL byte, without
// gaps.
struct NameList {
  std::string_view bytes;  // "alice\0bob\0", the last NUL included
  std::size_t count = 0;

  // Calls visit(std::string_view) for each name, in order.
  template <class Visitor>
  void ForEach(Visitor visit) const {
    std::size_t at = 0;
    while (at < bytes.size()) {
      const std::size_t end = bytes.find('\0', at);
      if (end == std::string_view::npos) return;
      visit(bytes.substr(at, end - at));
      at = end + 1;
    }
  }
};

// passwd(5). The password field is what pw_passwd shows, "x" by default; it is never a hash.
struct UserRecord {
  std::string_view name;
  std::string_view password;
  Uid uid = 0;
  Gid gid = 0;
  std::string_view gecos;
  std::string_view home;
  std::string_view shell;
  // All five texts in this order, each with a NUL, without gaps: what glibc's buffer gets, so that
  // one copy does. Only from a source that vouches for the record: that its name may be one, and is
  // the one that was asked for (the snapshot, which root has verified); "" from all others.
  std::string_view packed = {};
};

// group(5).
struct GroupRecord {
  std::string_view name;
  std::string_view password;
  Gid gid = 0;
  NameList members;
  std::string_view packed = {};  // as above: the members, the name, the password
};

// shadow(5). Dates are days since 1970-01-01, spans are days, -1 is an empty field.
struct ShadowRecord {
  std::string_view name;
  std::string_view hash;
  std::int64_t lstchg = -1;
  std::int64_t min = -1;
  std::int64_t max = -1;
  std::int64_t warn = -1;
  std::int64_t inact = -1;
  std::int64_t expire = -1;
  std::uint64_t flag = ~std::uint64_t{0};  // ~0 is an empty field, as glibc has it
};

// Lines of sshd's authorized_keys(5), each followed by a line feed.
struct SshKeyLines {
  std::string_view text;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_RECORD_H_
