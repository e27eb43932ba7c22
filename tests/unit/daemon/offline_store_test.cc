#include "daemon/offline_store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sqlmap {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr OfflineStore::Limits kLimits{3'600, 100};

OfflineId Id(std::uint8_t number) {
  OfflineId id{};
  id.fill(number);
  return id;
}

OfflineKey Key(char fill = 'k') { return OfflineKey(std::string(OfflineKey::kBytes, fill)); }

OfflinePassword Password(std::int64_t verified, std::uint8_t number = 1) {
  OfflinePassword password{verified, {}, {}};
  password.salt.fill(number);
  password.hash.fill(static_cast<std::uint8_t>(number + 100));
  return password;
}

OfflinePass Pass(const OfflineId& name, std::int64_t passed,
                 OfflineStage stage = OfflineStage::kPassword) {
  return {name, passed, stage, {}};
}

OfflineStore Filled() {
  OfflineStore store(kLimits);
  store.PutPassword(Id(1), Password(kNow - 10, 1));
  store.PutPassword(Id(2), Password(kNow - 20, 2));
  store.PutPass(Id(11), Pass(Id(1), kNow - 10));
  OfflinePass account = Pass(Id(1), kNow - 5, OfflineStage::kAccount);
  account.ageing.lstchg = 19'000;
  account.ageing.max = 99'999;
  account.ageing.warn = 7;
  account.ageing.inact = 0;
  account.ageing.expire = std::int64_t{1} << 40;
  store.PutPass(Id(12), account);
  return store;
}

std::expected<OfflineStore, const char*> Parse(std::string_view bytes, const OfflineKey& key,
                                               const OfflineId& rules = Id(99),
                                               std::int64_t now = kNow) {
  return OfflineStore::Parse(bytes, key, rules, kLimits, now);
}

TEST(OfflineKey, SaysNothingAboutWhatItStandsFor) {
  const OfflineKey key = Key();
  EXPECT_EQ(key.Id({"name", "alice"}), Key().Id({"name", "alice"}));
  EXPECT_NE(key.Id({"name", "alice"}), key.Id({"name", "bob"}));
  EXPECT_NE(key.Id({"name", "alice"}), Key('x').Id({"name", "alice"})) << "on another host";
  EXPECT_NE(key.Id({"alice", "sshd"}), key.Id({"alices", "shd"}));
  EXPECT_NE(key.Id({"alice", ""}), key.Id({"alice"}));
  const OfflineSalt salt{};
  EXPECT_EQ(key.Hash("pw", salt), Key().Hash("pw", salt));
  EXPECT_NE(key.Hash("pw", salt), key.Hash("pW", salt));
  EXPECT_NE(key.Hash("pw", salt), Key('x').Hash("pw", salt)) << "guessed without the key";
  EXPECT_NE(RandomSalt(), RandomSalt());
}

