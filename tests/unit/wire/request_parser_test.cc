#include "common/wire/request_parser.h"

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/request_writer.h"

namespace sqlmap {
namespace {

using State = RequestParser::State;

std::string Joined(RequestWriter& request) {
  std::string bytes;
  for (const iovec& piece : request.Pieces()) {
    bytes.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  }
  return bytes;
}

// Hands over at most `step` bytes at a time, until the parser has made up its mind.
State Feed(RequestParser& parser, std::string_view bytes, std::size_t step = SIZE_MAX) {
  while (!bytes.empty() && parser.state() == State::kMore) {
    const auto space = parser.Space();
    const std::size_t count = std::min({step, bytes.size(), space.size()});
    EXPECT_GT(count, 0U) << "a server would spin";
    if (count == 0) break;
    std::memcpy(space.data(), bytes.data(), count);
    bytes.remove_prefix(count);
    parser.Add(count);
  }
  return parser.state();
}

State StateAfter(std::string_view bytes) {
  RequestParser parser;
  return Feed(parser, bytes);
}

std::string Authenticate(std::string_view name, std::string_view password) {
  RequestWriter request(RequestKind::kAuthenticate, request_flag::kAllowEmpty);
  request.Text(name).Text("sshd").Text("192.0.2.1").Text("ssh").Text(password);
  return Joined(request);
}

std::string ByName(RequestKind kind, std::string_view name) {
  RequestWriter request(kind);
  return Joined(request.Text(name));
}

TEST(RequestParser, ReadsEveryKindHoweverTheBytesArrive) {
  const std::string name = "shop.example";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{SIZE_MAX}}) {
    for (const RequestKind kind :
         {RequestKind::kUserByName, RequestKind::kGroupByName, RequestKind::kGroupsOfUser,
          RequestKind::kShadowByName, RequestKind::kSshKeys}) {
      RequestParser parser;
      ASSERT_EQ(Feed(parser, ByName(kind, name), step), State::kWhole);
      EXPECT_EQ(parser.request().kind, kind);
      EXPECT_EQ(parser.request().name, name);
    }
    for (const RequestKind kind : {RequestKind::kUserById, RequestKind::kGroupById}) {
      RequestParser parser;
      RequestWriter request(kind);
      ASSERT_EQ(Feed(parser, Joined(request.Id(4'000'000'000U)), step), State::kWhole);
      EXPECT_EQ(parser.request().kind, kind);
      EXPECT_EQ(parser.request().id, 4'000'000'000U);
    }
    for (const RequestKind kind : {RequestKind::kListUsers, RequestKind::kListGroups,
                                   RequestKind::kListShadows, RequestKind::kStatus}) {
      RequestParser parser;
      RequestWriter request(kind);
      ASSERT_EQ(Feed(parser, Joined(request), step), State::kWhole);
      EXPECT_EQ(parser.request().kind, kind);
    }
  }
}

TEST(RequestParser, ReadsALoginWithAllThatPamKnows) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{SIZE_MAX}}) {
    RequestParser parser;
    ASSERT_EQ(Feed(parser, Authenticate("bob", "p\xc3\xa4ss word"), step), State::kWhole);
    const Request& request = parser.request();
    EXPECT_EQ(request.kind, RequestKind::kAuthenticate);
    EXPECT_EQ(request.name, "bob");
    EXPECT_EQ(request.login.name, "bob");
    EXPECT_EQ(request.login.service, "sshd");
    EXPECT_EQ(request.login.rhost, "192.0.2.1");
    EXPECT_EQ(request.login.tty, "ssh");
    EXPECT_EQ(request.login.password, "p\xc3\xa4ss word");
    EXPECT_TRUE(request.login.allow_empty_password);
  }
}

TEST(RequestParser, AccountCheckCarriesNoPassword) {
  RequestWriter request(RequestKind::kCheckAccount);
  request.Text("bob").Text("cron").Text("").Text("");
  RequestParser parser;
  ASSERT_EQ(Feed(parser, Joined(request)), State::kWhole);
  EXPECT_EQ(parser.request().login.service, "cron");
  EXPECT_FALSE(parser.request().login.allow_empty_password);
  EXPECT_EQ(StateAfter(Joined(request.Text("secret"))), State::kBad);
}

TEST(RequestParser, PasswordChangeHasBothPasswordsAndSaysWhetherRootDoesIt) {
  for (const std::uint16_t flags : {std::uint16_t{0}, request_flag::kByRoot}) {
    RequestWriter change(RequestKind::kChangePassword, flags);
    change.Text("bob").Text("passwd").Text("").Text("tty1").Text("old").Text("new");
    RequestParser parser;
    ASSERT_EQ(Feed(parser, Joined(change)), State::kWhole);
    EXPECT_EQ(parser.request().login.password, "old");
    EXPECT_EQ(parser.request().login.new_password, "new");
    EXPECT_EQ(parser.request().login.by_root, flags != 0);
    EXPECT_FALSE(parser.request().login.allow_empty_password);
    RequestWriter prepare(RequestKind::kPrepareChange, flags);
    prepare.Text("bob").Text("passwd").Text("").Text("tty1").Text("old");
    EXPECT_EQ(StateAfter(Joined(prepare)), State::kWhole);
    EXPECT_EQ(StateAfter(Joined(prepare.Text("new"))), State::kBad);
  }
}

TEST(RequestParser, SessionCarriesNoPassword) {
  for (const RequestKind kind : {RequestKind::kOpenSession, RequestKind::kCloseSession}) {
    RequestWriter session(kind);
    session.Text("bob").Text("sshd").Text("::1").Text("ssh");
    EXPECT_EQ(StateAfter(Joined(session)), State::kWhole);
    EXPECT_EQ(StateAfter(Joined(session.Text("secret"))), State::kBad);
  }
}

TEST(RequestParser, RefreshFlagsMeanWhatTheySay) {
  struct Row {
    std::uint16_t flags;
    bool wait, force;
  };
  for (const Row& row : {Row{0, false, false}, Row{request_flag::kWait, true, false},
                         Row{request_flag::kForce, false, true},
                         Row{request_flag::kWait | request_flag::kForce, true, true}}) {
    RequestParser parser;
    RequestWriter request(RequestKind::kRefresh, row.flags);
    ASSERT_EQ(Feed(parser, Joined(request)), State::kWhole);
    EXPECT_EQ(parser.request().wait, row.wait) << row.flags;
    EXPECT_EQ(parser.request().force, row.force) << row.flags;
    EXPECT_FALSE(parser.request().login.allow_empty_password);
  }
}

TEST(RequestParser, FlushIsOfOneNameOrOfAll) {
  for (const std::string& name : {std::string(), std::string("bob"), std::string(255, 'n')}) {
    RequestParser parser;
    ASSERT_EQ(Feed(parser, ByName(RequestKind::kFlush, name)), State::kWhole) << name;
    EXPECT_EQ(parser.request().kind, RequestKind::kFlush);
    EXPECT_EQ(parser.request().name, name);
  }
  EXPECT_EQ(StateAfter(ByName(RequestKind::kFlush, std::string(256, 'n'))), State::kBad);
  RequestWriter neither(RequestKind::kFlush);
  EXPECT_EQ(StateAfter(Joined(neither)), State::kBad) << "all of it was not asked for";
}

TEST(RequestParser, LargestRequestFitsAndOneByteMoreDoesNot) {
  const std::size_t rest = Authenticate("bob", "").size();
  const std::string largest = Authenticate("bob", std::string(kRequestMax - rest, 'p'));
  ASSERT_EQ(largest.size(), kRequestMax);
  RequestParser parser;
  ASSERT_EQ(Feed(parser, largest), State::kWhole);
  EXPECT_EQ(parser.request().login.password.size(), kRequestMax - rest);

  EXPECT_EQ(Authenticate("bob", std::string(kRequestMax - rest + 1, 'p')), "")
      << "the client sends what no server takes";
  std::string longer = largest;
  StoreNumber(static_cast<std::uint32_t>(kRequestMax - kRequestHeader + 1),
              reinterpret_cast<unsigned char*>(longer.data()) + 4);
  EXPECT_EQ(StateAfter(longer + "p"), State::kBad);
}

TEST(RequestParser, LookUpThatAnnouncesMoreThanANameIsRefusedByItsHeader) {
  for (const RequestKind kind :
       {RequestKind::kUserByName, RequestKind::kUserById, RequestKind::kListUsers,
        RequestKind::kShadowByName, RequestKind::kSshKeys, RequestKind::kFlush,
        RequestKind::kRefresh}) {
    RequestWriter request(kind);
    std::string header = Joined(request);
    StoreNumber(std::uint32_t{258}, reinterpret_cast<unsigned char*>(header.data()) + 4);
    EXPECT_EQ(StateAfter(header), State::kBad) << NameOf(kind);
  }
}

TEST(RequestParser, MemoryGrowsWithWhatCameAndNotWithWhatWasAnnounced) {
  const std::string largest = Authenticate("bob", std::string(60'000, 'p'));
  RequestParser parser;
  ASSERT_EQ(Feed(parser, std::string_view(largest).substr(0, 600)), State::kMore);
  EXPECT_LE(parser.Space().size(), 2048U);
  EXPECT_EQ(Feed(parser, std::string_view(largest).substr(600)), State::kWhole);
  EXPECT_EQ(parser.request().login.password, std::string(60'000, 'p'));
}

TEST(RequestParser, BufferSizesThatMeetTheRequestExactly) {
  for (std::size_t length = 400; length < 600; ++length) {
    const std::string bytes = Authenticate("bob", std::string(length, 'p'));
    RequestParser parser;
    ASSERT_EQ(Feed(parser, bytes), State::kWhole) << length;
    EXPECT_EQ(parser.request().login.password, std::string(length, 'p'));
  }
}

TEST(RequestParser, TruncatedRequestIsNeverARequest) {
  const std::string bytes = Authenticate("bob", "secret");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_EQ(StateAfter(std::string_view(bytes).substr(0, length)), State::kMore) << length;
  }
}

TEST(RequestParser, WholeRequestThatIsShorterThanItsFieldsIsRefused) {
  const std::string bytes = Authenticate("bob", "secret");
  for (std::size_t length = kRequestHeader; length < bytes.size(); ++length) {
    std::string cut = bytes.substr(0, length);
    StoreNumber(static_cast<std::uint32_t>(length - kRequestHeader),
                reinterpret_cast<unsigned char*>(cut.data()) + 4);
    EXPECT_EQ(StateAfter(cut), State::kBad) << length;
  }
}

TEST(RequestParser, ASecondRequestBehindTheFirstIsRefused) {
  const std::string bytes = ByName(RequestKind::kUserByName, "bob");
  EXPECT_EQ(StateAfter(bytes + bytes), State::kBad);
  RequestWriter status(RequestKind::kStatus);
  EXPECT_EQ(StateAfter(Joined(status) + "x"), State::kBad);
}

TEST(RequestParser, HeaderOfAnotherProtocolOrVersionIsRefused) {
  EXPECT_EQ(StateAfter("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), State::kBad);
  std::string next = ByName(RequestKind::kUserByName, "bob");
  next[3] = 2;
  EXPECT_EQ(StateAfter(next), State::kBad);
}

TEST(RequestParser, UnknownKindsAndFlagsAreRefused) {
  for (std::uint32_t kind = 0; kind <= 0xffff; ++kind) {
    RequestWriter request(static_cast<RequestKind>(kind));
    const bool known = !NameOf(static_cast<RequestKind>(kind)).empty();
    EXPECT_EQ(StateAfter(Joined(request)) == State::kWhole,
              kind == 7 || kind == 8 || kind == 9 || kind == 32 || kind == 33)
        << kind;
    EXPECT_EQ(known, (kind >= 1 && kind <= 9) || (kind >= 16 && kind <= 21) || kind == 24 ||
                         (kind >= 32 && kind <= 34))
        << kind;
  }
  for (std::uint32_t flags = 0; flags <= 0xffff; ++flags) {
    RequestWriter refresh(RequestKind::kRefresh, static_cast<std::uint16_t>(flags));
    EXPECT_EQ(StateAfter(Joined(refresh)) == State::kWhole, flags <= 3) << flags;
    RequestWriter status(RequestKind::kStatus, static_cast<std::uint16_t>(flags));
    EXPECT_EQ(StateAfter(Joined(status)) == State::kWhole, flags == 0) << flags;
  }
}

TEST(RequestParser, NameThatNoAccountCanHaveIsRefused) {
  using namespace std::string_literals;
  for (const RequestKind kind :
       {RequestKind::kUserByName, RequestKind::kShadowByName, RequestKind::kSshKeys}) {
    EXPECT_EQ(StateAfter(ByName(kind, "")), State::kBad);
    EXPECT_EQ(StateAfter(ByName(kind, "bob\0root"s)), State::kBad);
    EXPECT_EQ(StateAfter(ByName(kind, std::string(255, 'n'))), State::kWhole);
    EXPECT_EQ(StateAfter(ByName(kind, std::string(256, 'n'))), State::kBad);
  }
  EXPECT_EQ(StateAfter(Authenticate("", "secret")), State::kBad);
  EXPECT_EQ(StateAfter(Authenticate("bob\0"s, "secret")), State::kBad);
  EXPECT_EQ(StateAfter(Authenticate("bob", "secret\0x"s)), State::kBad);
}

TEST(RequestParser, EachChangedByteGivesARequestOrARefusalAndNothingElse) {
  const std::string bytes = Authenticate("bob", "secret");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      RequestParser parser;
      if (Feed(parser, changed) != State::kWhole) continue;
      const Request& request = parser.request();
      EXPECT_FALSE(request.name.empty());
      EXPECT_EQ(request.name.find('\0'), std::string_view::npos);
      EXPECT_EQ(request.login.password.find('\0'), std::string_view::npos);
    }
  }
}

bool Contains(const void* memory, std::size_t size, std::string_view text) {
  return memmem(memory, size, text.data(), text.size()) != nullptr;
}

TEST(RequestParser, PasswordIsGoneAfterWipe) {
  const std::string secret = "correct horse battery staple";
  RequestParser parser;
  ASSERT_EQ(Feed(parser, Authenticate("bob", secret)), State::kWhole);
  ASSERT_TRUE(Contains(&parser, sizeof parser, secret)) << "the test looks in the wrong place";
  parser.Wipe();
  EXPECT_FALSE(Contains(&parser, sizeof parser, secret));
  EXPECT_TRUE(parser.request().login.password.empty());
  EXPECT_TRUE(parser.request().name.empty());
}

TEST(RequestParser, LargeRequestLeavesNoPasswordInEitherBuffer) {
  const std::string secret = "correct horse battery staple";
  RequestParser parser;
  ASSERT_EQ(Feed(parser, Authenticate("bob", secret + std::string(1000, 'p')), 100), State::kWhole);
  EXPECT_FALSE(Contains(&parser, sizeof parser, secret)) << "left behind in the small buffer";
  const char* const large = parser.request().login.password.data();
  ASSERT_TRUE(Contains(large, 1000, secret));
  parser.Wipe();
  EXPECT_FALSE(Contains(large, 1000, secret));
}

TEST(RequestParser, RefusedRequestLeavesNoPasswordEither) {
  const std::string secret = "correct horse battery staple";
  RequestParser parser;
  ASSERT_EQ(Feed(parser, Authenticate("bob", secret) + "x"), State::kBad);
  EXPECT_FALSE(Contains(&parser, sizeof parser, secret));
}

}  // namespace
}  // namespace sqlmap
