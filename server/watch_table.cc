#include "server/watch_table.h"

#include <algorithm>
#include <unordered_set>

#include "base/check.h"

namespace strata {

WatchCounts WatchTable::Count() {
  if (empty()) return {};
  std::unordered_set<const WatchFlag*> watchers;
  size_t keys = 0;
  for (Part& part : parts_) {
    SpinLock lock(part.mutex);
    keys += part.keys.size();
    for (const auto& [key, flags] : part.keys) watchers.insert(flags.begin(), flags.end());
  }
  return {watchers.size(), keys};
}

void WatchTable::Add(int database, const KeyRef& key, WatchFlag& flag) {
  Part& part = PartOf(key);
  SpinLock lock(part.mutex);
  auto found = part.keys.find(DatabaseKeyView{database, key});
  if (found == part.keys.end()) {
    found = part.keys.emplace(DatabaseKey(database, key), Watchers{}).first;
  }
  found->second.push_back(&flag);
  size_.fetch_add(1, std::memory_order_relaxed);
  listeners_.Add();
}

void WatchTable::Remove(int database, const KeyRef& key, WatchFlag& flag) {
  Part& part = PartOf(key);
  SpinLock lock(part.mutex);
  auto found = part.keys.find(DatabaseKeyView{database, key});
  CHECK(found != part.keys.end());
  Watchers& watchers = found->second;
  CHECK(std::erase(watchers, &flag) == 1);
  if (watchers.empty()) part.keys.erase(found);
  size_.fetch_sub(1, std::memory_order_relaxed);
  listeners_.Remove();
}

void WatchTable::Spoil(int database, const KeyRef& key) {
  Part& part = PartOf(key);
  SpinLock lock(part.mutex);
  auto found = part.keys.find(DatabaseKeyView{database, key});
  if (found == part.keys.end()) return;
  for (WatchFlag* flag : found->second) flag->spoiled.store(true, std::memory_order_relaxed);
}

void WatchTable::SpoilAll(int database, std::initializer_list<int> contents, int64_t now_ms) {
  if (empty()) return;
  for (Part& part : parts_) {
    SpinLock lock(part.mutex);
    for (const auto& [key, watchers] : part.keys) {
      const KeyRef ref = key.ref();
      const bool concerned =
          key.database == database && std::any_of(contents.begin(), contents.end(), [&](int index) {
            return Database(keyspace_, index, now_ms).Find(ref) != nullptr;
          });
      if (!concerned) continue;
      for (WatchFlag* flag : watchers) flag->spoiled.store(true, std::memory_order_relaxed);
    }
  }
}

}  // namespace strata
