// What the encoder writes the decoder reads, and nothing else.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/answer_decoder.h"
#include "common/wire/answer_encoder.h"

namespace sqlmap {
namespace {

using namespace std::string_literals;

std::span<unsigned char> BytesOf(std::string& text) {
  return {reinterpret_cast<unsigned char*>(text.data()), text.size()};
}

template <class Record>
bool Decode(std::string& bytes, Record& record) {
  Frame frame;
  std::size_t size = 0;
  return ReadFrame(BytesOf(bytes), frame, size) == FrameState::kWhole && size == bytes.size() &&
         DecodeRecord(frame, record);
}

// For each way to spoil one byte, and for each shorter payload: whatever is believed keeps the
// rules.
template <class Record, class Check>
void Spoil(const std::string& bytes, Check check) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      Record record{};
      if (Decode(changed, record)) check(record, changed);
    }
  }
  for (std::size_t length = kFrameHeader; length < bytes.size(); ++length) {
    std::string cut = bytes.substr(0, length);
    StoreNumber(static_cast<std::uint32_t>(length - kFrameHeader), BytesOf(cut).data());
    Record record{};
    EXPECT_FALSE(Decode(cut, record)) << length;
  }
}

// Inside `bytes`, and followed there by its NUL.
void ExpectTerminatedText(std::string_view text, const std::string& bytes) {
  ASSERT_GE(text.data(), bytes.data());
  ASSERT_LT(text.data() + text.size(), bytes.data() + bytes.size());
  EXPECT_EQ(std::strlen(text.data()), text.size());
}

const UserRecord kUser{.name = "shop",
                       .password = "x",
                       .uid = 1001,
                       .gid = 4'294'967'293U,
                       .gecos = "Caf\xc3\xa9, 1",
                       .home = "/srv/shop",
                       .shell = ""};

TEST(Answer, UserComesBackAsItWent) {
  std::string bytes;
  ASSERT_TRUE(AppendUser(kUser, bytes));
  UserRecord user;
  ASSERT_TRUE(Decode(bytes, user));
  EXPECT_EQ(user.name, kUser.name);
  EXPECT_EQ(user.password, kUser.password);
  EXPECT_EQ(user.uid, kUser.uid);
  EXPECT_EQ(user.gid, kUser.gid);
  EXPECT_EQ(user.gecos, kUser.gecos);
  EXPECT_EQ(user.home, kUser.home);
  EXPECT_EQ(user.shell, kUser.shell);
  EXPECT_EQ(user.packed, "") << "packed text has been checked, and this was not";
  Spoil<UserRecord>(bytes, [](const UserRecord& spoilt, const std::string& from) {
    for (const std::string_view text :
         {spoilt.name, spoilt.password, spoilt.gecos, spoilt.home, spoilt.shell}) {
      ExpectTerminatedText(text, from);
    }
  });
}

TEST(Answer, GroupComesBackAsItWent) {
  const std::string members = "alice\0bob\0"s;
  for (const NameList& list : {NameList{members, 2}, NameList{}}) {
    std::string bytes;
    ASSERT_TRUE(AppendGroup({.name = "web", .password = "*", .gid = 2002, .members = list}, bytes));
    GroupRecord group;
    ASSERT_TRUE(Decode(bytes, group));
    EXPECT_EQ(group.name, "web");
    EXPECT_EQ(group.password, "*");
    EXPECT_EQ(group.gid, 2002U);
    EXPECT_EQ(group.members.count, list.count);
    EXPECT_EQ(group.members.bytes, list.bytes);
    EXPECT_EQ(group.packed, "") << "packed text has been checked, and this was not";
    Spoil<GroupRecord>(bytes, [](const GroupRecord& spoilt, const std::string& from) {
      ExpectTerminatedText(spoilt.name, from);
      ExpectTerminatedText(spoilt.password, from);
      std::size_t count = 0;
      spoilt.members.ForEach([&](std::string_view member) {
        ExpectTerminatedText(member, from);
        ++count;
      });
      EXPECT_EQ(count, spoilt.members.count) << "an array of this size would overflow";
    });
  }
}