TEST(OfflineStore, SurvivesAReboot) {
  const Secret bytes = Filled().Serialise(Key(), Id(99));
  EXPECT_EQ(bytes.size(), 56U + 2 * 72 + 2 * 64);
  auto store = Parse(bytes, Key());
  ASSERT_TRUE(store) << store.error();
  ASSERT_NE(store->FindPassword(Id(2)), nullptr);
  EXPECT_EQ(store->FindPassword(Id(2))->verified, kNow - 20);
  EXPECT_EQ(store->FindPassword(Id(2))->salt, Password(0, 2).salt);
  EXPECT_EQ(store->FindPassword(Id(2))->hash, Password(0, 2).hash);
  ASSERT_NE(store->FindPass(Id(11)), nullptr);
  EXPECT_EQ(store->FindPass(Id(11))->name, Id(1));
  EXPECT_EQ(store->FindPass(Id(11))->stage, OfflineStage::kPassword);
  const OfflinePass* const account = store->FindPass(Id(12));
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->stage, OfflineStage::kAccount);
  EXPECT_EQ(account->passed, kNow - 5);
  EXPECT_EQ(account->ageing.lstchg, 19'000);
  EXPECT_EQ(account->ageing.max, 99'999);
  EXPECT_EQ(account->ageing.warn, 7);
  EXPECT_EQ(account->ageing.inact, 0);
  EXPECT_EQ(account->ageing.expire, 2'147'483'647) << "as far off as before";
  EXPECT_EQ(account->ageing.min, -1);
}

TEST(OfflineStore, NoBytesAreAnEmptyStore) {
  auto store = Parse("", Key());
  ASSERT_TRUE(store);
  EXPECT_EQ(store->passwords(), 0U);
}

TEST(OfflineStore, IsOfNoUseWithAnotherKeyOrUnderOtherRules) {
  const Secret bytes = Filled().Serialise(Key(), Id(99));
  EXPECT_FALSE(Parse(bytes, Key('x')));
  EXPECT_FALSE(Parse(bytes, Key(), Id(98)));
}

TEST(OfflineStore, AnyDamageMakesItNothing) {
  const std::string sound = Filled().Serialise(Key(), Id(99));
  const OfflineKey key = Key();
  for (std::size_t i = 0; i < sound.size(); ++i) {
    std::string damaged = sound;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(Parse(damaged, key)) << "byte " << i;
  }
  for (std::size_t size = 1; size < sound.size(); ++size)
    EXPECT_FALSE(Parse(sound.substr(0, size), key)) << size << " bytes";
  EXPECT_FALSE(Parse(sound + '\0', key));
  EXPECT_FALSE(Parse(sound + sound, key));
  EXPECT_FALSE(Parse("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", key));
  EXPECT_FALSE(Parse(std::string(kMostOfflineBytes + 1, 's'), key));
}

TEST(OfflineStore, CountsOnlyForItsTimeWhateverTheClockDoes) {
  const struct {
    std::int64_t now;
    bool counts;
  } cases[] = {{kNow, true},
               {kNow + 1, true},
               {kNow + kLimits.seconds - 1, true},
               {kNow + kLimits.seconds, false},
               {kNow + 10 * kLimits.seconds, false},
               {kNow - 1, false},
               {0, false}};
  for (const auto& each : cases) {
    OfflineStore store(kLimits);
    store.PutPassword(Id(1), Password(kNow));
    store.PutPass(Id(11), Pass(Id(1), kNow));
    const Secret bytes = store.Serialise(Key(), Id(99));
    auto read = Parse(bytes, Key(), Id(99), each.now);
    ASSERT_TRUE(read);
    EXPECT_EQ(store.DropExpired(each.now), !each.counts) << each.now - kNow;
    for (OfflineStore* which : {&store, &*read}) {
      EXPECT_EQ(which->FindPassword(Id(1)) != nullptr, each.counts) << each.now - kNow;
      EXPECT_EQ(which->FindPass(Id(11)) != nullptr, each.counts) << each.now - kNow;
    }
    // Found too old once, it is gone, even if the clock is set back.
    EXPECT_FALSE(store.DropExpired(kNow));
    EXPECT_EQ(store.FindPassword(Id(1)) != nullptr, each.counts);
  }
}

TEST(OfflineStore, ForgetsAllOfANameAndNothingElse) {
  OfflineStore store = Filled();
  EXPECT_TRUE(store.Forget(Id(1)));
  EXPECT_EQ(store.FindPassword(Id(1)), nullptr);
  EXPECT_EQ(store.FindPass(Id(11)), nullptr);
  EXPECT_EQ(store.FindPass(Id(12)), nullptr);
  EXPECT_NE(store.FindPassword(Id(2)), nullptr);
  EXPECT_FALSE(store.Forget(Id(1)));
  EXPECT_FALSE(store.Forget(Id(3)));
}

TEST(OfflineStore, ForgetsPassesOfOneStageAlone) {
  OfflineStore store = Filled();
  store.ForgetPasses(Id(1), OfflineStage::kPassword);
  EXPECT_EQ(store.FindPass(Id(11)), nullptr);
  EXPECT_NE(store.FindPass(Id(12)), nullptr);
  EXPECT_NE(store.FindPassword(Id(1)), nullptr);
}

TEST(OfflineStore, NeverGrowsBeyondItsLimitAndKeepsWhoWasThereLast) {
  OfflineStore store({3'600, 3});
  for (std::uint8_t i = 1; i <= 3; ++i) store.PutPassword(Id(i), Password(kNow, i));
  EXPECT_NE(store.FindPassword(Id(1)), nullptr);  // used: now 2 is the oldest
  store.PutPassword(Id(4), Password(kNow, 4));
  EXPECT_EQ(store.passwords(), 3U);
  EXPECT_EQ(store.FindPassword(Id(2)), nullptr);
  // The order survives a reboot.
  auto again = OfflineStore::Parse(store.Serialise(Key(), Id(99)), Key(), Id(99), {3'600, 3}, kNow);
  ASSERT_TRUE(again);
  again->PutPassword(Id(5), Password(kNow, 5));
  EXPECT_EQ(again->FindPassword(Id(3)), nullptr);
  EXPECT_NE(again->FindPassword(Id(1)), nullptr);
  // So does a smaller limit.
  auto fewer = OfflineStore::Parse(store.Serialise(Key(), Id(99)), Key(), Id(99), {3'600, 1}, kNow);
  ASSERT_TRUE(fewer);
  EXPECT_EQ(fewer->passwords(), 1U);
  EXPECT_NE(fewer->FindPassword(Id(4)), nullptr);
  for (std::uint8_t i = 1; i <= 200; ++i) store.PutPass(Id(i), Pass(Id(1), kNow));
  EXPECT_EQ(store.passes(), 9U);
}

TEST(OfflineStore, NameThatFillsItMakesRoomItself) {
  constexpr OfflineStore::Limits kRoom{3'600, 100};
  constexpr std::size_t kPasses = OfflineStore::kPassesOfOne * 100;
  OfflineStore store(kRoom);
  const auto put = [&](std::uint8_t of, std::uint32_t number) {
    OfflineId scope = Id(of);
    std::memcpy(scope.data(), &number, sizeof number);
    store.PutPass(scope, Pass(Id(of), kNow));
    return scope;
  };
  const OfflineId others = put(2, 0);
  for (std::uint32_t i = 1; i < kPasses; ++i) put(1, i);
  EXPECT_EQ(store.passes(), kPasses) << "there is room for all";
  const OfflineId last = put(1, kPasses);
  EXPECT_EQ(store.passes(), OfflineStore::kMostPassesOfName + 1);
  EXPECT_NE(store.FindPass(others), nullptr);
  EXPECT_NE(store.FindPass(last), nullptr);
  for (std::uint32_t i = 0; i < 10 * kPasses; ++i) put(1, i);
  EXPECT_NE(store.FindPass(others), nullptr);
}

TEST(OfflineStore, FullStoreFitsIntoTheFile) {
  OfflineStore store({3'600, 10'000'000});
  for (std::uint32_t i = 0; i < OfflineStore::kMostEntries + 10; ++i) {
    OfflineId id{};
    std::memcpy(id.data(), &i, sizeof i);
    store.PutPassword(id, Password(kNow));
    for (id[15] = 1; id[15] <= 3; ++id[15]) store.PutPass(id, Pass(id, kNow));
  }
  EXPECT_EQ(store.passwords(), OfflineStore::kMostEntries);
  const Secret bytes = store.Serialise(Key(), Id(99));
  EXPECT_LE(bytes.size(), kMostOfflineBytes);
  const auto read = OfflineStore::Parse(bytes, Key(), Id(99), {3'600, 10'000'000}, kNow);
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->passwords(), OfflineStore::kMostEntries);
  EXPECT_EQ(read->passes(), 3 * OfflineStore::kMostEntries);
}

}  // namespace
}  // namespace sqlmap
