#pragma once

// How long entries live until their next access, learned from what was seen, and what an entry is
// therefore worth.
//
// Of each class of entries (access_history.h) and each bucket of ages two sums are kept: how many
// accesses came at that age (events), and how long entries of the class stood at that age without
// one (exposure). Their quotient is the hazard, the chance of an access per unit of time. Ages that
// ended without an access, because the key is no longer followed or has not come back yet, count as
// exposure: such observations are censored, not lost (Kaplan and Meier, 1958). Thin cells borrow
// from thick ones: a class's hazard is drawn to that of its frequency, and this to that of all.
// Both sums are forgotten exponentially.
//
// The worth is a Gittins index (J. Gittins, "Bandit processes and dynamic allocation indices",
// 1979): of all ages up to which the entry could be kept from now on, if it is not used before, the
// one that yields the most expected hits per expected unit of time kept. Hazard alone would evict
// an entry right before the end of its period; the index looks ahead to it. It is found by merging
// buckets from the oldest to the youngest, each bucket once.
//
//   class 9   hazard  ▁▁▁▁▂█▁▁▁     index  ▃▄▅▆▇█▁▁▁     a loop: worth more the nearer it comes
//
// Guarded by the lock of its owner; what it comes to is read without one, in SurvivalIndex. Since
// ages are told in capacities, shards of any size teach the same model.

#include <array>

#include "storage/eviction/survival_index.h"

namespace strata::eviction {

// Beyond this age an observation is given up.
inline constexpr uint32_t kHorizonTicks = kCapacityTicks * 32;

// What a bucket of ages yields if an entry enters it and is kept until its end.
struct AgeStep {
  double hits;      // chance of an access
  double duration;  // expected, cut short by the access
};

using ClassRow = std::array<double, kAgeBuckets>;

// The index at the beginning of each of the steps, which follow one another.
ClassRow GittinsIndex(const std::array<AgeStep, kAgeBuckets>& steps);

enum class Ending : uint8_t { kUsed, kStillWaiting };

// An entry of the class was watched between these ages, in ticks, 0 <= from <= to.
struct Observation {
  uint32_t from;
  uint32_t to;
  uint8_t entry_class;
  Ending ending;
};

class SurvivalModel {
 public:
  void Observe(const Observation& observation);

  // Writes what the sums come to.
  void Rebuild(SurvivalIndex& index) const;
  // The sums lose this many halves.
  void Forget(double half_lives);

 private:
  // Exposure is kept as observations that end in a bucket and how far into it they came: what they
  // were exposed in the buckets before follows from that.
  struct Sums {
    ClassRow events{};
    ClassRow endings{};  // observations ended here, less those that began here
    ClassRow partial{};  // how far into the bucket, likewise
  };

  static Sums& Add(Sums& to, const Sums& other);
  static ClassRow Exposure(const Sums& sums);
  ClassRow Worth(unsigned entry_class, const ClassRow& prior) const;

  std::array<Sums, kClasses> sums_{};
};

}  // namespace strata::eviction