TEST(Answer, ShadowComesBackAsItWent) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const ShadowRecord sent{.name = "bob",
                          .hash = "$y$j9T$abc",
                          .lstchg = kLeast,
                          .min = 0,
                          .max = 99'999,
                          .warn = 7,
                          .inact = -1,
                          .expire = 1,
                          .flag = ~std::uint64_t{0}};
  std::string bytes;
  ASSERT_TRUE(AppendShadow(sent, bytes));
  ShadowRecord shadow;
  ASSERT_TRUE(Decode(bytes, shadow));
  EXPECT_EQ(shadow.name, sent.name);
  EXPECT_EQ(shadow.hash, sent.hash);
  EXPECT_EQ(shadow.lstchg, kLeast);
  EXPECT_EQ(shadow.min, 0);
  EXPECT_EQ(shadow.max, 99'999);
  EXPECT_EQ(shadow.warn, 7);
  EXPECT_EQ(shadow.inact, -1);
  EXPECT_EQ(shadow.expire, 1);
  EXPECT_EQ(shadow.flag, ~std::uint64_t{0});
  Spoil<ShadowRecord>(bytes, [](const ShadowRecord& spoilt, const std::string& from) {
    ExpectTerminatedText(spoilt.name, from);
    ExpectTerminatedText(spoilt.hash, from);
  });
}

TEST(Answer, SshKeysComeBackAsTheyWentAndNothingElsePassesForLines) {
  const std::string largest = std::string(kSshKeysMax - 1, 'k') + '\n';
  for (const std::string& sent :
       {"ssh-rsa AAAA\n"s, "restrict\tssh-rsa AAAA r\xc3\xb6st \x9b\nssh-rsa BBBB\n"s, largest}) {
    std::string bytes;
    ASSERT_TRUE(AppendSshKeys({sent}, bytes));
    SshKeyLines keys;
    ASSERT_TRUE(Decode(bytes, keys));
    EXPECT_EQ(keys.text, sent) << "what a line says must not be changed";
  }
  for (const std::string& bad :
       {""s, "ssh-rsa AAAA"s, "a\r\n"s, "a\x1b[2J\n"s, "a\0b\n"s, "a\x7f\n"s, largest + "\n"}) {
    std::string bytes = "before";
    EXPECT_FALSE(AppendSshKeys({bad}, bytes));
    EXPECT_EQ(bytes, "before");
    std::string frame = "\0\0\0\0\x07\0\0\0"s + bad;
    StoreNumber(static_cast<std::uint32_t>(bad.size()),
                reinterpret_cast<unsigned char*>(frame.data()));
    SshKeyLines keys;
    EXPECT_FALSE(Decode(frame, keys));
  }
}

TEST(Answer, GidsComeBackAsTheyWent) {
  for (const std::vector<Gid>& sent : {std::vector<Gid>{}, {1}, {1000, 0, 4294967295U, 7}}) {
    std::string bytes;
    ASSERT_TRUE(AppendGids(sent, bytes));
    std::span<const Gid> gids;
    ASSERT_TRUE(Decode(bytes, gids));
    EXPECT_EQ(std::vector<Gid>(gids.begin(), gids.end()), sent);
  }
  for (const std::size_t length : {1U, 2U, 3U, 5U, 7U}) {
    std::string bytes = "\0\0\0\0\x03\0\0\0"s + std::string(length, 'x');
    bytes[0] = static_cast<char>(length);
    std::span<const Gid> gids;
    EXPECT_FALSE(Decode(bytes, gids)) << length;
  }
}

TEST(Answer, EachVerdictComesBackAsItWent) {
  for (const auto& [verdict, number] : kVerdictNumbers) {
    LoginAnswer sent{.verdict = verdict, .days_left = 5, .reason = "row of bob: why"};
    std::string bytes;
    AppendVerdict(sent, bytes);
    LoginAnswer answer;
    ASSERT_TRUE(Decode(bytes, answer));
    EXPECT_EQ(answer.verdict, verdict);
    EXPECT_EQ(answer.days_left, 5);
    EXPECT_STREQ(answer.reason, "row of bob: why");
  }
}

TEST(Answer, OnlyAnAcceptedPasswordCanBeARememberedOne) {
  for (const auto& [verdict, number] : kVerdictNumbers) {
    std::string bytes;
    AppendVerdict({.verdict = verdict, .offline = true, .reason = "remembered"}, bytes);
    LoginAnswer answer;
    EXPECT_EQ(Decode(bytes, answer), verdict == LoginVerdict::kAccepted);
    EXPECT_EQ(answer.offline, verdict == LoginVerdict::kAccepted);
    bytes[14] = '\x02';
    EXPECT_FALSE(Decode(bytes, answer)) << "a flag that nobody knows";
  }
}

