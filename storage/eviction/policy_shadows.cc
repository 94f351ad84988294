#include "storage/eviction/policy_shadows.h"

#include <algorithm>
#include <cmath>

#include "storage/eviction/estimate.h"

namespace strata::eviction {
namespace {

constexpr size_t kRecordsPerEntry = 4;
constexpr size_t kCandidates = 10;

size_t ShadowEntries(size_t entries) {
  const size_t wanted =
      std::clamp(entries / 4, PolicyShadows::kFewestEntries, PolicyShadows::kMostEntries);
  return std::max(size_t{1}, std::min(entries, wanted));
}

}  // namespace

PolicyShadows::PolicyShadows(size_t entries, uint64_t seed, const SurvivalIndex& index)
    : index_(index), clock_(kFewestEntries), random_(seed) {
  Resize(entries);
}

void PolicyShadows::Resize(size_t entries) {
  capacity_ = ShadowEntries(entries);
  sample_limit_ = SampleLimit(capacity_, entries);
  clock_.SetEntries(capacity_);
  records_.assign((capacity_ * kRecordsPerEntry / kWays + 2) * kWays, {});
  for (std::vector<uint16_t>& residents : residents_) residents.clear();
  pools_ = {};
  epoch_accesses_ = 0;
  epoch_hits_ = {};
  accesses_ = 0;
  hits_ = {};
  squared_steps_ = {};
}

void PolicyShadows::OnAccess(uint64_t hash) {
  clock_.Advance();
  Record& record = FindOrReplace(hash);
  Count(record.places);
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if (record.places[rank] == kAbsent) Insert(rank, record);
  }
}

PolicyShadows::Record& PolicyShadows::FindOrReplace(uint64_t hash) {
  const size_t sets = records_.size() / kWays;
  Record* set = &records_[static_cast<size_t>((hash >> 32) * sets >> 32) * kWays];
  Record* oldest = nullptr;
  const uint32_t now = clock_.now();
  // Ghosts go before those that are resident somewhere.
  auto older = [&](const Record& a, const Record& b) {
    if (a.IsGhost() != b.IsGhost()) return a.IsGhost();
    return a.history.Age(now) > b.history.Age(now);
  };
  for (Record* record = set; record < set + kWays; ++record) {
    if (record->hash == hash) {
      record->history.Use(now);
      return *record;
    }
    if (oldest == nullptr || older(*record, *oldest)) oldest = record;
  }
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if (oldest->places[rank] != kAbsent) Remove(rank, *oldest);
  }
  *oldest = Record{};
  oldest->hash = hash;
  oldest->history.last_use = now;
  return *oldest;
}

void PolicyShadows::Count(const Places& places) {
  ++epoch_accesses_;
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if (places[rank] != kAbsent) ++epoch_hits_[rank];
  }
}

void PolicyShadows::Insert(size_t rank, Record& record) {
  std::vector<uint16_t>& residents = residents_[rank];
  if (residents.size() == capacity_) EvictFrom(rank);
  record.places[rank] = static_cast<uint16_t>(residents.size());
  residents.push_back(static_cast<uint16_t>(&record - records_.data()));
}

void PolicyShadows::Remove(size_t rank, Record& record) {
  std::vector<uint16_t>& residents = residents_[rank];
  const uint16_t last = residents.back();
  residents[record.places[rank]] = last;
  records_[last].places[rank] = record.places[rank];
  residents.pop_back();
  record.places[rank] = kAbsent;
}

void PolicyShadows::EvictFrom(size_t rank) {
  VictimPool& pool = pools_[rank];
  pool.Rescore([&](const Victim& victim) { return ScoreOf(rank, victim.history); });
  for (;;) {
    OfferSome(rank);
    while (std::optional<Victim> victim = pool.TakeLowest()) {
      Record& record = records_[victim->place];
      const bool is_current = record.hash == victim->hash &&
                              record.history.last_use == victim->history.last_use &&
                              record.places[rank] != kAbsent;
      if (is_current) return Remove(rank, record);
    }
  }
}

void PolicyShadows::OfferSome(size_t rank) {
  const std::vector<uint16_t>& residents = residents_[rank];
  for (size_t i = 0; i < kCandidates; ++i) {
    const uint16_t place = residents[static_cast<size_t>(random_.Below(residents.size()))];
    const Record& record = records_[place];
    pools_[rank].Offer({record.hash, record.history, place}, ScoreOf(rank, record.history));
  }
}

void PolicyShadows::EndEpoch(double half_lives) {
  AddEpoch(std::exp2(-half_lives));
  const auto leader = static_cast<size_t>(leader_);
  size_t best = leader;
  for (size_t rank = 0; rank < kRanks; ++rank) {
    if (hits_[rank] > hits_[best] && IsBetter(rank, leader)) best = rank;
  }
  leader_ = static_cast<Rank>(best);
}

// `kept`: what is left of the epochs before.
void PolicyShadows::AddEpoch(double kept) {
  accesses_ = accesses_ * kept + epoch_accesses_;
  for (size_t rank = 0; rank < kRanks; ++rank) {
    hits_[rank] = hits_[rank] * kept + epoch_hits_[rank];
    for (size_t other = 0; other < kRanks; ++other) {
      const double step = static_cast<double>(epoch_hits_[rank]) - epoch_hits_[other];
      double& sum = squared_steps_[rank][other];
      sum = sum * kept + step * step;
    }
  }
  epoch_accesses_ = 0;
  epoch_hits_ = {};
}

bool PolicyShadows::IsBetter(size_t rank, size_t other) const {
  constexpr double kDeviations = 3;
  return hits_[rank] - hits_[other] > kDeviations * std::sqrt(squared_steps_[rank][other]);
}

double PolicyShadows::HitRatio(Rank rank) const {
  return accesses_ == 0 ? 0 : hits_[static_cast<size_t>(rank)] / accesses_;
}

double PolicyShadows::Regret() const {
  const double best = *std::max_element(hits_.begin(), hits_.end());
  return accesses_ == 0 ? 0 : (best - hits_[static_cast<size_t>(leader_)]) / accesses_;
}

}  // namespace strata::eviction
