#include "server/transaction.h"

#include <algorithm>

namespace strata {

void Transaction::Queue(const Call& call) {
  flags_ |= call.command.flags;
  runs_alone_ = runs_alone_ || RunsAloneInside(call.command, call.arguments);
  queue_.Add(call);
}

void Transaction::Watch(WatchTable& table, const Database& database, const KeyRef& key) {
  const bool existed = database.Find(key) != nullptr;
  const bool is_new = watched_.emplace(DatabaseKey(database.index(), key), existed).second;
  if (is_new) table.Add(database.index(), key, watch_flag_);
}

void Transaction::Unwatch(WatchTable& table) {
  for (const auto& [key, existed] : watched_) table.Remove(key.database, key.ref(), watch_flag_);
  watched_.clear();
  watch_flag_.spoiled.store(false, std::memory_order_relaxed);
}

bool Transaction::IsSpoiled(Keyspace& keyspace, int64_t now_ms) const {
  if (saw_change()) return true;
  return std::any_of(watched_.begin(), watched_.end(), [&](const auto& watched) {
    const auto& [key, existed] = watched;
    return existed && Database(keyspace, key.database, now_ms).Find(key.ref()) == nullptr;
  });
}

std::span<const KeyRef> Transaction::LockedKeys() {
  locked_keys_.clear();
  for (const Call& queued : queue_.calls()) {
    locked_keys_.insert(locked_keys_.end(), queued.keys.begin(), queued.keys.end());
  }
  for (const auto& [key, existed] : watched_) locked_keys_.push_back(key.ref());
  return locked_keys_;
}

}  // namespace strata
