#pragma once

// What is remembered of entries that were evicted: so that a key that returns has its history.
//
// Sets of eight ghosts, half a cache line each, and a ghost is one word:
//
//   bits 0–14   stamp of the last use (access_history.h); it wraps at 128 capacities
//        15–19  frequency: 1 to 16, then in steps of 3
//        20–31  fingerprint: 12 bits of the hash, never 0; 0 is a free place
//
// A full set forgets the ghost whose last use is the longest ago. Two keys of a set are mistaken
// for each other once in 4,096, which costs a wrong rank and nothing else. In the room of one ghost
// with exact values there are two of these: with one per entry 46.7 % of the distance from FIFO to
// the optimum is closed on the traces, with two 47.8 %.
//
// A set is seldom in a cache. So the ghost that is put waits outside, until the next call, while
// its set is on the way.
//
// Guarded by the shard's lock.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/prefetch.h"
#include "storage/eviction/access_history.h"

namespace strata::eviction {

class GhostTable {
 public:
  static constexpr size_t kGhostsPerEntry = 2;

  // For a shard of so many entries.
  explicit GhostTable(size_t entries);

  // Sized anew for that many entries. Most ghosts are taken along: all into a table of twice the
  // size, five of six into one of one and a half, as many as there is room for into a smaller one.
  // Both tables are there meanwhile. It is a copy: ten milliseconds for a million entries.
  void Resize(size_t entries);

  void Put(uint64_t hash, const AccessHistory& history, uint32_t now);
  // What it was when it was evicted, which is then forgotten; nothing if it is not known.
  std::optional<AccessHistory> Take(uint64_t hash, uint32_t now);

  void Prefetch(uint64_t hash) const { PrefetchForWrite(&sets_[SetOf(hash)]); }
  size_t memory_bytes() const { return sets_.size() * sizeof(Set); }

 private:
  static constexpr uint32_t kWays = 8;
  struct alignas(32) Set {
    std::array<uint32_t, kWays> ghosts{};
  };
  struct Waiting {
    uint32_t ghost = 0;  // 0: none
    uint16_t now = 0;    // a stamp
    size_t set = 0;
  };

  static size_t SetsFor(size_t entries);
  // Instead of the oldest in its set.
  void PlaceWaiting();

  // Of the bits in the middle, which choose neither bucket nor sample.
  size_t SetOf(uint64_t hash) const {
    return static_cast<size_t>((hash >> 24 & 0xffffffff) * sets_.size() >> 32);
  }

  std::vector<Set> sets_;
  Waiting waiting_;
};

}  // namespace strata::eviction
