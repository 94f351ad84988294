#pragma once

#include <deque>
#include <vector>

#include "server/blocking/wait_queues.h"

namespace strata {

// The keys with waiters that the running command changed, in order: c.Changed notes them, and
// behind the command they are served. One dispatcher's own.
class ReadyKeys {
 public:
  bool empty() const { return keys_.empty(); }

  // Notes the key if anybody waits for it. REQUIRES: the lock of its shard.
  void Note(const WaitQueues& queues, int database, const KeyRef& key) {
    if (!queues.HasWaiters(database, key)) return;
    if (!empty() && keys_.back().database == database && keys_.back().bytes == key.bytes) return;
    keys_.emplace_back(database, key);
  }
  // Notes every key that somebody waits for in the database: it was flushed or swapped.
  void NoteAll(WaitQueues& queues, int database) {
    for (DatabaseKey& key : queues.KeysOf(database)) keys_.push_back(std::move(key));
  }
  // REQUIRES for both: !empty().
  const DatabaseKey& front() const { return keys_.front(); }
  DatabaseKey Take() {
    DatabaseKey key = std::move(keys_.front());
    keys_.pop_front();
    return key;
  }

 private:
  std::deque<DatabaseKey> keys_;
};

}  // namespace strata
