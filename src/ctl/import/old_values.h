// What the readers have in common: keys and values out of lines, servers, and remarks.
#ifndef SQLMAP_CTL_IMPORT_OLD_VALUES_H_
#define SQLMAP_CTL_IMPORT_OLD_VALUES_H_

#include <string>
#include <string_view>

#include "ctl/import/old_readers.h"

namespace sqlmap::importing {

// The lines of a text, without their ends (LF, CRLF), counted from 1.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  bool Next(std::string_view& line);
  unsigned number() const { return number_; }

 private:
  std::string_view rest_;
  unsigned number_ = 0;
};

std::string_view Trimmed(std::string_view text);  // without blanks and tabs around it

bool SameIgnoringCase(std::string_view a, std::string_view b);  // of ASCII

// Sets the option `name` of `dialect`. One that the old module did not know, that has no successor
// and whose loss matters, that is not UTF-8, or that stands there a second time is remarked.
void SetOldValue(OldDialect dialect, std::string_view name, std::string_view value, Place place,
                 OldValues& values, ImportRemarks& remarks);

// The value; "" if it was not set.
std::string_view ValueOf(const OldValues& values, std::string_view name);
// Its place; that of `otherwise` if it was not set.
Place PlaceOf(const OldValues& values, std::string_view name, const Place& otherwise);

void Remark(OldConfiguration& configuration, ImportRemark::Kind kind, Place place,
            std::string_view option, std::string what);

// What [database] servers has for a host of the old client library, to which "" and "localhost" are
// the socket. `port` may be "". "" and a mistake if it is neither a host nor a socket.
std::string ServerFor(std::string_view host, std::string_view port, std::string_view socket,
                      const Place& place, OldConfiguration& configuration);

// "off", since the old modules spoke in the clear, with a remark, if a server is not on this host.
void SpeakAsBefore(const Place& place, OldConfiguration& configuration);

// The hashes that crypt(3) knows.
PasswordSchemeSet CryptSchemes();

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_OLD_VALUES_H_
