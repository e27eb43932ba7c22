#include "common/login/authorized_key.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "common/password/digest.h"
#include "common/password/encoding.h"

namespace sqlmap {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kFingerprintBegin = "SHA256:";
constexpr std::string_view kCertificateEnd = "-cert-v01@openssh.com";

// What follows the type's name in a key.
enum class Part : std::uint8_t {
  kNone,
  kNumber,       // an mpint: never empty in a key
  kCurve,        // the name of the curve, which is the end of the type's name
  kPoint,        // not empty
  kEd25519,      // 32 bytes
  kApplication,  // "ssh:", of a security key
};

struct KeyType {
  std::string_view name;
  std::string_view curve;
  std::array<Part, 4> parts;
};

// sshkey.c, without certificates, which no line can authorise by themselves.
constexpr KeyType kTypes[] = {
    {"ssh-ed25519", {}, {Part::kEd25519}},
    {"sk-ssh-ed25519@openssh.com", {}, {Part::kEd25519, Part::kApplication}},
    {"ssh-rsa", {}, {Part::kNumber, Part::kNumber}},
    {"ssh-dss", {}, {Part::kNumber, Part::kNumber, Part::kNumber, Part::kNumber}},
    {"ecdsa-sha2-nistp256", "nistp256", {Part::kCurve, Part::kPoint}},
    {"ecdsa-sha2-nistp384", "nistp384", {Part::kCurve, Part::kPoint}},
    {"ecdsa-sha2-nistp521", "nistp521", {Part::kCurve, Part::kPoint}},
    {"sk-ecdsa-sha2-nistp256@openssh.com",
     "nistp256",
     {Part::kCurve, Part::kPoint, Part::kApplication}},
};

const KeyType* FindType(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const KeyType& type) { return type.name == name; });
  return found == std::end(kTypes) ? nullptr : found;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// Takes the first word away, and the blanks behind it.
std::string_view TakeWord(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
  const std::string_view word = text.substr(0, end);
  text = Trimmed(text.substr(end));
  return word;
}

// Up to the first blank outside quotes; inside them \" is no quote. nullopt: a quote does not end.
std::optional<std::string_view> TakeOptions(std::string_view& text) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text.substr(end, 2) == "\\\"") {
      ++end;
    } else if (text[end] == '"') {
      quoted = !quoted;
    } else if (!quoted && kBlanks.find(text[end]) != std::string_view::npos) {
      break;
    }
  }
  if (quoted) return std::nullopt;
  const std::string_view options = text.substr(0, end);
  text = Trimmed(text.substr(options.size()));
  return options;
}

bool SameOption(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool HasOption(std::string_view options, std::string_view name) {
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= options.size(); ++at) {
    if (at == options.size() || (options[at] == ',' && !quoted)) {
      if (SameOption(options.substr(begin, at - begin), name)) return true;
      begin = at + 1;
    } else if (options.substr(at, 2) == "\\\"") {
      ++at;
    } else if (options[at] == '"') {
      quoted = !quoted;
    }
  }
  return false;
}

// A string of RFC 4251; nullopt: it is not whole.
std::optional<std::string_view> TakeString(std::string_view& key) {
  if (key.size() < 4) return std::nullopt;
  std::uint32_t size = 0;
  for (const char c : key.substr(0, 4)) size = (size << 8) | static_cast<unsigned char>(c);
  key.remove_prefix(4);
  if (size > key.size()) return std::nullopt;
  const std::string_view text = key.substr(0, size);
  key.remove_prefix(size);
  return text;
}

bool Fits(const KeyType& type, Part part, std::string_view text) {
  switch (part) {
    case Part::kEd25519:
      return text.size() == 32;
    case Part::kCurve:
      return text == type.curve;
    case Part::kNumber:
    case Part::kPoint:
      return !text.empty();
    case Part::kApplication:
    case Part::kNone:
      break;
  }
  return true;
}

// "" if it is a whole key of this type.
KeyLineFault FaultOf(const KeyType& type, std::string_view key) {
  const auto inner = TakeString(key);
  if (!inner) return "the key is cut off";
  if (*inner != type.name) return "the key is of another type than the one in front of it";
  for (const Part part : type.parts) {
    if (part == Part::kNone) break;
    const auto text = TakeString(key);
    if (!text) return "the key is cut off";
    if (!Fits(type, part, *text)) return "the key is malformed";
  }
  return key.empty() ? KeyLineFault() : "there are bytes behind the end of the key";
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < ' ' && c != '\t') || byte == 0x7f;
}

}  // namespace

bool IsRemark(std::string_view line) {
  const std::string_view text = Trimmed(line);
  return text.empty() || text.front() == '#';
}

std::expected<AuthorizedKey, KeyLineFault> ParseKeyLine(std::string_view line) {
  if (line.size() > kLongestKeyLine) return std::unexpected("it is longer than 16 KiB");
  if (std::ranges::any_of(line, IsControl)) return std::unexpected("it has a control character");
  if (IsRemark(line)) return std::unexpected("it is empty, or a comment");
  AuthorizedKey key;
  key.line = Trimmed(line);
  std::string_view rest = key.line;
  key.type = TakeWord(rest);
  const KeyType* type = FindType(key.type);
  if (type == nullptr) {
    rest = key.line;
    const auto options = TakeOptions(rest);
    if (!options) return std::unexpected("a quote in its options does not end");
    key.type = TakeWord(rest);
    type = FindType(key.type);
    if (type == nullptr) return std::unexpected("its type of key is unknown");
    key.cert_authority = HasOption(*options, "cert-authority");
  }
  const std::string_view encoded = TakeWord(rest);
  if (encoded.empty()) return std::unexpected("there is no key behind its type");
  const auto decoded = DecodeBase64(encoded, Base64::kPadded);
  if (!decoded) return std::unexpected("the key is no base64");
  if (const KeyLineFault fault = FaultOf(*type, View(*decoded)); !fault.empty())
    return std::unexpected(fault);
  key.key = View(*decoded);
  return key;
}

std::string AuthorizedKey::Fingerprint() const {
  const Digest digest = Hash(HashFunction::kSha256, {key});
  const SecretText text = EncodeBase64(digest.view(), Base64::kUnpadded);
  return std::string(kFingerprintBegin).append(View(text));
}

bool IsFingerprint(std::string_view text) {
  if (!text.starts_with(kFingerprintBegin)) return false;
  const auto digest = DecodeBase64(text.substr(kFingerprintBegin.size()), Base64::kUnpadded);
  return digest && digest->size() == DigestSize(HashFunction::kSha256);
}

bool MayAuthorise(const AuthorizedKey& key, const OfferedKey& offered) {
  if (offered.type.ends_with(kCertificateEnd)) return key.cert_authority;
  return !key.cert_authority && key.type == offered.type &&
         key.Fingerprint() == offered.fingerprint;
}

}  // namespace sqlmap
