#pragma once

// A cache without values around an eviction policy, laid out as a shard's table is: buckets of 16
// keys with their histories, two of which are a key's. An entry stores its last use as a stamp. An
// eviction looks at the entries of a random bucket and at the pool.
//
// `Policy` is AdaptivePolicy, or has its OnHit, OnInsert, OnEvict, Score, now and Prefetch.

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/random.h"
#include "storage/eviction/access_history.h"
#include "storage/eviction/victim_pool.h"

namespace strata::hits {

// A history as an entry stores it, and a word of value.
struct StoredEntry {
  StoredEntry() = default;
  explicit StoredEntry(const eviction::AccessHistory& history)
      : stamp(eviction::StampOf(history.last_use)),
        frequency(history.frequency),
        gap_class(history.gap_class) {}

  eviction::AccessHistory HistoryAt(uint32_t now) const {
    eviction::AccessHistory history;
    history.last_use = eviction::LastUseAt(stamp, now);
    history.frequency = frequency;
    history.gap_class = gap_class;
    return history;
  }
  bool IsAs(const eviction::AccessHistory& history) const {
    return stamp == eviction::StampOf(history.last_use) && frequency == history.frequency;
  }

  uint16_t stamp = 0;
  uint16_t frequency : 6 = 1;
  uint16_t gap_class : 3 = 0;
  uint32_t value = 0;
};

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
        eviction::AccessHistory history = bucket.entries[slot].HistoryAt(policy_.now());
        policy_.OnHit(hash, history);
        bucket.entries[slot] = StoredEntry(history);
        return true;
      }
      if (home == homes[0]) policy_.Prefetch(hash);
    }
    // First the eviction: meanwhile the ghosts come that may know the key.
    if (size_ == capacity_) Evict();
    Insert(homes, hash, policy_.OnInsert(hash));
    return false;
  }

 private:
  static constexpr size_t kSlots = 16;
  struct alignas(64) Bucket {
    std::array<uint64_t, kSlots> hashes{};  // 0: free
    std::array<StoredEntry, kSlots> entries;
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
      OfferSome(next_);
      ChooseNext();
      while (const std::optional<eviction::Victim> victim = pool_.TakeLowest()) {
        policy_.Prefetch(victim->hash);
        Bucket& bucket = buckets_[victim->place / kSlots];
        const size_t slot = victim->place % kSlots;
        if (bucket.hashes[slot] != victim->hash || !bucket.entries[slot].IsAs(victim->history)) {
          continue;
        }
        Remove(bucket, slot);
        return;
      }
    }
  }

  // The two that score lowest. Offering all closes half a percent more of the distance from FIFO to
  // the optimum, and makes a get-or-insert a sixth slower.
  void OfferSome(uint32_t index) {
    const Bucket& bucket = buckets_[index];
    // Free slots are scored as well: which ones they are could only be guessed.
    uint32_t lowest = UINT32_MAX;
    uint32_t second = UINT32_MAX;
    for (uint32_t slot = 0; slot < kSlots; ++slot) {
      const uint32_t key = SortKey(ScoreOf(bucket.entries[slot]), slot) |
                           (bucket.hashes[slot] == 0 ? UINT32_MAX : 0);
      second = std::min(second, std::max(lowest, key));
      lowest = std::min(lowest, key);
    }
    for (const uint32_t key : {lowest, second}) {
      if (key == UINT32_MAX) return;
      const uint32_t slot = key % kSlots;
      const eviction::AccessHistory history = bucket.entries[slot].HistoryAt(policy_.now());
      pool_.Offer({bucket.hashes[slot], history, index * uint32_t{kSlots} + slot},
                  policy_.Score(history));
    }
  }

  // Orders slots by score without a branch, as VictimPool does.
  static uint32_t SortKey(float score, uint32_t slot) {
    return (std::bit_cast<uint32_t>(score) & ~uint32_t{kSlots - 1}) | slot;
  }

  void Remove(Bucket& bucket, size_t slot) {
    policy_.OnEvict(bucket.hashes[slot], bucket.entries[slot].HistoryAt(policy_.now()));
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
    bucket.entries[slot] = StoredEntry(history);
    ++size_;
  }

  float ScoreOf(const StoredEntry& entry) const {
    return policy_.Score(entry.HistoryAt(policy_.now()));
  }

  size_t LowestIn(const Bucket& bucket) const {
    const auto lowest = std::min_element(
        bucket.entries.begin(), bucket.entries.end(),
        [this](const StoredEntry& a, const StoredEntry& b) { return ScoreOf(a) < ScoreOf(b); });
    return static_cast<size_t>(lowest - bucket.entries.begin());
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
