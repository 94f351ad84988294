#pragma once

// Who waits for which key: a queue per key, in order of arrival.
//
// The queues of a shard's keys are guarded by that shard's lock, like the keys themselves: a
// command looks whether there is anything and enters the queue under the same hold, so no change in
// between can be missed. Every method but the counters REQUIRES the lock of the key's shard, Add
// and Remove those of all the command's keys; KeysOf and Count take the locks themselves.
//
// Bound: a client waits for one command at a time, so there are at most clients × keys of a command
// places.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "server/blocking/blocked_command.h"
#include "server/database_key.h"
#include "server/key_listeners.h"
#include "storage/keyspace.h"

namespace strata {

// What INFO tells about those that wait.
struct WaitCounts {
  size_t keys = 0;             // that are waited for, over all databases
  size_t keys_on_removal = 0;  // those of them that are also waited for to be removed
  size_t with_deadline = 0;    // commands
};

class WaitQueues {
 public:
  WaitQueues(Keyspace& keyspace, KeyListeners& listeners)
      : keyspace_(keyspace), listeners_(listeners), shards_(keyspace.shard_count()) {}

  // Commands that wait. With the lock of a key's shard, 0 says that none waits for it.
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  bool empty() const { return size() == 0; }

  // Gives it its ticket. A key named twice is waited for once.
  void Add(std::shared_ptr<BlockedCommand> blocked);
  // REQUIRES: it was added, and not removed.
  void Remove(const BlockedCommand& blocked);

  bool HasWaiters(int database, const KeyRef& key) const;
  // True if one of them runs when the key is removed.
  bool AwaitsRemoval(int database, const KeyRef& key) const;
  // The first that came after this ticket; null if there is none.
  std::shared_ptr<BlockedCommand> Next(int database, const KeyRef& key,
                                       uint64_t after_ticket) const;

  // Every key of a database that somebody waits for.
  std::vector<DatabaseKey> KeysOf(int database);
  WaitCounts Count();

 private:
  struct Queue {
    std::map<uint64_t, std::shared_ptr<BlockedCommand>> waiters;  // by ticket
    size_t awaiting_removal = 0;
  };
  using Queues = DatabaseKeyMap<Queue>;

  const Queue* Find(int database, const KeyRef& key) const;

  Keyspace& keyspace_;
  KeyListeners& listeners_;
  std::vector<Queues> shards_;
  std::atomic<size_t> size_{0};
  std::atomic<uint64_t> next_ticket_{1};
};

}  // namespace strata
