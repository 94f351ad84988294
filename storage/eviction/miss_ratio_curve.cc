#include "storage/eviction/miss_ratio_curve.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "storage/eviction/policy_shadows.h"

namespace strata::eviction {
namespace {

// A bucket is the exponent and the first four bits behind it. Its upper end is part of it and its
// lower one is not, since a cache of exactly the distance hits.
constexpr unsigned kDroppedBits = 52 - 4;

size_t BucketOf(double bytes) {
  const uint64_t steps =
      std::bit_cast<uint64_t>(std::max(1.0, bytes)) - std::bit_cast<uint64_t>(1.0);
  return (steps + (uint64_t{1} << kDroppedBits) - 1) >> kDroppedBits;
}

double BucketEnd(size_t bucket) {
  return std::bit_cast<double>(std::bit_cast<uint64_t>(1.0) + (uint64_t{bucket} << kDroppedBits));
}

}  // namespace

MissRatioCurve::MissRatioCurve(size_t most_keys) : stack_(most_keys), most_keys_(most_keys) {}

void MissRatioCurve::SetOuterLimit(uint32_t limit) {
  outer_limit_ = limit;
  if (stack_.size() == 0) {
    SetLimits(limit, limit);
  } else if (limit < followed_limit_) {
    SetLimits(std::min(limit, counted_limit_), limit);
  }
}

void MissRatioCurve::OnAccess(uint64_t hash, uint32_t bytes) {
  if (stack_.size() == most_keys_) MakeRoom();
  const StackState state = StateOf(hash);
  if (state == StackState::kAbsent) return;
  const uint32_t size = std::clamp(bytes, 1u, LruStack::kMostBytes);
  const std::optional<LruStack::Seen> seen = stack_.Use(hash, size, state);
  if (state == StackState::kWaiting) return;
  const double weight = 1 / rate();
  size_t bucket = kCold;
  double uses = 0;
  if (seen) {
    const double distance = static_cast<double>(seen->bytes_above) * weight + size;
    bucket = std::min(BucketOf(distance), kCold - 1);
    uses = seen->uses;
  }
  counts_[bucket] += weight;
  squares_[bucket] += weight * (2 * uses + 1);
}

StackState MissRatioCurve::StateOf(uint64_t hash) const {
  const uint32_t sample = PolicyShadows::SampleOf(hash);
  if (sample > followed_limit_) return StackState::kAbsent;
  return sample > counted_limit_ ? StackState::kWaiting : StackState::kCounted;
}

void MissRatioCurve::MakeRoom() {
  if (FootprintBytes() >= reach_) return stack_.DropOldest();
  // An eighth at a time, since every key is looked at.
  const uint32_t limit = followed_limit_ - followed_limit_ / 8;
  SetLimits(std::min(counted_limit_, limit), limit);
  // Whatever hashes there are, the bound holds.
  if (stack_.size() == most_keys_) stack_.DropOldest();
}

void MissRatioCurve::SetLimits(uint32_t counted, uint32_t followed) {
  counted_limit_ = counted;
  followed_limit_ = followed;
  stack_.Restate([this](uint64_t hash) { return StateOf(hash); });
}

void MissRatioCurve::Forget(double half_lives) {
  const double kept = std::exp2(-half_lives);
  accesses_ *= kept;
  for (double& count : counts_) count *= kept;
  for (double& square : squares_) square *= kept * kept;
  stack_.Forget(static_cast<float>(kept));
  RaiseLimit(half_lives);
}

void MissRatioCurve::RaiseLimit(double half_lives) {
  constexpr double kWaitHalfLives = 2;
  constexpr double kFilled = 0.75;
  constexpr double kWorthwhile = 1.5;
  if (followed_limit_ > counted_limit_) {
    waited_half_lives_ += half_lives;
    if (waited_half_lives_ >= kWaitHalfLives) SetLimits(followed_limit_, followed_limit_);
    return;
  }
  const double covered = std::max(1.0, FootprintBytes());
  const double needed_keys = static_cast<double>(stack_.size()) * std::min(1.0, reach_ / covered);
  const double room = kFilled * static_cast<double>(most_keys_) / std::max(1.0, needed_keys);
  const double limit = std::min<double>(outer_limit_, counted_limit_ * room);
  if (limit < counted_limit_ * kWorthwhile) return;
  followed_limit_ = static_cast<uint32_t>(limit);
  waited_half_lives_ = 0;
}

double MissRatioCurve::MissRatio(double bytes) const {
  const double squares = std::accumulate(squares_.begin(), squares_.end(), 0.0);
  if (accesses_ == 0 || squares == 0) return 0;
  const double lack = accesses_ - std::accumulate(counts_.begin(), counts_.end(), 0.0);
  constexpr double kDeviations = 2;
  // The deviation is that of a sum over keys of which each is sampled with a chance of rate().
  const double most = kDeviations * std::sqrt(squares * (1 - rate()) / rate());
  const double by_chance = std::clamp(lack, -most, most);
  const double misses = Beyond(counts_, bytes) + by_chance * Beyond(squares_, bytes) / squares;
  return std::clamp(misses / accesses_, 0.0, 1.0);
}

double MissRatioCurve::Beyond(const Histogram& histogram, double bytes) {
  const size_t bucket = std::min(BucketOf(bytes), kCold - 1);
  const double sum = std::accumulate(histogram.begin() + bucket + 1, histogram.end(), 0.0);
  if (bucket == 0) return sum;
  const double end = BucketEnd(bucket);
  const double part = (end - bytes) / (end - BucketEnd(bucket - 1));
  return sum + histogram[bucket] * std::max(0.0, part);
}

double MissRatioCurve::FootprintBytes() const {
  return static_cast<double>(stack_.counted_bytes()) / rate();
}

}  // namespace strata::eviction
