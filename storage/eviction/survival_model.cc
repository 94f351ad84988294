#include "storage/eviction/survival_model.h"

#include <cmath>

namespace strata::eviction {
namespace {

// As many events as a cell must have seen itself to count as much as what it borrows.
constexpr double kPriorEvents = 16;

// Before anything was seen, hazard is this divided by the age.
constexpr double kHazardTimesAge = 0.5;

// What a frequency says of the hazard before it has been seen: it grows with the square root.
constexpr std::array<double, kFrequencyBuckets> kTypicalFrequency = {0.85, 2,    3,  4.5, 7,
                                                                     11.5, 20.5, 44, 63};

double HazardFactor(unsigned frequency_bucket) {
  return 0.8 * std::sqrt(kTypicalFrequency[frequency_bucket] - 0.5);
}

double BeginOf(unsigned bucket) {
  return bucket == 0 ? 0 : BucketBegin(bucket);
}
double WidthOf(unsigned bucket) {
  return BucketBegin(bucket + 1) - BeginOf(bucket);
}

ClassRow Hazard(const ClassRow& events, const ClassRow& exposure, const ClassRow& prior,
                double prior_events) {
  ClassRow hazard;
  for (unsigned i = 0; i < kAgeBuckets; ++i) {
    hazard[i] = (events[i] + prior_events) / (exposure[i] + prior_events / prior[i]);
  }
  return hazard;
}

// Nothing is observed beyond the horizon: from there on the hazard falls at least with the age.
void ExtendBeyondHorizon(ClassRow& hazard) {
  const unsigned last = PlaceOf(kHorizonTicks).bucket - 1;
  for (unsigned i = last + 1; i < kAgeBuckets; ++i) {
    hazard[i] = std::min(hazard[i], hazard[last] * BucketBegin(last) / BucketBegin(i));
  }
}

AgeStep StepThrough(double hazard, double width) {
  const double hits = -std::expm1(-hazard * width);
  return {hits, hits / hazard};
}

}  // namespace

// A step is merged with the ones behind it as long as they yield more per unit than it does: then
// it is not the place to stop. Those left on the stack yield less and less.
ClassRow GittinsIndex(const std::array<AgeStep, kAgeBuckets>& steps) {
  struct Merged {
    AgeStep step;
    double survival;
  };
  std::array<Merged, kAgeBuckets> stack;
  size_t depth = 0;
  ClassRow index;
  for (unsigned i = kAgeBuckets; i-- > 0;) {
    Merged merged{steps[i], 1 - steps[i].hits};
    while (depth > 0) {
      const Merged& next = stack[depth - 1];
      if (next.step.hits * merged.step.duration <= merged.step.hits * next.step.duration) break;
      merged.step.hits += merged.survival * next.step.hits;
      merged.step.duration += merged.survival * next.step.duration;
      merged.survival *= next.survival;
      --depth;
    }
    index[i] = merged.step.hits / merged.step.duration;
    stack[depth++] = merged;
  }
  return index;
}

void SurvivalModel::Observe(const Observation& observation) {
  Sums& sums = sums_[observation.entry_class];
  auto reach = [&sums](uint32_t age, double sign) {
    const unsigned bucket = PlaceOf(age).bucket;
    sums.endings[bucket] += sign;
    sums.partial[bucket] += sign * (std::min(age, kOldestTicks) - BeginOf(bucket));
    return bucket;
  };
  const unsigned last = reach(observation.to, 1);
  if (observation.from > 0) reach(observation.from, -1);
  if (observation.ending == Ending::kUsed) sums.events[last] += 1;
}

SurvivalModel::Sums& SurvivalModel::Add(Sums& to, const Sums& other) {
  for (unsigned i = 0; i < kAgeBuckets; ++i) {
    to.events[i] += other.events[i];
    to.endings[i] += other.endings[i];
    to.partial[i] += other.partial[i];
  }
  return to;
}

ClassRow SurvivalModel::Exposure(const Sums& sums) {
  ClassRow exposure;
  double passing = 0;
  for (unsigned i = kAgeBuckets; i-- > 0;) {
    exposure[i] = std::max(0.0, sums.partial[i] + passing * WidthOf(i));
    passing += sums.endings[i];
  }
  return exposure;
}

void SurvivalModel::Rebuild(SurvivalIndex& index) const {
  std::array<Sums, kFrequencyBuckets> by_frequency{};
  by_frequency[0] = sums_[0];
  for (unsigned i = 1; i < kClasses; ++i) Add(by_frequency[1 + (i - 1) / kGapClasses], sums_[i]);
  Sums all{};
  for (const Sums& sums : by_frequency) Add(all, sums);

  ClassRow guess;
  for (unsigned i = 0; i < kAgeBuckets; ++i) {
    guess[i] = kHazardTimesAge / (BucketBegin(i) + WidthOf(i) / 2);
  }
  const ClassRow overall = Hazard(all.events, Exposure(all), guess, 1);
  for (unsigned frequency = 0; frequency < kFrequencyBuckets; ++frequency) {
    ClassRow prior = overall;
    for (double& hazard : prior) hazard *= HazardFactor(frequency);
    const Sums& sums = by_frequency[frequency];
    const ClassRow hazard = Hazard(sums.events, Exposure(sums), prior, kPriorEvents);
    const unsigned first = frequency == 0 ? 0 : 1 + (frequency - 1) * kGapClasses;
    const unsigned count = frequency == 0 ? 1 : kGapClasses;
    for (unsigned i = first; i < first + count; ++i) {
      const ClassRow worth = Worth(i, hazard);
      for (unsigned bucket = 0; bucket <= kAgeBuckets; ++bucket) {
        index.Set(i, bucket, static_cast<float>(worth[std::min(bucket, kAgeBuckets - 1)]));
      }
    }
  }
}

// By age, for entries of the class.
ClassRow SurvivalModel::Worth(unsigned entry_class, const ClassRow& prior) const {
  const Sums& sums = sums_[entry_class];
  ClassRow hazard = Hazard(sums.events, Exposure(sums), prior, kPriorEvents);
  ExtendBeyondHorizon(hazard);
  std::array<AgeStep, kAgeBuckets> steps;
  for (unsigned i = 0; i < kAgeBuckets; ++i) steps[i] = StepThrough(hazard[i], WidthOf(i));
  ClassRow worth = GittinsIndex(steps);
  for (double& value : worth) value *= kCapacityTicks;
  return worth;
}

void SurvivalModel::Forget(double half_lives) {
  const double factor = std::exp2(-half_lives);
  for (Sums& sums : sums_) {
    for (ClassRow* row : {&sums.events, &sums.endings, &sums.partial}) {
      for (double& value : *row) value *= factor;
    }
  }
}

}  // namespace strata::eviction
