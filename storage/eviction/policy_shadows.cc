#include "storage/eviction/policy_shadows.h"

#include <algorithm>
#include <cmath>

namespace strata::eviction {
namespace {

constexpr size_t kRecordsPerEntry = 4;
// Of 16 records each, of which about a fourth is resident.
constexpr size_t kSetsPerEviction = 4;

constexpr unsigned BitOf(size_t rank) {
  return 1u << rank;
}

uint32_t SampleLimit(size_t entries) {
  if (entries <= PolicyShadows::kMostEntries) return UINT32_MAX;
  const double share =
      static_cast<double>(PolicyShadows::kMostEntries) / static_cast<double>(entries);
  return static_cast<uint32_t>(share * UINT32_MAX);
}

}  // namespace

PolicyShadows::PolicyShadows(size_t entries, uint64_t seed)
    : capacity_(std::clamp(entries, size_t{1}, kMostEntries)),
      sample_limit_(SampleLimit(entries)),
      records_((capacity_ * kRecordsPerEntry / kWays + 2) * kWays),
      random_(seed) {}

void PolicyShadows::OnAccess(uint64_t hash, const RankContext& context) {
  Record& record = FindOrReplace(hash, context);
  Count(record.resident_in);
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if ((record.resident_in & BitOf(rank)) == 0) {
      Insert(static_cast<Rank>(rank), record, context);
    }
  }
}

PolicyShadows::Record& PolicyShadows::FindOrReplace(uint64_t hash, const RankContext& context) {
  const size_t sets = records_.size() / kWays;
  Record* set = &records_[static_cast<size_t>((hash >> 32) * sets >> 32) * kWays];
  Record* oldest = nullptr;
  // Ghosts go before those that are resident somewhere.
  auto older = [&](const Record& a, const Record& b) {
    if ((a.resident_in == 0) != (b.resident_in == 0)) return a.resident_in == 0;
    return a.history.Age(context.now_op) > b.history.Age(context.now_op);
  };
  for (Record* record = set; record < set + kWays; ++record) {
    if (record->hash == hash) {
      record->history.Use(context.now_op, context.scale);
      return *record;
    }
    if (oldest == nullptr || older(*record, *oldest)) oldest = record;
  }
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if ((oldest->resident_in & BitOf(rank)) != 0) --resident_[rank];
  }
  *oldest = Record{};
  oldest->hash = hash;
  oldest->history.last_op = context.now_op;
  return *oldest;
}

void PolicyShadows::Count(unsigned hits) {
  accesses_ += 1;
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if ((hits & BitOf(rank)) == 0) continue;
    hits_[rank] += 1;
    for (size_t other = 0; other < kRanks; ++other) {
      if ((hits & BitOf(other)) != 0) continue;
      disagreements_[rank][other] += 1;
      disagreements_[other][rank] += 1;
    }
  }
}

void PolicyShadows::Insert(Rank rank, Record& record, const RankContext& context) {
  const auto i = static_cast<size_t>(rank);
  if (resident_[i] == capacity_) EvictFrom(rank, context);
  record.resident_in = static_cast<uint8_t>(record.resident_in | BitOf(i));
  ++resident_[i];
}

void PolicyShadows::EvictFrom(Rank rank, const RankContext& context) {
  const auto i = static_cast<size_t>(rank);
  VictimPool& pool = pools_[i];
  pool.Rescore([&](const Victim& victim) { return Score(rank, victim.history, context); });
  for (;;) {
    OfferSome(rank, context);
    while (std::optional<Victim> victim = pool.TakeLowest()) {
      Record& record = records_[victim->place];
      const bool is_current = record.hash == victim->hash &&
                              record.history.last_op == victim->history.last_op &&
                              (record.resident_in & BitOf(i)) != 0;
      if (!is_current) continue;
      record.resident_in = static_cast<uint8_t>(record.resident_in & ~BitOf(i));
      --resident_[i];
      return;
    }
  }
}

void PolicyShadows::OfferSome(Rank rank, const RankContext& context) {
  VictimPool& pool = pools_[static_cast<size_t>(rank)];
  const size_t sets = records_.size() / kWays;
  for (size_t n = 0; n < kSetsPerEviction; ++n) {
    const size_t first = static_cast<size_t>(random_.Below(sets)) * kWays;
    for (size_t i = first; i < first + kWays; ++i) {
      const Record& record = records_[i];
      if ((record.resident_in & BitOf(static_cast<size_t>(rank))) == 0) continue;
      const float score = Score(rank, record.history, context);
      if (score >= pool.bar()) continue;
      pool.Offer({record.hash, record.history, static_cast<uint32_t>(i), score});
    }
  }
}

void PolicyShadows::EndEpoch(double half_lives) {
  size_t best = static_cast<size_t>(leader_);
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if (hits_[rank] > hits_[best] && IsSignificant(rank, static_cast<size_t>(leader_))) best = rank;
  }
  leader_ = static_cast<Rank>(best);
  const double factor = std::exp2(-half_lives);
  accesses_ *= factor;
  for (double& hits : hits_) hits *= factor;
  for (auto& row : disagreements_) {
    for (double& count : row) count *= factor;
  }
}

bool PolicyShadows::IsSignificant(size_t rank, size_t other) const {
  constexpr double kDeviations = 3;
  return hits_[rank] - hits_[other] > kDeviations * std::sqrt(disagreements_[rank][other]);
}

double PolicyShadows::HitRatio(Rank rank) const {
  return accesses_ == 0 ? 0 : hits_[static_cast<size_t>(rank)] / accesses_;
}

double PolicyShadows::Regret() const {
  const double best = *std::max_element(hits_.begin(), hits_.end());
  return accesses_ == 0 ? 0 : (best - hits_[static_cast<size_t>(leader_)]) / accesses_;
}

}  // namespace strata::eviction
