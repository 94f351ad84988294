#pragma once

// Keys in the order of their last use, each with its bytes. It tells a key's stack distance
// (Mattson et al., "Evaluation techniques for storage hierarchies", 1970): how many bytes of other
// keys were used since its own last use, which is what an LRU cache must hold beside it to hit.
//
//   position   0   1   2   3   4   5   6   7
//   key        b   .   a   c   .   d            . was used again, and is higher up now
//   bytes      9   0   5   2   0   7            a has 9 above it
//
// A use takes the key to the next free position. The bytes above one are those of all less those up
// to it: a prefix sum, which a Fenwick tree (1994) tells and changes in O(log n). When no position
// is left the gaps are closed: O(n), once in n / 4 uses or less often.
//
// A key may wait: it has its place in the order, but its bytes do not count yet. The stack counts
// the uses of its keys, too.
//
// Guarded by the lock of its owner.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/prefetch.h"

namespace strata::eviction {

enum class StackState : uint32_t { kAbsent, kWaiting, kCounted };

class LruStack {
 public:
  static constexpr uint32_t kMostBytes = (1u << 30) - 1;  // of a key

  // Of a key that is used again.
  struct Seen {
    uint64_t bytes_above;  // counted bytes of the keys that were above it
    float uses;            // until now, less what was forgotten
  };

  explicit LruStack(size_t most_keys);

  // Takes the key to the top, with these bytes and in this state, which is not kAbsent. Returns
  // nothing if it was absent.
  // REQUIRES: size() < most_keys, or the key is in the stack; bytes <= kMostBytes.
  std::optional<Seen> Use(uint64_t hash, uint32_t bytes, StackState state);
  // Memory that Use will look at, in two stages: the second once the first had time to come.
  void PrefetchPlace(uint64_t hash) const { PrefetchForRead(&places_[HomeOf(hash)]); }
  void PrefetchKey(uint64_t hash) const {
    if (const uint32_t place = places_[HomeOf(hash)]; place != 0) {
      PrefetchForRead(&keys_[place - 1]);
    }
  }
  // REQUIRES: size() > 0.
  void DropOldest();
  // Gives each key the state that `state_of` tells for its hash; O(n).
  void Restate(const std::function<StackState(uint64_t hash)>& state_of);

  // Leaves this share of each key's uses; O(n).
  void Forget(float kept);

  size_t size() const { return size_; }
  uint64_t counted_bytes() const { return counted_bytes_; }
  size_t memory_bytes() const;

 private:
  struct Key {
    uint64_t Counted() const { return state == StackState::kCounted ? bytes : 0; }

    uint64_t hash = 0;
    float uses = 0;
    uint32_t bytes : 30 = 0;
    StackState state : 2 = StackState::kAbsent;
  };
  static_assert(sizeof(Key) == 16);

  size_t HomeOf(uint64_t hash) const {
    return static_cast<size_t>(hash >> 32) & (places_.size() - 1);
  }
  // The key's slot in places_, or the free one where it belongs.
  uint32_t& Find(uint64_t hash);
  void AddBytes(size_t position, uint64_t change);
  uint64_t BytesUpTo(size_t position) const;
  void Remove(size_t position);
  void CloseGaps();

  std::vector<Key> keys_;         // by position
  std::vector<uint64_t> sums_;    // the Fenwick tree, by position + 1
  std::vector<uint32_t> places_;  // open-addressed by hash: position + 1; 0 is free
  size_t next_ = 0;               // the position above all keys
  size_t oldest_ = 0;             // no key is below it
  size_t size_ = 0;
  uint64_t counted_bytes_ = 0;
};

}  // namespace strata::eviction
