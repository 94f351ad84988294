#pragma once

// Runs commands that wait, once their keys may have something for them.
//
// Behind each command, the thread that ran it serves the keys it made ready: for each, in the order
// of arrival, every waiter whose type of value is there is run again under the locks of all its
// keys. One that still finds nothing keeps its place. What waiters change makes further keys ready
// (BLMOVE), which are served in turn; this ends since every round takes a waiter out. So a client
// that pushed finds the waiters served when its next command runs, as in Redis.
//
// As long as the command's own locks cover the waiter's keys, which is nearly always, they are
// still held: nobody comes between the change and those that waited for it. A waiter for keys of
// other shards is served once they are released, and another thread may then be quicker.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/blocking/blocked_command.h"
#include "server/blocking/ready_keys.h"
#include "server/isolation.h"
#include "server/nested_calls.h"
#include "server/observability/statistics.h"
#include "server/services.h"
#include "server/shard_locks.h"
#include "server/tiers/page_faults.h"
#include "server/tiers/write_through.h"

namespace strata {

// One dispatcher's own.
class ReadyKeyService {
 public:
  ReadyKeyService(Services& services, ThreadStatistics& statistics, NestedCalls& nested,
                  WriteThrough& write_through);

  ReadyKeys& keys() { return keys_; }
  // What can be served under what the dispatcher holds, and will store.
  void ServeUnder(const Isolation& isolation, int64_t now_ms);
  bool HasWork() const { return !keys_.empty() || !served_.empty(); }
  // Where there are tiers below memory.
  void set_faults(PageFaults& faults) { faults_ = &faults; }
  // Now and then: tries again what needed a value that lay below. REQUIRES: as Finish.
  void TryAgain(int64_t now_ms);
  // Serves the rest, and tells those that were served. REQUIRES: in a batch, and no shard's lock.
  void Finish(int64_t now_ms);

 private:
  void ServeKey(const DatabaseKey& key, int64_t now_ms);
  // The next to try; null if there is none, or nothing in the key for anybody. REQUIRES: the lock
  // of the key's shard.
  std::shared_ptr<BlockedCommand> NextWaiter(const DatabaseKey& key, uint64_t after_ticket,
                                             int64_t now_ms) const;
  // REQUIRES for both: the locks of the shards of all its keys.
  void TryToServe(BlockedCommand& blocked, int64_t now_ms);
  // Whether the values that it needs are here; if not, they are asked for.
  bool HasValues(const BlockedCommand& blocked, int64_t now_ms);
  // True if the handler replied.
  bool RunAgain(BlockedCommand& blocked, int64_t now_ms);

  Services& services_;
  ThreadStatistics& statistics_;
  NestedCalls& nested_;
  WriteThrough& write_through_;
  ReadyKeys keys_;
  PageFaults* faults_ = nullptr;
  // Keys whose waiters need values that lie below: a BLMOVE's destination. As many as there are
  // waiters at most, and those are bounded.
  std::vector<DatabaseKey> later_;
  std::vector<uint64_t> served_;  // clients that have a reply and do not know it
  ShardLocks locks_;
  Client stand_in_{ClientOrigin{}};  // for the waiter's client, which belongs to another thread
  std::optional<BlockRequest> block_request_;
  std::vector<size_t> secrets_;
};

}  // namespace strata
