#pragma once

// What the best to lose of each shard scores, for all to see: so that the victim of all shards is
// found with no more than one of their locks.
//
//   shard    0    1    2    3    4    5    6  …
//           3.1  0.4   –   1.2  0.9  2.0  0.7       –: none is known
//                ▲ goes first
//
// A score is that of the moment when the shard was looked at last, and its entries have aged since.
// Whoever goes there, with the lock, looks whether the victim is still to be had.
//
// A shard's word is the score with the shard's number in place of the lowest bits: floats that are
// not negative are in order as numbers, so the lowest word tells both. Precise to one in 2,000.
//
// Thread-safe.

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace strata::eviction {

class VictimBoard {
 public:
  static constexpr size_t kMostShards = 4096;

  // REQUIRES: a power of two, at most kMostShards.
  explicit VictimBoard(size_t shards) : words_(shards) {
    for (auto& word : words_) word.store(kNone, std::memory_order_relaxed);
  }

  // As VictimPool::lowest: infinity if there is no victim.
  void Set(size_t shard, float score) {
    const bool is_none = score == std::numeric_limits<float>::infinity();
    const uint32_t word =
        (std::bit_cast<uint32_t>(score) & ~kShardMask) | static_cast<uint32_t>(shard);
    words_[shard].store(is_none ? kNone : word, std::memory_order_relaxed);
  }

  // The shard with the lowest score, of so many from `first` on, behind the last the first; nothing
  // if none has a victim.
  std::optional<size_t> Lowest(size_t first, size_t count) const {
    uint32_t lowest = kNone;
    for (size_t i = 0; i < count; ++i) {
      const auto& word = words_[(first + i) & (words_.size() - 1)];
      lowest = std::min(lowest, word.load(std::memory_order_relaxed));
    }
    if (lowest == kNone) return std::nullopt;
    return lowest & kShardMask;
  }

 private:
  static constexpr uint32_t kShardMask = kMostShards - 1;
  static constexpr uint32_t kNone = UINT32_MAX;

  std::vector<std::atomic<uint32_t>> words_;
};

}  // namespace strata::eviction
