#pragma once

// How many accesses would miss in an LRU cache of any size: the miss-ratio curve, live, from a
// sample of the keys (SHARDS: Waldspurger et al., "Efficient MRC construction with SHARDS", FAST
// 2015).
//
// An access hits in every cache that has room for the key and for what was used since its last use
// (lru_stack.h). The sample has the keys whose hash lies below a limit, at the rate of that limit
// in all hashes; so distances in it are that much shorter than among all keys, and each sampled
// access stands for 1/rate of them:
//
//   accesses by   │▂▅█▇▅▃▂▁▁▁  ▁▂▁           │▃  to keys never seen, or too long ago
//   distance      └────────┬────────────►
//                   in a cache of this size all to the right miss
//
// - The sample is of fixed size. When it is full, the oldest key goes if all others cover the
//   largest cache that is asked about, the reach; else the limit is lowered, and keys above it go.
// - When there is room again, the limit is raised. Of keys that join nothing is known, and each
//   would seem new: they wait, and do not count until most that are in use have been seen.
// - It is known how many accesses there were; what the sample stands for is less or more, by the
//   chance of which keys it has. Up to two deviations, this lack is put where the chance was:
//   over the distances, by the squares of the uses of the keys that were seen there (a regression
//   estimator; Cochran, "Sampling Techniques", 1977). What is beyond that is the hits of keys so
//   hot that the sample cannot tell of them, at a distance of nearly 0. SHARDS_adj puts all of it
//   there, and is off by more where keys are used alike.
// - Counts are forgotten exponentially.
//
// Sizes are in bytes; where every key is told to be of one byte, in entries. Steps of the curve are
// as sharp as the sample: of a cache whose part of it is n keys, its size is known to 1/sqrt(n).
//
// Guarded by the lock of its owner.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "storage/eviction/lru_stack.h"

namespace strata::eviction {

class MissRatioCurve {
 public:
  static constexpr size_t kMostKeys = 8192;

  // `most_keys`: of the sample.
  explicit MissRatioCurve(size_t most_keys = kMostKeys);

  // The accesses that will be told are those of a sample: to keys whose PolicyShadows::SampleOf is
  // not above `limit`. A lower limit drops keys at once, a higher one is made use of by and by.
  void SetOuterLimit(uint32_t limit);
  // The largest cache that will be asked about. Until this is told, all keys are covered.
  void SetReach(double bytes) { reach_ = bytes; }

  // An access to a key of the outer sample, and what a cache needs for it. O(log n).
  void OnAccess(uint64_t hash, uint32_t bytes);
  // Of an access that will be told soon: see LruStack.
  void PrefetchPlace(uint64_t hash) const { stack_.PrefetchPlace(hash); }
  void PrefetchKey(uint64_t hash) const { stack_.PrefetchKey(hash); }
  // So many accesses were made to all keys, sampled or not. They have to be told as well, before
  // the curve is asked or forgets.
  void AddAccesses(uint64_t accesses) { accesses_ += static_cast<double>(accesses); }
  // All counts lose so many half-lives. O(n): once per epoch.
  void Forget(double half_lives);

  // The share of accesses that miss in a cache of so many bytes. The first access to a key misses
  // in any; without accesses, 0.
  double MissRatio(double bytes) const;
  double accesses() const { return accesses_; }
  // Of all keys that the stack stands for: where it is full, not much more than the reach.
  double FootprintBytes() const;
  // The part of the key space that is counted.
  double rate() const { return (counted_limit_ + 1.0) * 0x1p-32; }
  // 12 KiB, and 38 bytes per key of the fullest sample, where that is a power of two.
  size_t memory_bytes() const { return sizeof(*this) + stack_.memory_bytes(); }

 private:
  // Sixteen to a doubling, up to 2^48 bytes, and one for what no cache holds.
  static constexpr size_t kBuckets = 48 * 16 + 2;
  static constexpr size_t kCold = kBuckets - 1;
  using Histogram = std::array<double, kBuckets>;

  StackState StateOf(uint64_t hash) const;
  void MakeRoom();
  void SetLimits(uint32_t counted, uint32_t followed);
  void RaiseLimit(double half_lives);
  // The part of it at distances that miss.
  static double Beyond(const Histogram& histogram, double bytes);

  LruStack stack_;
  size_t most_keys_;
  double reach_ = std::numeric_limits<double>::infinity();
  uint32_t outer_limit_ = UINT32_MAX;
  uint32_t counted_limit_ = UINT32_MAX;
  uint32_t followed_limit_ = UINT32_MAX;  // keys above the counted limit wait
  double waited_half_lives_ = 0;

  double accesses_ = 0;
  Histogram counts_{};   // what the sampled accesses stand for
  Histogram squares_{};  // of keys' uses: what each access added to its key's square
};

}  // namespace strata::eviction
