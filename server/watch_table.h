#pragma once

// Who WATCHes which key, so that a change of the key spoils the watcher's transaction.
//
// Thread-safe: each part has a lock of its own, a leaf, so that a client can leave whatever holds
// the shards. Bound: the places are the keys that clients named in WATCH, once each per client.
//
// Keys that expire are not told here: EXEC itself sees that one that existed at its WATCH is gone
// (see Transaction).

#include <atomic>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "server/database_key.h"
#include "server/key_listeners.h"
#include "storage/keyspace.h"

namespace strata {

struct WatchCounts {
  size_t clients = 0;
  size_t keys = 0;  // each once
};

// What a watcher is told.
struct WatchFlag {
  std::atomic<bool> spoiled{false};
};

class WatchTable {
 public:
  WatchTable(Keyspace& keyspace, KeyListeners& listeners)
      : keyspace_(keyspace), listeners_(listeners), parts_(keyspace.shard_count()) {}

  // With the lock of a key's shard, true says that nobody watches it.
  bool empty() const { return size_.load(std::memory_order_relaxed) == 0; }

  // Walks the parts, unless nobody watches anything.
  WatchCounts Count();

  // REQUIRES: the lock of the key's shard, so that no change is missed between what the watcher saw
  // and this. `flag` must stay until Remove; it is added once for a key.
  void Add(int database, const KeyRef& key, WatchFlag& flag);
  void Remove(int database, const KeyRef& key, WatchFlag& flag);
  // The key was changed. REQUIRES: the lock of its shard, still.
  void Spoil(int database, const KeyRef& key);

  // REQUIRES: the world is stopped. All keys of `database` are about to be replaced: this concerns
  // the watchers of those that exist in one of `contents`, the databases it was and will be.
  void SpoilAll(int database, std::initializer_list<int> contents, int64_t now_ms);

 private:
  using Watchers = std::vector<WatchFlag*>;
  struct Part {
    SpinMutex mutex;
    DatabaseKeyMap<Watchers> keys GUARDED_BY(mutex);
  };

  Part& PartOf(const KeyRef& key) { return parts_[keyspace_.ShardIndex(key.hash)]; }

  Keyspace& keyspace_;
  KeyListeners& listeners_;
  std::vector<Part> parts_;      // one for each shard
  std::atomic<size_t> size_{0};  // places of all watchers
};

}  // namespace strata