TEST(Answer, OnlyTheNumberOfAcceptedIsAccepted) {
  std::string bytes;
  AppendVerdict({.verdict = LoginVerdict::kWrongPassword, .days_left = -1, .reason = "no"}, bytes);
  for (int number = 0; number < 256; ++number) {
    bytes[5] = static_cast<char>(number);
    LoginAnswer answer;
    const bool decoded = Decode(bytes, answer);
    EXPECT_EQ(decoded && answer.verdict == LoginVerdict::kAccepted, number == 1) << number;
    EXPECT_EQ(decoded, number >= 1 && number <= 14) << number;
  }
}

TEST(Answer, ReasonFillsItsFieldAndCannotForgeALogLine) {
  LoginAnswer sent;
  std::memset(sent.reason, 'r', sizeof sent.reason);  // without its NUL, too
  std::string bytes;
  AppendVerdict(sent, bytes);
  LoginAnswer answer;
  ASSERT_TRUE(Decode(bytes, answer));
  EXPECT_EQ(std::string(answer.reason), std::string(255, 'r'));

  sent = {.verdict = LoginVerdict::kBlocked, .reason = "a\nroot logged in\x1b[2J\x7f\xc3\xa4"};
  bytes.clear();
  AppendVerdict(sent, bytes);
  ASSERT_TRUE(Decode(bytes, answer));
  EXPECT_STREQ(answer.reason, "a?root logged in?[2J???");

  Spoil<LoginAnswer>(bytes, [](const LoginAnswer& spoilt, const std::string&) {
    EXPECT_LT(strnlen(spoilt.reason, sizeof spoilt.reason), sizeof spoilt.reason);
  });
}

TEST(Answer, ReasonLongerThanItsFieldIsRefused) {
  const std::string reason(256, 'r');
  std::string bytes = "\x08\x01\0\0\x05\x01\0\0\xff\xff\xff\xff\0\x01\0\0"s + reason;
  LoginAnswer answer;
  EXPECT_FALSE(Decode(bytes, answer));
}

Answer DecodedWithoutRecord(std::string bytes, std::string* why = nullptr) {
  Frame frame;
  std::size_t size = 0;
  EXPECT_EQ(ReadFrame(BytesOf(bytes), frame, size), FrameState::kWhole);
  std::string_view text;
  const Answer answer = DecodeNoRecord(frame, text);
  if (why != nullptr) *why = text;
  return answer;
}

TEST(Answer, AbsentAndEachReasonComeBackAsTheyWent) {
  std::string bytes;
  AppendAbsent(bytes);
  EXPECT_EQ(DecodedWithoutRecord(bytes), Answer::Absent());
  for (const auto& [reason, number] : kReasonNumbers) {
    bytes.clear();
    AppendUnavailable(reason, "because", bytes);
    std::string why;
    EXPECT_EQ(DecodedWithoutRecord(bytes, &why), Answer::Unavailable(reason));
    EXPECT_EQ(why, "because");
  }
  bytes.clear();
  AppendUnavailable(Reason::kTimeout, std::string(1000, 'w'), bytes);
  std::string why;
  EXPECT_EQ(DecodedWithoutRecord(bytes, &why), Answer::Unavailable(Reason::kTimeout));
  EXPECT_EQ(why, std::string(255, 'w'));
  bytes.clear();
  AppendUnavailable(Reason::kTimeout, "late\nroot logged in\x1b", bytes);
  EXPECT_EQ(DecodedWithoutRecord(bytes, &why), Answer::Unavailable(Reason::kTimeout));
  EXPECT_EQ(why, "late?root logged in?");
}

TEST(Answer, NothingButAbsentIsAbsent) {
  const Answer malformed = Answer::Unavailable(Reason::kServerError);
  EXPECT_EQ(DecodedWithoutRecord("\x01\0\0\0\x10\0\0\0x"s), malformed);
  for (int number = 0; number < 256; ++number) {
    std::string bytes = "\0\0\0\0\x11\0\0\0"s;
    bytes[5] = static_cast<char>(number);
    EXPECT_TRUE(DecodedWithoutRecord(bytes).unavailable()) << number;
    if (number == 0 || number > 6) {
      EXPECT_EQ(DecodedWithoutRecord(bytes), malformed);
    }
  }
  std::string user;
  ASSERT_TRUE(AppendUser(kUser, user));
  EXPECT_EQ(DecodedWithoutRecord(user), malformed);
}

