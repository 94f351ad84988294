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
// Two ranks are compared by the accesses where one hit and the other missed. If both were equally
// good, the difference would be that of a coin thrown as often: what lies beyond a few standard
// deviations is significant. Sums are forgotten exponentially.
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
  static constexpr size_t kMostEntries = 1024;  // of a shadow

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
  // Of the accesses that are not yet forgotten.
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
  bool IsSignificant(size_t rank, size_t other) const;

  size_t capacity_;
  uint32_t sample_limit_;
  std::vector<Record> records_;
  std::array<VictimPool, kRanks> pools_;
  std::array<std::vector<uint16_t>, kRanks> residents_;  // places of records
  Random random_;

  Rank leader_ = Rank::kLearned;
  double accesses_ = 0;
  std::array<double, kRanks> hits_{};
  // Accesses that one of the two hit and the other did not.
  std::array<std::array<double, kRanks>, kRanks> disagreements_{};
};

}  // namespace strata::eviction
