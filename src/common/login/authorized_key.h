// One line of sshd's authorized_keys(5): whether it is one, and whose key it authorises. Pure.
#ifndef SQLMAP_COMMON_LOGIN_AUTHORIZED_KEY_H_
#define SQLMAP_COMMON_LOGIN_AUTHORIZED_KEY_H_

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace sqlmap {

// Bytes of a line that is looked at: sshd takes no longer public keys (SSH_MAX_PUBKEY_BYTES).
inline constexpr std::size_t kLongestKeyLine = std::size_t{16} << 10;

// A line that sshd can read. Views of the line, but for what was decoded.
struct AuthorizedKey {
  std::string_view line;        // without white space around it
  std::string_view type;        // "ssh-ed25519"
  std::string key;              // the decoded key
  bool cert_authority = false;  // it authorises the certificates that this key has signed

  // "SHA256:...", as ssh-keygen -l and sshd's %f have it. Throws std::runtime_error if OpenSSL has
  // no SHA-256.
  std::string Fingerprint() const;
};

// Why a line is no key, for the log: without anything of the line.
using KeyLineFault = std::string_view;

// Reads a line as sshd does: options, type, key, comment. The key must decode, be whole, and be of
// the type that stands in front of it. Options must end, and their quotes too; what they mean is
// sshd's, which refuses a line with one that it does not know.
std::expected<AuthorizedKey, KeyLineFault> ParseKeyLine(std::string_view line);

// Whether a line is nobody's key on purpose: empty, or a comment.
bool IsRemark(std::string_view line);

// What sshd says of the key that somebody offers: %t and %f.
struct OfferedKey {
  std::string_view type;
  std::string_view fingerprint;
};

// Whether %f can be that: "SHA256:" and 43 characters of base64.
bool IsFingerprint(std::string_view text);

// Whether sshd could let the offered key in because of this line. For a certificate that is every
// authority, since %f is the fingerprint of the certified key, and not its signer's.
bool MayAuthorise(const AuthorizedKey& key, const OfferedKey& offered);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_AUTHORIZED_KEY_H_
