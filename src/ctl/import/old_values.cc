#include "ctl/import/old_values.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "common/config/server_address.h"

namespace sqlmap::importing {
namespace {

constexpr std::string_view kDefaultSocket = "/run/mysqld/mysqld.sock";

bool IsUtf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at]);
    const std::size_t size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || at + size > text.size()) return false;
    for (std::size_t i = 1; i < size; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return false;
    }
    const auto second = static_cast<unsigned char>(size > 1 ? text[at + 1] : 0);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
      return false;
    }
    at += size;
  }
  return true;
}

bool IsThisHost(std::string_view server) {
  return server.starts_with('/') || server.starts_with("127.") || server.starts_with("[::1]") ||
         server == "::1";
}

}  // namespace

bool Lines::Next(std::string_view& line) {
  if (rest_.empty()) return false;
  const std::size_t end = rest_.find('\n');
  line = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++number_;
  return true;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

void SetOldValue(OldDialect dialect, std::string_view name, std::string_view value, Place place,
                 OldValues& values, ImportRemarks& remarks) {
  using enum ImportRemark::Kind;
  const OldOption* const option = FindOldOption(dialect, name);
  if (option == nullptr) {
    remarks.push_back({std::move(place), kLost, "",
                       "not an option of the old module, which ignored it (it is not shown, since "
                       "it may be a piece of a password)"});
    return;
  }
  const std::string known(option->name);
  if (option->becomes.empty()) {
    if (!option->why.empty()) {
      remarks.push_back({std::move(place), kLost, known, std::string(option->why)});
    }
    return;
  }
  if (!IsUtf8(value)) {
    remarks.push_back({std::move(place), kMistake, known,
                       "its value is not UTF-8, which TOML is: change it in the old file, and a "
                       "password in the database too"});
    return;
  }
  OldValue& slot = values[known];
  if (slot.place.line != 0) {
    remarks.push_back({place, kChanged, known,
                       "it stands in line " + std::to_string(slot.place.line) + " of " +
                           slot.place.file + " too; this one counts, as before"});
  }
  slot.text.assign(value);
  slot.place = std::move(place);
}

std::string_view ValueOf(const OldValues& values, std::string_view name) {
  const auto at = values.find(name);
  return at == values.end() ? std::string_view() : std::string_view(at->second.text);
}

Place PlaceOf(const OldValues& values, std::string_view name, const Place& otherwise) {
  const auto at = values.find(name);
  return at == values.end() ? otherwise : at->second.place;
}

void Remark(OldConfiguration& configuration, ImportRemark::Kind kind, Place place,
            std::string_view option, std::string what) {
  configuration.remarks.push_back({std::move(place), kind, std::string(option), std::move(what)});
}

std::string ServerFor(std::string_view host, std::string_view port, std::string_view socket,
                      const Place& place, OldConfiguration& configuration) {
  std::string server(host);
  if (host.empty() || host == "localhost") {
    server = socket.empty() ? kDefaultSocket : socket;
  } else if (!host.starts_with('/') && !port.empty() && port != "0") {
    server = (host.find(':') == std::string_view::npos ? server : "[" + server + "]") + ":" +
             std::string(port);
  }
  if (const auto address = ParseServerAddress(server); !address) {
    Remark(configuration, ImportRemark::Kind::kMistake, place, "host",
           "it names no server: " + address.error());
    return {};
  }
  return server;
}

void SpeakAsBefore(const Place& place, OldConfiguration& configuration) {
  const auto& servers = configuration.servers;
  if (std::ranges::all_of(servers, [](const auto& server) { return server.starts_with('/'); }))
    return;
  configuration.tls = "off";
  if (std::ranges::all_of(servers, IsThisHost)) return;
  Remark(configuration, ImportRemark::Kind::kChanged, place, "host",
         "passwords cross the network without encryption, as before: set [database] tls = "
         "\"verify\" once the server has a certificate");
}

PasswordSchemeSet CryptSchemes() {
  using enum PasswordScheme;
  PasswordSchemeSet set;
  for (const PasswordScheme scheme :
       {kYescrypt, kGostYescrypt, kScrypt, kBcrypt, kSha512Crypt, kSha256Crypt, kSha1Crypt, kSunMd5,
        kMd5Crypt, kBsdiDes, kDes, kNt}) {
    set.Add(scheme);
  }
  return set;
}

}  // namespace sqlmap::importing
