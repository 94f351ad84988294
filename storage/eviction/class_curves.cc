#include "storage/eviction/class_curves.h"

#include <algorithm>

#include "storage/eviction/estimate.h"

namespace strata::eviction {
namespace {

// Keys of a sample that a cache of the present size would hold. For two points of error at 99 % of
// the questions it takes a thousand; twice that has them within one (docs/benchmarks.md).
constexpr size_t kSampledOfAll = 2048;
constexpr size_t kSampledOfClass = 1024;

size_t SampledKeys(ClassNumber number) {
  return number == kNoClass ? kSampledOfAll : kSampledOfClass;
}

}  // namespace

ClassCurves::ClassCurves(const KeyClasses& classes) : classes_(classes) {
  for (auto& limit : limits_) limit.store(UINT32_MAX, std::memory_order_relaxed);
  own_limits_.fill(UINT32_MAX);
}

void ClassCurves::OnAccess(uint64_t hash, ClassNumber number, uint32_t bytes) {
  SpinLock lock(mutex_);
  waiting_[waiting_count_++] = {hash, bytes, number};
  if (waiting_count_ == kWaiting) TellWaiting();
}

template <class Visitor>
void ClassCurves::ForEachCurve(const Access& access, Visitor&& visit) {
  const uint32_t sample = PolicyShadows::SampleOf(access.hash);
  const ClassNumber number = access.number;
  if (sample <= own_limits_[kNoClass]) visit(CurveOf(kNoClass));
  if (number != kNoClass && sample <= own_limits_[number]) visit(CurveOf(number));
}

void ClassCurves::TellWaiting() {
  const std::span<const Access> waiting = std::span(waiting_).first(waiting_count_);
  waiting_count_ = 0;
  for (const Access& access : waiting) {
    ForEachCurve(access, [&](MissRatioCurve& curve) { curve.PrefetchPlace(access.hash); });
  }
  for (const Access& access : waiting) {
    ForEachCurve(access, [&](MissRatioCurve& curve) { curve.PrefetchKey(access.hash); });
  }
  for (const Access& access : waiting) {
    ForEachCurve(access, [&](MissRatioCurve& curve) { curve.OnAccess(access.hash, access.bytes); });
  }
}

void ClassCurves::AddAccesses(std::span<const uint32_t> accesses) {
  SpinLock lock(mutex_);
  uint64_t all = 0;
  for (size_t number = 0; number < accesses.size(); ++number) {
    if (accesses[number] == 0) continue;
    all += accesses[number];
    if (number != kNoClass) {
      CurveOf(static_cast<ClassNumber>(number)).AddAccesses(accesses[number]);
    }
  }
  CurveOf(kNoClass).AddAccesses(all);
  epoch_accesses_ += all;
  const size_t entries = CapacityOf(kNoClass).entries;
  if (epoch_accesses_ >= EpochOperations(entries)) {
    EndEpoch();
  } else if (HasChangedMuch(followed_entries_, entries)) {
    TellWaiting();
    Follow(kNoClass);
  }
}

MissRatioCurve& ClassCurves::CurveOf(ClassNumber number) {
  std::unique_ptr<MissRatioCurve>& curve = curves_[number];
  if (curve == nullptr) {
    constexpr auto kCapacities = static_cast<size_t>(kReach);
    curve = std::make_unique<MissRatioCurve>(SampledKeys(number) * kCapacities);
  }
  return *curve;
}

void ClassCurves::EndEpoch() {
  TellWaiting();
  const double half_lives =
      static_cast<double>(epoch_accesses_) / HalfLifeOperations(CapacityOf(kNoClass).entries);
  epoch_accesses_ = 0;
  for (size_t i = 0; i < curves_.size(); ++i) {
    if (curves_[i] == nullptr) continue;
    const auto number = static_cast<ClassNumber>(i);
    curves_[i]->Forget(half_lives);
    // Of a class that is no more.
    constexpr double kForgotten = 1;
    if (number != kNoClass && curves_[i]->accesses() < kForgotten) {
      curves_[i] = nullptr;
      continue;
    }
    Follow(number);
  }
}

// The capacity may have changed.
void ClassCurves::Follow(ClassNumber number) {
  const Capacity capacity = CapacityOf(number);
  const uint32_t limit = SampleLimit(SampledKeys(number), capacity.entries);
  curves_[number]->SetOuterLimit(limit);
  if (capacity.bytes > 0) curves_[number]->SetReach(kReach * capacity.bytes);
  own_limits_[number] = limit;
  const uint32_t of_all = own_limits_[kNoClass];
  if (number != kNoClass) {
    limits_[number].store(std::max(limit, of_all), std::memory_order_relaxed);
    return;
  }
  followed_entries_ = capacity.entries;
  for (size_t i = 0; i < limits_.size(); ++i) {
    const uint32_t own = curves_[i] == nullptr ? UINT32_MAX : own_limits_[i];
    limits_[i].store(i == kNoClass ? of_all : std::max(own, of_all), std::memory_order_relaxed);
  }
}

ClassCurves::Capacity ClassCurves::CapacityOf(ClassNumber number) const {
  if (number == kNoClass) {
    return {static_cast<size_t>(std::max<ptrdiff_t>(0, entries_)),
            static_cast<double>(bytes_.load(std::memory_order_relaxed))};
  }
  const ClassTally tally = classes_.tally(number);
  return {static_cast<size_t>(std::max<int64_t>(0, tally.entries)),
          static_cast<double>(tally.bytes)};
}

std::optional<ClassCurves::Reading> ClassCurves::Read(ClassNumber number) {
  const Capacity capacity = CapacityOf(number);
  SpinLock lock(mutex_);
  TellWaiting();
  const MissRatioCurve* curve = curves_[number].get();
  if (curve == nullptr || curve->accesses() == 0) return std::nullopt;
  Reading reading{.accesses = curve->accesses(),
                  .rate = curve->rate(),
                  .bytes = capacity.bytes,
                  .footprint = curve->FootprintBytes()};
  for (size_t i = 0; i < Reading::kSizes.size(); ++i) {
    reading.miss_ratios[i] = curve->MissRatio(Reading::kSizes[i] * capacity.bytes);
  }
  return reading;
}

size_t ClassCurves::memory_bytes() const {
  SpinLock lock(mutex_);
  size_t bytes = sizeof(*this);
  for (const auto& curve : curves_) bytes += curve == nullptr ? 0 : curve->memory_bytes();
  return bytes;
}

}  // namespace strata::eviction
