// protocol.h against the code: the bytes are written out here as a stranger would read them there.
#include "common/wire/protocol.h"

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/wire/answer_encoder.h"
#include "common/wire/request_parser.h"
#include "common/wire/request_writer.h"

namespace sqlmap {
namespace {

using namespace std::string_literals;

std::string Joined(RequestWriter& request) {
  std::string bytes;
  for (const iovec& piece : request.Pieces()) {
    bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return bytes;
}

TEST(Protocol, RequestByNameHasTheDocumentedBytes) {
  RequestWriter request(RequestKind::kUserByName);
  EXPECT_EQ(Joined(request.Text("bob")),
            "SQM\x01"
            "\x05\0\0\0"
            "\x01\0"
            "\0\0"
            "\x03\0"
            "bob"s);
}

TEST(Protocol, RequestByIdHasTheDocumentedBytes) {
  RequestWriter request(RequestKind::kGroupById);
  EXPECT_EQ(Joined(request.Id(0x01020304)), "SQM\x01\x04\0\0\0\x04\0\0\0\x04\x03\x02\x01"s);
}

TEST(Protocol, AuthenticateHasTheDocumentedBytes) {
  RequestWriter request(RequestKind::kAuthenticate, request_flag::kAllowEmpty);
  request.Text("bob").Text("ftp").Text("::1").Text("").Text("secret");
  EXPECT_EQ(Joined(request),
            "SQM\x01"
            "\x19\0\0\0"
            "\x10\0"
            "\x01\0"
            "\x03\0"
            "bob"
            "\x03\0"
            "ftp"
            "\x03\0"
            "::1"
            "\0\0"
            "\x06\0"
            "secret"s);
}

TEST(Protocol, UserHasTheDocumentedBytes) {
  std::string out;
  ASSERT_TRUE(AppendUser({.name = "bob",
                          .password = "x",
                          .uid = 1001,
                          .gid = 2002,
                          .gecos = "",
                          .home = "/h",
                          .shell = "/s"},
                         out));
  EXPECT_EQ(out,
            "\x21\0\0\0\x01\0\0\0"
            "\xe9\x03\0\0\xd2\x07\0\0"
            "\x03\0\x01\0\0\0\x02\0\x02\0\0\0"
            "bob\0x\0\0/h\0/s\0"s);
}

TEST(Protocol, GroupHasTheDocumentedBytes) {
  std::string out;
  ASSERT_TRUE(AppendGroup(
      {.name = "web", .password = "x", .gid = 7, .members = {std::string_view("a\0bc\0", 5), 2}},
      out));
  EXPECT_EQ(out,
            "\x1b\0\0\0\x02\0\0\0"
            "\x07\0\0\0\x02\0\0\0\x05\0\0\0\x03\0\x01\0"
            "a\0bc\0web\0x\0"s);
}

TEST(Protocol, GidsHaveTheDocumentedBytes) {
  std::string out;
  ASSERT_TRUE(AppendGids(std::array<Gid, 2>{1, 0x10000}, out));
  EXPECT_EQ(out, "\x08\0\0\0\x03\0\0\0\x01\0\0\0\0\0\x01\0"s);
}

TEST(Protocol, ShadowHasTheDocumentedBytes) {
  std::string out;
  ASSERT_TRUE(AppendShadow({.name = "bob", .hash = "$6$", .lstchg = 2, .max = 3, .flag = 4}, out));
  const std::string empty(8, '\xff');
  EXPECT_EQ(out, "\x48\0\0\0\x04\0\0\0"s + "\x02\0\0\0\0\0\0\0"s + empty + "\x03\0\0\0\0\0\0\0"s +
                     empty + empty + empty + "\x04\0\0\0\0\0\0\0"s + "\x03\0\x03\0\0\0\0\0"s +
                     "bob\0$6$\0"s);
}

TEST(Protocol, VerdictHasTheDocumentedBytes) {
  std::string out;
  LoginAnswer answer{.verdict = LoginVerdict::kAccepted, .days_left = -1, .reason = "ok"};
  AppendVerdict(answer, out);
  EXPECT_EQ(out, "\x0a\0\0\0\x05\x01\0\0\xff\xff\xff\xff\x02\0\0\0ok"s);
}

TEST(Protocol, AnswersWithoutARecordHaveTheDocumentedBytes) {
  std::string out;
  AppendAbsent(out);
  AppendUnavailable(Reason::kTimeout, "late", out);
  AppendText("up", out);
  EXPECT_EQ(out,
            "\0\0\0\0\x10\0\0\0"
            "\x04\0\0\0\x11\x04\0\0late"
            "\x02\0\0\0\x06\0\0\0up"s);
}

TEST(Protocol, FlushHasTheDocumentedBytes) {
  RequestWriter all(RequestKind::kFlush);
  EXPECT_EQ(Joined(all.Text("")), "SQM\x01\x02\0\0\0\x22\0\0\0\0\0"s);
}

TEST(Protocol, SshKeysHaveTheDocumentedBytes) {
  RequestWriter request(RequestKind::kSshKeys);
  EXPECT_EQ(Joined(request.Text("bob")), "SQM\x01\x05\0\0\0\x18\0\0\0\x03\0bob"s);
  std::string out;
  ASSERT_TRUE(AppendSshKeys({"a b\n\tc d\n"}, out));
  EXPECT_EQ(out, "\x09\0\0\0\x07\0\0\0a b\n\tc d\n"s);
}

template <class Value, std::size_t kCount>
void ExpectEachOnce(const WireNumber<Value> (&table)[kCount], Value first, Value last) {
  std::set<Value> values;
  std::set<int> numbers = {0};  // taken: it is what nobody has set
  for (const auto& row : table) {
    EXPECT_TRUE(values.insert(row.value).second) << static_cast<int>(row.value);
    EXPECT_TRUE(numbers.insert(row.number).second) << static_cast<int>(row.number);
  }
  for (int value = static_cast<int>(first); value <= static_cast<int>(last); ++value) {
    EXPECT_TRUE(values.contains(static_cast<Value>(value))) << value;
  }
}

TEST(Protocol, EachVerdictAndReasonHasANumberOfItsOwn) {
  ExpectEachOnce(kVerdictNumbers, LoginVerdict::kAccepted, LoginVerdict::kUnavailable);
  ExpectEachOnce(kReasonNumbers, Reason::kNotConfigured, Reason::kNoMemory);
}

}  // namespace
}  // namespace sqlmap
