// What the modules and sqlmapd say to each other, byte for byte: enough to write another server, or
// another client, without reading anything else.
//
// The socket is a SOCK_STREAM at kSocketPath, mode 0666, in a directory that is root's alone.
// A connection carries one request and its answer; then the server closes it. Who asks is told by
// SO_PEERCRED, see access.h. All numbers are little-endian, nothing is aligned or padded but as
// written here, and a field called zero is zero: a receiver refuses anything else. Text is bytes
// without a NUL. A server closes the connection, without a word, of whoever breaks these rules; a
// client takes an answer that breaks them for no answer. A later version of this protocol has
// another kMagic.
//
//
// Request: at most kRequestMax bytes in all
//
//   u32 magic      kMagic
//   u32 length     of the fields
//   u16 kind       RequestKind
//   u16 flags      RequestFlag; others are zero
//   fields         u32, or string: u16 length, then so many bytes of text
//
//   kind              fields                                      flags        answer
//   kUserByName       string name                                              kUser
//   kUserById         u32 uid                                                  kUser
//   kGroupByName      string name                                              kGroup
//   kGroupById        u32 gid                                                  kGroup
//   kGroupsOfUser     string name                                              kGids
//   kShadowByName     string name                                              kShadow
//   kListUsers                                                                 kUser ...
//   kListGroups                                                                kGroup ...
//   kListShadows                                                               kShadow ...
//   kAuthenticate     string name, service, rhost, tty, password  kAllowEmpty  kVerdict
//   kCheckAccount     string name, service, rhost, tty                         kVerdict
//   kPrepareChange    string name, service, rhost, tty, password  kByRoot      kVerdict
//   kChangePassword   string name, service, rhost, tty, password, kByRoot      kVerdict
//                     new password
//   kOpenSession      string name, service, rhost, tty                         kVerdict
//   kCloseSession     string name, service, rhost, tty                         kVerdict
//   kSshKeys          string name                                              kSshKeys
//   kRefresh                                                      kWait,       kText
//                                                                 kForce
//   kStatus                                                                    kText
//   kFlush            string name, or "" for all                               kText
//
// A name has 1 to 255 bytes. service, rhost and tty are PAM's, "" if unknown.
//
//
// Answer: frames
//
//   u32 length     of the payload, at most kPayloadMax
//   u8  kind       FrameKind
//   u8  detail     kVerdict and kUnavailable: see there; else zero
//   u16 zero
//   payload
//
// One frame of the kind above, or kAbsent, or kUnavailable. A list is any number of frames of its
// kind, then kAbsent if they were all, or kUnavailable if it broke off. Only kUser, kGroup, kGids,
// kShadow and kSshKeys can be absent.
//
//   kUser     u32 uid, u32 gid, u16 length of name, password, gecos, home, shell, u16 zero;
//             then the five texts in this order, each followed by a NUL
//   kGroup    u32 gid, u32 number of members, u32 bytes of members, u16 length of name, password;
//             then the members, each followed by a NUL, which counts among their bytes; then name
//             and password, each followed by a NUL
//   kGids     u32 gid, as many as there are; without duplicates
//   kShadow   i64 lstchg, min, max, warn, inact, expire, u64 flag: shadow(5), -1 if empty;
//             u16 length of name, hash, u32 zero; then name and hash, each followed by a NUL
//   kVerdict  detail: kVerdictNumbers; i32 days left, -1 if not to be warned of; u16 length of
//             reason, u16 VerdictFlag, others zero; then the reason, text for the log of at most
//             255 bytes
//   kText     text for a person
//   kSshKeys  lines of sshd's authorized_keys(5), at least one, each followed by a line feed; no
//             other control character but tabs; at most kSshKeysMax bytes in all
//   kAbsent   nothing: there is no such account, or no more
//   kUnavailable  detail: kReasonNumbers; text that says why, of at most 255 bytes, perhaps none
#ifndef SQLMAP_COMMON_WIRE_PROTOCOL_H_
#define SQLMAP_COMMON_WIRE_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

#include "common/account/answer.h"
#include "common/account/login_gate.h"

namespace sqlmap {

inline constexpr char kSocketPath[] = "/run/sqlmapd/socket";

inline constexpr std::uint32_t kMagic = 0x014d5153;  // "SQM", version 1
inline constexpr std::size_t kRequestHeader = 12;
inline constexpr std::size_t kRequestMax = std::size_t{64} << 10;
inline constexpr std::size_t kFrameHeader = 8;
inline constexpr std::size_t kPayloadMax = std::size_t{64} << 20;
inline constexpr std::size_t kWireReasonMax =
    255;  // bytes of a verdict's reason, and of kUnavailable's
inline constexpr std::size_t kSshKeysMax = std::size_t{1} << 20;

enum class RequestKind : std::uint16_t {
  kUserByName = 1,
  kUserById = 2,
  kGroupByName = 3,
  kGroupById = 4,
  kGroupsOfUser = 5,
  kShadowByName = 6,
  kListUsers = 7,
  kListGroups = 8,
  kListShadows = 9,
  kAuthenticate = 16,
  kCheckAccount = 17,
  kPrepareChange = 18,
  kChangePassword = 19,
  kOpenSession = 20,
  kCloseSession = 21,
  kSshKeys = 24,
  kRefresh = 32,
  kStatus = 33,
  kFlush = 34,
};

namespace request_flag {
inline constexpr std::uint16_t kAllowEmpty = 1;  // kAuthenticate: an empty password may be right
inline constexpr std::uint16_t kByRoot = 1;  // changes: the old password is not asked; root only
inline constexpr std::uint16_t kWait = 1;    // kRefresh: answer when it is published
inline constexpr std::uint16_t kForce = 2;   // kRefresh: publish even if much has gone
}  // namespace request_flag

namespace verdict_flag {
inline constexpr std::uint16_t kOffline = 1;  // kAccepted only: by what this host remembers
}  // namespace verdict_flag

enum class FrameKind : std::uint8_t {
  kUser = 1,
  kGroup = 2,
  kGids = 3,
  kShadow = 4,
  kVerdict = 5,
  kText = 6,
  kSshKeys = 7,
  kAbsent = 16,
  kUnavailable = 17,
};

template <class Value>
struct WireNumber {
  Value value;
  std::uint8_t number;
};

// No number is zero: a byte that nobody has set is no verdict.
inline constexpr WireNumber<LoginVerdict> kVerdictNumbers[] = {
    {LoginVerdict::kAccepted, 1},           {LoginVerdict::kUnknownUser, 2},
    {LoginVerdict::kWrongPassword, 3},      {LoginVerdict::kBlocked, 4},
    {LoginVerdict::kAccountExpired, 5},     {LoginVerdict::kPasswordExpired, 6},
    {LoginVerdict::kPasswordMustChange, 7}, {LoginVerdict::kServiceNotAllowed, 8},
    {LoginVerdict::kUndecided, 9},          {LoginVerdict::kUnavailable, 10},
    {LoginVerdict::kAccessDenied, 11},      {LoginVerdict::kThrottled, 12},
    {LoginVerdict::kTooSoon, 13},           {LoginVerdict::kNotChanged, 14},
};

inline constexpr WireNumber<Reason> kReasonNumbers[] = {
    {Reason::kNotConfigured, 1}, {Reason::kNotAllowed, 2},  {Reason::kUnreachable, 3},
    {Reason::kTimeout, 4},       {Reason::kServerError, 5}, {Reason::kNoMemory, 6},
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_PROTOCOL_H_
