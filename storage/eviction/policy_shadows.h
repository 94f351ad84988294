#pragma once

// Who evicts: the learned rank or one of the plain ones. Each is tried in a shadow, a cache without
// values that holds a sample of the key space in the same share of the capacity, and evicts as the
// shard does. A rank that hits significantly more than the leader becomes it.
//
// The shadows are one table: a record is a key's history and in which of the shadows it is
// resident,
//
//   hash | last access, frequency, gap | resident in: 1 0 1 1
//
// so that an access looks up one record for all of them, and a key's history is kept while it is in
// any. Keys that are in none are the ghosts; the table has room for four times what a shadow holds.
//
// Two ranks are compared by how many more accesses one of them hit, epoch by epoch. If both were
// equally good, the sum of these differences would be a random walk with such steps: what lies
// beyond a few standard deviations of that is significant. Single accesses could not be taken for
// steps, since those of one key, or of one scan, come together. Sums are forgotten exponentially.
//
// Guarded by the shard's lock.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "storage/eviction/rank.h"
#include "storage/eviction/victim_pool.h"

namespace strata::eviction {

class PolicyShadows {
 public:
  // A shadow has a fourth of the shard's entries, so that what it costs is bounded, but no more
  // than it takes to tell the ranks apart, and no fewer.
  static constexpr size_t kFewestEntries = 64;
  static constexpr size_t kMostEntries = 512;

  // For a shard of so many entries.
  PolicyShadows(size_t entries, uint64_t seed);

  bool Samples(uint64_t hash) const {
    return static_cast<uint32_t>(hash * 0x9e3779b97f4a7c15 >> 32) <= sample_limit_;
  }
  // REQUIRES: Samples(hash).
  void OnAccess(uint64_t hash, const RankContext& context);
  // Looks whether another rank should lead; the sums lose `half_lives`.
  void EndEpoch(double half_lives);

  Rank leader() const { return leader_; }
  // Of the epochs that are not yet forgotten.
  double HitRatio(Rank rank) const;
  // What the best rank would have hit more than the leader, of all accesses.
  double Regret() const;
  size_t memory_bytes() const {
    return records_.size() * sizeof(Record) + kRanks * capacity_ * sizeof(uint16_t);
  }

 private:
  static constexpr size_t kWays = 16;
  static constexpr uint16_t kAbsent = UINT16_MAX;
  using Places = std::array<uint16_t, kRanks>;
  struct Record {
    bool IsGhost() const { return places == kNowhere; }

    uint64_t hash = 0;  // 0: free
    AccessHistory history;
    Places places = kNowhere;  // among the residents of each rank
  };
  static constexpr Places kNowhere = {kAbsent, kAbsent, kAbsent, kAbsent};
  static_assert(kRanks == 4);

  Record& FindOrReplace(uint64_t hash, const RankContext& context);
  void Count(const Places& places);
  void Insert(size_t rank, Record& record, const RankContext& context);
  void Remove(size_t rank, Record& record);
  void EvictFrom(size_t rank, const RankContext& context);
  void OfferSome(size_t rank, const RankContext& context);
  void AddEpoch(double kept);
  bool IsBetter(size_t rank, size_t other) const;

  size_t capacity_;
  uint32_t sample_limit_;
  std::vector<Record> records_;
  std::array<VictimPool, kRanks> pools_;
  std::array<std::vector<uint16_t>, kRanks> residents_;  // places of records
  Random random_;

  Rank leader_ = Rank::kLearned;
  uint32_t epoch_accesses_ = 0;
  std::array<uint32_t, kRanks> epoch_hits_{};
  // Of the epochs before.
  double accesses_ = 0;
  std::array<double, kRanks> hits_{};
  std::array<std::array<double, kRanks>, kRanks> squared_steps_{};
};

}  // namespace strata::eviction
