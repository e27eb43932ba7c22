// A map of bounded size: what has not been touched for longest makes room.
#ifndef SQLMAP_COMMON_LOGIN_LRU_MAP_H_
#define SQLMAP_COMMON_LOGIN_LRU_MAP_H_

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace sqlmap {

// Not thread safe. A value stays where it is until it makes room or is erased.
template <class Value>
class LruMap {
 public:
  // `most` is at least 1.
  explicit LruMap(std::size_t most) : most_(most) {}
  LruMap(const LruMap&) = delete;
  LruMap& operator=(const LruMap&) = delete;

  // Null: it is not there. No touch.
  Value* Find(std::string_view key) {
    const auto at = index_.find(key);
    return at == index_.end() ? nullptr : &at->second->second;
  }
  // Its value, a new one if it was not there. Throws std::bad_alloc, and is then unchanged.
  Value& Touch(std::string_view key) {
    if (const auto at = index_.find(key); at != index_.end()) {
      entries_.splice(entries_.begin(), entries_, at->second);
      return at->second->second;
    }
    Entries fresh;
    fresh.emplace_front(std::string(key), Value());
    index_.emplace(fresh.front().first, fresh.begin());
    entries_.splice(entries_.begin(), fresh);
    if (index_.size() > most_) Erase(entries_.back().first);
    return entries_.front().second;
  }
  void Erase(std::string_view key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return;
    const auto entry = at->second;
    index_.erase(at);
    entries_.erase(entry);
  }
  std::size_t size() const { return index_.size(); }

 private:
  using Entries = std::list<std::pair<const std::string, Value>>;

  const std::size_t most_;
  Entries entries_;  // the one that was touched last is first
  std::unordered_map<std::string_view, typename Entries::iterator> index_;  // views of entries_
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_LRU_MAP_H_
