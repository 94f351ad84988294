#include "server/shard_locks.h"

#include <algorithm>

namespace strata {

void ShardLocks::LockMany(std::span<const KeyRef> keys) NO_THREAD_SAFETY_ANALYSIS {
  locked_.clear();
  for (const KeyRef& key : keys) locked_.push_back(keyspace_.ShardIndex(key.hash));
  std::sort(locked_.begin(), locked_.end());
  locked_.erase(std::unique(locked_.begin(), locked_.end()), locked_.end());
  for (size_t index : locked_) keyspace_.shard(index).mutex.Lock();
}

bool ShardLocks::Cover(std::span<const KeyRef> held, std::span<const KeyRef> wanted) const {
  if (held.empty()) return false;
  return std::all_of(wanted.begin(), wanted.end(), [&](const KeyRef& key) {
    const size_t index = keyspace_.ShardIndex(key.hash);
    if (held.size() == 1) return index == keyspace_.ShardIndex(held[0].hash);
    return std::binary_search(locked_.begin(), locked_.end(), index);
  });
}

}  // namespace strata
