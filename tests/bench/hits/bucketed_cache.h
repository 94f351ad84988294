#pragma once

// A cache without values around an eviction policy, laid out as a shard's table is: buckets of 16
// keys with their histories, two of which are a key's. An eviction looks at the entries of a random
// bucket and at the pool.
//
// `Policy` is AdaptivePolicy, or has its OnHit, OnInsert, OnEvict, Score and Prefetch.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/random.h"
#include "storage/eviction/access_history.h"
#include "storage/eviction/victim_pool.h"

namespace strata::hits {

template <class Policy>
class BucketedCache {
 public:
  BucketedCache(size_t capacity, Policy& policy)
      : buckets_(std::max<size_t>(2, capacity * 4 / 3 / kSlots + 1)),
        capacity_(capacity),
        policy_(policy) {
    ChooseNext();
  }

  // True if the key is resident; it is afterwards. REQUIRES: hash != 0.
  bool Access(uint64_t hash) {
    const std::array<uint32_t, 2> homes = HomesOf(hash);
    __builtin_prefetch(&buckets_[homes[1]]);
    for (const uint32_t home : homes) {
      Bucket& bucket = buckets_[home];
      const size_t slot = Find(bucket, hash);
      if (slot != kSlots) {
        policy_.OnHit(hash, bucket.histories[slot]);
        return true;
      }
      if (home == homes[0]) policy_.Prefetch(hash);
    }
    const eviction::AccessHistory history = policy_.OnInsert(hash);
    if (size_ == capacity_) Evict();
    Insert(homes, hash, history);
    return false;
  }

 private:
  static constexpr size_t kSlots = 16;
  struct alignas(64) Bucket {
    std::array<uint64_t, kSlots> hashes{};  // 0: free
    std::array<eviction::AccessHistory, kSlots> histories;
  };

  std::array<uint32_t, 2> HomesOf(uint64_t hash) const {
    const uint64_t buckets = buckets_.size();
    return {static_cast<uint32_t>((hash & 0xffffffff) * buckets >> 32),
            static_cast<uint32_t>((hash >> 32) * buckets >> 32)};
  }

  static size_t Find(const Bucket& bucket, uint64_t hash) {
    const auto found = std::find(bucket.hashes.begin(), bucket.hashes.end(), hash);
    return static_cast<size_t>(found - bucket.hashes.begin());
  }

  // The next bucket to look at is known one eviction ahead, so that it can be on its way.
  void ChooseNext() {
    next_ = static_cast<uint32_t>(random_.Below(buckets_.size()));
    const auto* lines = reinterpret_cast<const char*>(&buckets_[next_]);
    for (size_t at = 0; at < sizeof(Bucket); at += 64) __builtin_prefetch(lines + at);
  }

  void Evict() {
    pool_.Rescore([&](const eviction::Victim& victim) { return policy_.Score(victim.history); });
    for (;;) {
      OfferAll(next_);
      ChooseNext();
      while (const std::optional<eviction::Victim> victim = pool_.TakeLowest()) {
        policy_.Prefetch(victim->hash);
        Bucket& bucket = buckets_[victim->place / kSlots];
        const size_t slot = victim->place % kSlots;
        if (bucket.hashes[slot] != victim->hash ||
            bucket.histories[slot].last_op != victim->history.last_op) {
          continue;
        }
        Remove(bucket, slot);
        return;
      }
    }
  }

  void OfferAll(uint32_t index) {
    const Bucket& bucket = buckets_[index];
    // Free slots are scored as well: which ones they are could only be guessed.
    std::array<float, kSlots> scores;
    for (size_t slot = 0; slot < kSlots; ++slot) {
      const float score = policy_.Score(bucket.histories[slot]);
      scores[slot] = bucket.hashes[slot] == 0 ? std::numeric_limits<float>::infinity() : score;
    }
    for (size_t slot = 0; slot < kSlots; ++slot) {
      if (scores[slot] >= pool_.bar()) [[likely]] {
        continue;
      }
      const auto place = static_cast<uint32_t>(index * kSlots + slot);
      pool_.Offer({bucket.hashes[slot], bucket.histories[slot], place}, scores[slot]);
    }
  }

  void Remove(Bucket& bucket, size_t slot) {
    policy_.OnEvict(bucket.hashes[slot], bucket.histories[slot]);
    bucket.hashes[slot] = 0;
    --size_;
  }

  // Into the emptier of the two; if both are full, in place of the entry that scores lowest.
  void Insert(const std::array<uint32_t, 2>& homes, uint64_t hash,
              const eviction::AccessHistory& history) {
    auto free_slots = [&](uint32_t home) {
      return std::count(buckets_[home].hashes.begin(), buckets_[home].hashes.end(), 0u);
    };
    const bool first_is_emptier = free_slots(homes[0]) >= free_slots(homes[1]);
    Bucket& bucket = buckets_[homes[first_is_emptier ? 0 : 1]];
    size_t slot = Find(bucket, 0);
    if (slot == kSlots) {
      slot = LowestIn(bucket);
      Remove(bucket, slot);
    }
    bucket.hashes[slot] = hash;
    bucket.histories[slot] = history;
    ++size_;
  }

  size_t LowestIn(const Bucket& bucket) const {
    size_t lowest = 0;
    for (size_t slot = 1; slot < kSlots; ++slot) {
      if (policy_.Score(bucket.histories[slot]) < policy_.Score(bucket.histories[lowest])) {
        lowest = slot;
      }
    }
    return lowest;
  }

  std::vector<Bucket> buckets_;
  size_t capacity_;
  size_t size_ = 0;
  Policy& policy_;
  eviction::VictimPool pool_;
  uint32_t next_;
  Random random_{1};
};

}  // namespace strata::hits
