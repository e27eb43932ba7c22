#include "daemon/offline_store.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

namespace sqlmap {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the numbers of the file are copied as they are");

constexpr char kMagic[] = {'s', 'q', 'l', 'm', 'a', 'p', 'o', 'f'};
constexpr std::uint32_t kVersion = 1;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr bool kChecked = false;  // behind it a fuzzer would find nothing
#else
constexpr bool kChecked = true;
#endif

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t passwords;
  std::uint32_t passes;
  std::uint32_t zero;
  OfflineId rules;
  OfflineId check;
};

struct PasswordRecord {
  OfflineId name;
  std::int64_t verified;
  OfflineSalt salt;
  OfflineHash hash;
};

struct PassRecord {
  OfflineId scope;
  OfflineId name;
  std::int64_t passed;
  std::uint32_t stage;
  std::int32_t lstchg, max, warn, inact, expire;
};

static_assert(sizeof(Header) == 56 && sizeof(PasswordRecord) == 72 && sizeof(PassRecord) == 64);
static_assert(sizeof(Header) +
                  OfflineStore::kMostEntries *
                      (sizeof(PasswordRecord) + OfflineStore::kPassesOfOne * sizeof(PassRecord)) <=
              kMostOfflineBytes);

template <class Record>
void Append(Secret& bytes, const Record& record) {
  static_assert(std::has_unique_object_representations_v<Record>);
  bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
}

template <class Record>
Record Take(std::string_view& bytes) {
  Record record;
  std::memcpy(&record, bytes.data(), sizeof record);
  bytes.remove_prefix(sizeof record);
  return record;
}

std::int32_t Clipped(std::int64_t number) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      number, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

ShadowRecord AgeingOf(const PassRecord& record) {
  ShadowRecord ageing;
  ageing.lstchg = record.lstchg;
  ageing.max = record.max;
  ageing.warn = record.warn;
  ageing.inact = record.inact;
  ageing.expire = record.expire;
  return ageing;
}

// Over all the bytes, but for the check's own.
OfflineId CheckOf(std::string_view bytes, const OfflineKey& key) {
  const std::string_view head = bytes.substr(0, offsetof(Header, check));
  const OfflineId ids[] = {key.Check(head), key.Check(bytes.substr(sizeof(Header)))};
  return key.Check({reinterpret_cast<const char*>(ids), sizeof ids});
}

}  // namespace

