#pragma once

#include <span>
#include <vector>

#include "storage/keyspace.h"

namespace strata {

// Locks the shards of a command's keys: each once, in ascending order. One thread's own, reused so
// that it allocates nothing.
class ShardLocks {
 public:
  explicit ShardLocks(Keyspace& keyspace) : keyspace_(keyspace) {}

  // REQUIRES: nothing is locked by it.
  void Lock(std::span<const KeyRef> keys) NO_THREAD_SAFETY_ANALYSIS {
    if (keys.empty()) return;
    if (keys.size() == 1) return ShardOf(keys[0]).mutex.Lock();
    LockMany(keys);
  }
  // True if Lock of `held` has locked the shards of `wanted` too.
  bool Cover(std::span<const KeyRef> held, std::span<const KeyRef> wanted) const;
  // REQUIRES: the same keys.
  void Unlock(std::span<const KeyRef> keys) NO_THREAD_SAFETY_ANALYSIS {
    if (keys.empty()) return;
    if (keys.size() == 1) return ShardOf(keys[0]).mutex.Unlock();
    for (size_t index : locked_) keyspace_.shard(index).mutex.Unlock();
  }

 private:
  Shard& ShardOf(const KeyRef& key) { return keyspace_.shard(keyspace_.ShardIndex(key.hash)); }
  void LockMany(std::span<const KeyRef> keys);

  Keyspace& keyspace_;
  std::vector<size_t> locked_;
};

}  // namespace strata
