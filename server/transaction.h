#pragma once

// What a client has between MULTI and EXEC: the calls that wait for it, and the keys that it
// watches. One client's own, on its thread.
//
// Bound: what is queued counts against client-query-buffer-limit (see the dispatcher).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "server/call.h"
#include "server/database_key.h"
#include "server/queued_calls.h"
#include "server/watch_table.h"

namespace strata {

class Transaction {
 public:
  enum class State : uint8_t {
    kNone,    // no MULTI
    kOpen,    // commands are queued
    kFailed,  // and one of them could not be: EXEC will refuse
  };

  Transaction() = default;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  State state() const { return state_; }
  bool open() const { return state_ != State::kNone; }
  void Open() { state_ = State::kOpen; }
  void Fail() { state_ = State::kFailed; }

  void Queue(const Call& call);
  std::span<const Call> queue() const { return queue_.calls(); }
  size_t queued_bytes() const { return queue_.bytes(); }
  // The flags of all that is queued, together.
  uint32_t flags() const { return flags_; }
  // Whether one of them has to run with the world stopped.
  bool runs_alone() const { return runs_alone_; }

  // REQUIRES for Watch: the lock of the key's shard. Watching a key again changes nothing.
  void Watch(WatchTable& table, const Database& database, const KeyRef& key);
  void Unwatch(WatchTable& table);
  size_t watched_keys() const { return watched_.size(); }
  // Whether a watched key was changed, as far as was told.
  bool saw_change() const { return watch_flag_.spoiled.load(std::memory_order_relaxed); }
  // The same, or one has expired. REQUIRES: the locks of LockedKeys().
  bool IsSpoiled(Keyspace& keyspace, int64_t now_ms) const;

  // All keys whose shards EXEC needs locked: those of the queue, and those that are watched. Good
  // until either changes.
  std::span<const KeyRef> LockedKeys();

 private:
  State state_ = State::kNone;
  QueuedCalls queue_;
  uint32_t flags_ = 0;
  bool runs_alone_ = false;
  DatabaseKeyMap<bool> watched_;  // and whether it existed then
  WatchFlag watch_flag_;
  std::vector<KeyRef> locked_keys_;
};

}  // namespace strata
