#include "server/transaction.h"

#include <algorithm>

namespace strata {

void Transaction::Queue(OwnedCall call) {
  // What an entry costs beside its arguments' bytes counts too: empty arguments are not free.
  constexpr size_t kPerArgument = sizeof(std::string_view);
  const Call queued = call.call();
  queued_bytes_ += sizeof(OwnedCall) + call.bytes() + queued.arguments.size() * kPerArgument;
  flags_ |= queued.command.flags;
  runs_alone_ = runs_alone_ || RunsAloneInside(queued.command, queued.arguments);
  queue_.push_back(std::move(call));
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
  for (const OwnedCall& queued : queue_) {
    const std::span<const KeyRef> keys = queued.call().keys;
    locked_keys_.insert(locked_keys_.end(), keys.begin(), keys.end());
  }
  for (const auto& [key, existed] : watched_) locked_keys_.push_back(key.ref());
  return locked_keys_;
}

}  // namespace strata