TEST(Answer, HeaderThatBreaksTheRulesIsNoFrame) {
  Frame frame;
  std::size_t size = 0;
  const auto state = [&](std::string bytes) { return ReadFrame(BytesOf(bytes), frame, size); };
  for (std::size_t length = 0; length < kFrameHeader; ++length) {
    EXPECT_EQ(state(std::string(length, '\x01')), FrameState::kMore) << length;
    EXPECT_EQ(size, kFrameHeader);
  }
  for (int kind = 0; kind < 256; ++kind) {
    std::string bytes(8, '\0');
    bytes[4] = static_cast<char>(kind);
    const bool known = (kind >= 1 && kind <= 7) || kind == 16 || kind == 17;
    EXPECT_EQ(state(bytes), known ? FrameState::kWhole : FrameState::kBad) << kind;
  }
  EXPECT_EQ(state("\0\0\0\0\x01\x01\0\0"s), FrameState::kBad) << "a user has no detail";
  EXPECT_EQ(state("\0\0\0\0\x10\0\x01\0"s), FrameState::kBad) << "zero is zero";
  EXPECT_EQ(state("\0\0\0\x04\x01\0\0\0"s), FrameState::kMore) << "64 MiB";
  EXPECT_EQ(size, kFrameHeader + kPayloadMax);
  EXPECT_EQ(state("\x01\0\0\x04\x01\0\0\0"s), FrameState::kBad);
  EXPECT_EQ(state("\xff\xff\xff\xff\x01\0\0\0"s), FrameState::kBad);
}

TEST(Answer, RecordThatCannotBeCarriedIsRefusedWithoutATrace) {
  const std::string before = "before";
  std::string out = before;
  const std::string nul = "a\0b"s;
  const std::string largest(65'535, 'g');
  const std::string too_long(65'536, 'g');
  for (const std::string_view bad : {std::string_view(nul), std::string_view(too_long)}) {
    UserRecord user = kUser;
    for (std::string_view UserRecord::*field :
         {&UserRecord::name, &UserRecord::password, &UserRecord::gecos, &UserRecord::home,
          &UserRecord::shell}) {
      user = kUser;
      user.*field = bad;
      EXPECT_FALSE(AppendUser(user, out));
    }
    EXPECT_FALSE(AppendShadow({.name = "bob", .hash = bad}, out));
    EXPECT_FALSE(AppendShadow({.name = bad, .hash = "x"}, out));
    EXPECT_FALSE(AppendGroup({.name = bad, .password = "x"}, out));
    EXPECT_FALSE(AppendGroup({.name = "web", .password = bad}, out));
  }
  EXPECT_FALSE(AppendGroup({.name = "web", .members = {"bob", 1}}, out)) << "no NUL behind bob";
  EXPECT_FALSE(AppendGroup({.name = "web", .members = {std::string_view("bob\0", 4), 2}}, out));
  EXPECT_EQ(out, before);
  UserRecord user = kUser;
  user.gecos = largest;
  EXPECT_TRUE(AppendUser(user, out));
}

TEST(Answer, GroupOfAMillionMembersIsCarriedAndOneOverTheLimitIsNot) {
  std::string members;
  std::size_t count = 0;
  for (; count < 1'000'000; ++count) members += "customer" + std::to_string(count) + '\0';
  std::string bytes;
  ASSERT_TRUE(AppendGroup({.name = "all", .password = "x", .members = {members, count}}, bytes));
  GroupRecord group;
  ASSERT_TRUE(Decode(bytes, group));
  EXPECT_EQ(group.members.count, count);
  EXPECT_EQ(group.members.bytes, members);

  const std::string over(kPayloadMax, '\0');
  bytes.clear();
  EXPECT_FALSE(AppendGroup({.name = "all", .members = {over, over.size()}}, bytes));
  EXPECT_EQ(bytes, "");
  const std::vector<Gid> gids(kPayloadMax / sizeof(Gid) + 1, 1000);
  EXPECT_FALSE(AppendGids(gids, bytes));
  EXPECT_EQ(bytes, "");
}

}  // namespace
}  // namespace sqlmap
