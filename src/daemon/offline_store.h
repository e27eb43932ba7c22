// What is remembered of logins that a server let in, for the time when none answers ([cache]
// offline_auth_seconds). Pure: no I/O, and the time comes in, as seconds since 1970.
//
//   password  of a name: the last one that a server took for right, as a hash
//   pass      of a scope (a name, a service, ...) and a stage: a server let it in. Of the stage
//             kShadow the scope is the name itself, for whoever asks for its shadow line
//
// Each counts for `seconds` after a server last said so, and no longer: what lies in the future of
// a clock that was set back is as old as what lies too far behind, and whatever was found too old
// once is gone. There are at most `entries` passwords, and kPassesOfOne as many passes; the least
// recently used goes first, but before any other's the passes of a name that takes up the room of
// many.
//
// As bytes, with all numbers little-endian:
//
//   offset  size
//        0     8  "sqlmapof"
//        8     4  version: 1
//       12     4  number of passwords
//       16     4  number of passes
//       20     4  0
//       24    16  the rules by which the server's answers were made (an id, see OfflineKey)
//       40    16  OfflineKey::Check of everything, with zeros in this place
//       56        passwords, most recently used first, 72 bytes each:
//                   name 16 (an id), verified 8, salt 16, hash 32
//                 passes, the same, 64 bytes each:
//                   scope 16, name 16 (ids), passed 8, stage 4, and 4 each: lstchg, max, warn,
//                   inact, expire, as in shadow(5), numbers that do not fit clipped
//
// No name, service or address stands in it. What has another key, other rules, another version or
// a byte changed is nothing.
#ifndef SQLMAP_DAEMON_OFFLINE_STORE_H_
#define SQLMAP_DAEMON_OFFLINE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <list>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "common/account/record.h"
#include "common/config/wipe.h"
#include "daemon/offline_key.h"

namespace sqlmap {

// Larger ones are nobody's.
inline constexpr std::size_t kMostOfflineBytes = std::size_t{16} << 20;

enum class OfflineStage : std::uint32_t { kPassword = 1, kAccount = 2, kShadow = 3 };

struct OfflinePassword {
  std::int64_t verified = 0;
  OfflineSalt salt{};
  OfflineHash hash{};
};

struct OfflinePass {
  OfflineId name{};
  std::int64_t passed = 0;
  OfflineStage stage = OfflineStage::kPassword;
  ShadowRecord ageing = {};  // not of kPassword; lstchg, max, warn, inact and expire are kept
};

// Not thread safe. Whatever allocates may throw std::bad_alloc, and then nothing has changed.
class OfflineStore {
 public:
  struct Limits {
    std::int64_t seconds = 0;
    std::size_t entries = 0;
  };
  // As many as fit into kMostOfflineBytes.
  static constexpr std::size_t kMostEntries = 60'000;
  static constexpr std::size_t kPassesOfOne = 3;
  // Of a name that brings another one when there is no room.
  static constexpr std::size_t kMostPassesOfName = 64;

  explicit OfflineStore(Limits limits);
  OfflineStore(OfflineStore&&) = default;
  OfflineStore& operator=(OfflineStore&&) = default;

  // Takes away what does not count any more: before whatever asks. False: there was nothing.
  bool DropExpired(std::int64_t now);

  // Null: there is none. What is returned lives until the next call that changes it.
  const OfflinePassword* FindPassword(const OfflineId& name);
  const OfflinePass* FindPass(const OfflineId& scope);
  void PutPassword(const OfflineId& name, const OfflinePassword& password);
  void PutPass(const OfflineId& scope, const OfflinePass& pass);

  // Everything of a name. False: there was nothing.
  bool Forget(const OfflineId& name);
  // Its passes of one stage.
  void ForgetPasses(const OfflineId& name, OfflineStage stage);

  std::size_t passwords() const { return passwords_.size(); }
  std::size_t passes() const { return passes_.size(); }

  Secret Serialise(const OfflineKey& key, const OfflineId& rules) const;
  // The error says why they are of no use; no bytes are an empty store.
  static std::expected<OfflineStore, const char*> Parse(std::string_view bytes,
                                                        const OfflineKey& key,
                                                        const OfflineId& rules, Limits limits,
                                                        std::int64_t now);

 private:
  // Least recently used at the end.
  template <class Value>
  class Recent {
   public:
    using Entries = std::list<std::pair<OfflineId, Value>>;

    Value* Find(const OfflineId& id);
    void Put(const OfflineId& id, const Value& value);
    void DropOldest(std::size_t most);
    bool Erase(const OfflineId& id);
    template <class Condition>
    std::size_t EraseIf(Condition condition);
    std::size_t size() const { return index_.size(); }
    const Entries& entries() const { return entries_; }

   private:
    Entries entries_;
    std::unordered_map<OfflineId, typename Entries::iterator, OfflineIdHash> index_;
  };

  bool Counts(std::int64_t then, std::int64_t now) const;

  Limits limits_;
  Recent<OfflinePassword> passwords_;
  Recent<OfflinePass> passes_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_STORE_H_