template <class Value>
Value* OfflineStore::Recent<Value>::Find(const OfflineId& id) {
  const auto found = index_.find(id);
  if (found == index_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &found->second->second;
}

template <class Value>
void OfflineStore::Recent<Value>::Put(const OfflineId& id, const Value& value) {
  if (Value* const known = Find(id)) {
    *known = value;
    return;
  }
  Entries entry;
  entry.emplace_front(id, value);
  index_.emplace(id, entry.begin());
  entries_.splice(entries_.begin(), entry);
}

template <class Value>
void OfflineStore::Recent<Value>::DropOldest(std::size_t most) {
  for (; index_.size() > most; entries_.pop_back()) index_.erase(entries_.back().first);
}

template <class Value>
bool OfflineStore::Recent<Value>::Erase(const OfflineId& id) {
  const auto found = index_.find(id);
  if (found == index_.end()) return false;
  entries_.erase(found->second);
  index_.erase(found);
  return true;
}

template <class Value>
template <class Condition>
std::size_t OfflineStore::Recent<Value>::EraseIf(Condition condition) {
  return std::erase_if(entries_, [&](const auto& entry) {
    if (!condition(entry.second)) return false;
    index_.erase(entry.first);
    return true;
  });
}

OfflineStore::OfflineStore(Limits limits)
    : limits_{limits.seconds, std::clamp<std::size_t>(limits.entries, 1, kMostEntries)} {}

bool OfflineStore::Counts(std::int64_t then, std::int64_t now) const {
  return then <= now && then > now - limits_.seconds;
}

const OfflinePassword* OfflineStore::FindPassword(const OfflineId& name) {
  return passwords_.Find(name);
}

const OfflinePass* OfflineStore::FindPass(const OfflineId& scope) { return passes_.Find(scope); }

void OfflineStore::PutPassword(const OfflineId& name, const OfflinePassword& password) {
  passwords_.Put(name, password);
  passwords_.DropOldest(limits_.entries);
}

void OfflineStore::PutPass(const OfflineId& scope, const OfflinePass& pass) {
  const std::size_t most = kPassesOfOne * limits_.entries;
  passes_.Put(scope, pass);
  if (passes_.size() <= most) return;
  std::size_t of_name = 0;
  passes_.EraseIf([&](const OfflinePass& each) {  // the most recently used first
    return each.name == pass.name && ++of_name > kMostPassesOfName;
  });
  passes_.DropOldest(most);
}

bool OfflineStore::Forget(const OfflineId& name) {
  const bool had_password = passwords_.Erase(name);
  return passes_.EraseIf([&](const OfflinePass& pass) { return pass.name == name; }) != 0 ||
         had_password;
}

void OfflineStore::ForgetPasses(const OfflineId& name, OfflineStage stage) {
  passes_.EraseIf(
      [&](const OfflinePass& pass) { return pass.name == name && pass.stage == stage; });
}

bool OfflineStore::DropExpired(std::int64_t now) {
  const std::size_t passwords = passwords_.EraseIf(
      [&](const OfflinePassword& password) { return !Counts(password.verified, now); });
  const std::size_t passes =
      passes_.EraseIf([&](const OfflinePass& pass) { return !Counts(pass.passed, now); });
  return passwords + passes != 0;
}

Secret OfflineStore::Serialise(const OfflineKey& key, const OfflineId& rules) const {
  Secret bytes;
  // In one piece: nothing is left behind where it was smaller.
  bytes.reserve(sizeof(Header) + passwords_.size() * sizeof(PasswordRecord) +
                passes_.size() * sizeof(PassRecord));
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.version = kVersion;
  header.passwords = static_cast<std::uint32_t>(passwords_.size());
  header.passes = static_cast<std::uint32_t>(passes_.size());
  header.rules = rules;
  Append(bytes, header);
  for (const auto& [name, password] : passwords_.entries())
    Append(bytes, PasswordRecord{name, password.verified, password.salt, password.hash});
  for (const auto& [scope, pass] : passes_.entries()) {
    Append(bytes, PassRecord{scope, pass.name, pass.passed, static_cast<std::uint32_t>(pass.stage),
                             Clipped(pass.ageing.lstchg), Clipped(pass.ageing.max),
                             Clipped(pass.ageing.warn), Clipped(pass.ageing.inact),
                             Clipped(pass.ageing.expire)});
  }
  const OfflineId check = CheckOf(bytes, key);
  std::memcpy(bytes.data() + offsetof(Header, check), check.data(), check.size());
  return bytes;
}

std::expected<OfflineStore, const char*> OfflineStore::Parse(std::string_view bytes,
                                                             const OfflineKey& key,
                                                             const OfflineId& rules, Limits limits,
                                                             std::int64_t now) {
  OfflineStore store(limits);
  if (bytes.empty()) return store;
  if (bytes.size() < sizeof(Header) || bytes.size() > kMostOfflineBytes)
    return std::unexpected("it is cut off, or too large");
  std::string_view rest = bytes;
  const auto header = Take<Header>(rest);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0)
    return std::unexpected("it is another kind of file");
  if (header.version != kVersion) return std::unexpected("it is of another version");
  // Neither product is too large for 64 bits.
  if (rest.size() != std::uint64_t{header.passwords} * sizeof(PasswordRecord) +
                         std::uint64_t{header.passes} * sizeof(PassRecord)) {
    return std::unexpected("it is cut off, or too long");
  }
  if (kChecked && CheckOf(bytes, key) != header.check)
    return std::unexpected("it is damaged, or was written with another key");
  if (header.rules != rules) return std::unexpected("[auth], [access] or a query has changed");
  // Least recently used first, which is how they came to be in that order.
  const std::size_t passwords = header.passwords;
  for (std::size_t i = passwords; i-- > 0;) {
    std::string_view at = rest.substr(i * sizeof(PasswordRecord));
    const auto record = Take<PasswordRecord>(at);
    store.passwords_.Put(record.name, {record.verified, record.salt, record.hash});
  }
  rest.remove_prefix(passwords * sizeof(PasswordRecord));
  for (std::size_t i = header.passes; i-- > 0;) {
    std::string_view at = rest.substr(i * sizeof(PassRecord));
    const auto record = Take<PassRecord>(at);
    const auto stage = static_cast<OfflineStage>(record.stage);
    if (stage < OfflineStage::kPassword || stage > OfflineStage::kShadow)
      return std::unexpected("it has a stage that there is not");
    store.passes_.Put(record.scope, {record.name, record.passed, stage, AgeingOf(record)});
  }
  // The file may have been written when there was more room.
  store.passwords_.DropOldest(store.limits_.entries);
  store.passes_.DropOldest(kPassesOfOne * store.limits_.entries);
  store.DropExpired(now);
  return store;
}

}  // namespace sqlmap
