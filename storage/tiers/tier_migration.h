#pragma once

// Moves the values of all keys that match a pattern below, or back, because somebody wants it, not
// because memory is short or a command needs them.
//
//   Begin (any thread) -> Step, Step, … (one I/O thread, at its ticks) -> kDone, kNoRoom,
//   kCancelled
//
// A step looks at a bounded number of keys, as SCAN does, and stops early when so much is under way
// that more has to wait. What became of a key is looked up once its move has ended, so the counts
// are of what happened, not of what was tried.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "storage/keyspace.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

class TierMigration {
 public:
  enum class Direction : uint8_t { kDown, kUp };
  enum class State : uint8_t {
    kNone,  // there was none yet
    kRunning,
    kWaiting,  // the tier is down, or full: it goes on when that is over
    kDone,
    kNoRoom,  // memory is full: what is still below stays there
    kCancelled,
  };
  struct Order {
    Direction direction = Direction::kDown;
    int database = 0;
    std::string pattern;
  };
  struct Progress {
    State state = State::kNone;
    Order order;
    uint64_t looked_at = 0;  // keys, whether they match or not
    uint64_t moved = 0;
    uint64_t refused = 0;  // the tier does not want it, it changed meanwhile, or it was lost
    double share = 0;      // of the walk

    bool is_under_way() const { return state == State::kRunning || state == State::kWaiting; }
  };

  static constexpr size_t kKeysPerStep = 512;
  static constexpr size_t kMostUnderWay = 256;  // keys

  explicit TierMigration(Keyspace& keyspace) : keyspace_(keyspace) {}

  // Thread-safe. False if another one is under way.
  [[nodiscard]] bool Begin(Order order);
  // Thread-safe. What is on its way arrives. False if none is under way.
  [[nodiscard]] bool Cancel();
  // Thread-safe.
  Progress Read() const;

  // On one thread, with its mover. `room_bytes`: what memory has free for values that come back.
  // True if the next step should come soon. The caller has its side of the world, and no lock.
  bool Step(TierMover& mover, int64_t room_bytes);

 private:
  enum class Move : uint8_t { kArrived, kAsked, kOccupied, kRefused, kNothing, kLater, kNoRoom };
  struct Key {
    std::string name;
    uint64_t hash;
    int64_t bytes;  // on its way to memory
    bool is_asked;  // it is under way for us; else for others: it is tried when that has ended
    KeyRef ref() const { return {name, hash}; }
  };
  // What the steps work on: the stepping thread's own.
  struct Walk {
    uint64_t number = 0;  // which order it carries out
    Progress progress;
    uint64_t cursor = 0;
    bool is_scanned = false;
    State ends_as = State::kDone;
    std::deque<Key> found;
    std::vector<Key> under_way;
    int64_t loading_bytes = 0;
  };

  // Whether there is something to do, which is then the walk's.
  bool TakeOrder();
  void Publish();
  void Find();
  void Settle();
  // True if the key's move has ended.
  bool Settle(Key& key);
  void MoveSome(TierMover& mover, int64_t room_bytes);
  Move MoveOne(TierMover& mover, Key& key, int64_t room_bytes);
  Move Demote(TierMover& mover, ShardDatabase& part, const Key& key, Entry& entry);
  Move Promote(TierMover& mover, const ShardDatabase& part, Key& key, const Entry& stub,
               int64_t room_bytes);
  bool IsThere(const Entry& entry) const {
    return entry.is_stub() == (walk_.progress.order.direction == Direction::kDown);
  }
  Shard& ShardOf(const Key& key) { return keyspace_.shard(keyspace_.ShardIndex(key.hash)); }

  Keyspace& keyspace_;
  mutable Mutex mutex_;
  Progress progress_ GUARDED_BY(mutex_);
  uint64_t number_ GUARDED_BY(mutex_) = 0;  // orders so far
  Walk walk_;
};

}  // namespace strata
