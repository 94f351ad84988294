#pragma once

// Who evicts: the learned rank or one of the plain ones. Each is tried in a shadow, a cache without
// values that holds a sample of the key space of all shards in the same share of what they hold,
// and evicts as a shard does. A rank that hits significantly more than the leader becomes it.
//
// The shadows are one table: a record is a key's history and in which of the shadows it is
// resident,
//
//   hash | last use, frequency, gap | resident in: 1 0 1 1
//
// so that an access looks up one record for all of them, and a key's history is kept while it is in
// any. Keys that are in none are the ghosts; the table has room for four times what a shadow holds.
// They have a clock of their own, of the accesses that they see and of the entries that one holds.
//
// Two ranks are compared by how many more accesses one of them hit, epoch by epoch. If both were
// equally good, the sum of these differences would be a random walk with such steps: what lies
// beyond a few standard deviations of that is significant. Single accesses could not be taken for
// steps, since those of one key, or of one scan, come together. Sums are forgotten exponentially.
//
// Guarded by the lock of its owner.

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
  // A shadow has a fourth of all entries, so that what it costs is bounded, but no more
  // than it takes to tell the ranks apart, and no fewer.
  static constexpr size_t kFewestEntries = 64;
  static constexpr size_t kMostEntries = 512;

  // For so many entries in all shards. The index must outlive the shadows.
  PolicyShadows(size_t entries, uint64_t seed, const SurvivalIndex& index);

  // Samples anew, for that many entries. The shadows begin empty and the sums at 0, since
  // they were of another sample; the leader stays.
  void Resize(size_t entries);

  // A key is in the sample if this is not above the limit.
  static uint32_t SampleOf(uint64_t hash) {
    return static_cast<uint32_t>(hash * 0x9e3779b97f4a7c15 >> 32);
  }
  uint32_t sample_limit() const { return sample_limit_; }
  bool Samples(uint64_t hash) const { return SampleOf(hash) <= sample_limit_; }
  // REQUIRES: Samples(hash).
  void OnAccess(uint64_t hash);
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

  Record& FindOrReplace(uint64_t hash);
  void Count(const Places& places);
  void Insert(size_t rank, Record& record);
  void Remove(size_t rank, Record& record);
  void EvictFrom(size_t rank);
  void OfferSome(size_t rank);
  void AddEpoch(double kept);
  bool IsBetter(size_t rank, size_t other) const;
  float ScoreOf(size_t rank, const AccessHistory& history) const {
    return Score(static_cast<Rank>(rank), history, index_, clock_.now());
  }

  const SurvivalIndex& index_;
  size_t capacity_;
  uint32_t sample_limit_;
  CapacityClock clock_;
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
