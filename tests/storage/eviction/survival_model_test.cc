#include "storage/eviction/survival_model.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/random.h"

namespace strata::eviction {
namespace {

double UniformIn(Random& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random.Next() >> 11) * 0x1p-53;
}

// The definition: the best of all ages to stop at.
double BestStop(const std::array<AgeStep, kAgeBuckets>& steps, unsigned from) {
  double hits = 0;
  double duration = 0;
  double survival = 1;
  double best = 0;
  for (unsigned i = from; i < kAgeBuckets; ++i) {
    hits += survival * steps[i].hits;
    duration += survival * steps[i].duration;
    survival *= 1 - steps[i].hits;
    best = std::max(best, hits / duration);
  }
  return best;
}

// A model, and what it comes to.
struct Learner {
  Learner() { model.Rebuild(index); }

  void Observe(unsigned entry_class, double from, double to, Ending ending) {
    model.Observe({static_cast<uint32_t>(from), static_cast<uint32_t>(to),
                   static_cast<uint8_t>(entry_class), ending});
  }
  // Lets so many entries of a class live until an age that `draw` answers.
  template <class Draw>
  void Teach(unsigned entry_class, int entries, Draw&& draw) {
    for (int i = 0; i < entries; ++i) Observe(entry_class, 0, draw(), Ending::kUsed);
  }
  void EndEpoch(double half_lives = 0) {
    model.Rebuild(index);
    model.Forget(half_lives);
  }
  float At(unsigned entry_class, double age) const {
    return index.At(entry_class, static_cast<uint32_t>(age));
  }

  SurvivalModel model;
  SurvivalIndex index;
};

constexpr double Capacities(double capacities) {
  return capacities * kCapacityTicks;
}

}  // namespace

TEST_CASE("the index is the best over all ages to stop at") {
  const uint64_t seed = GENERATE(1, 2, 3, 4, 5, 6, 7, 8);
  INFO("seed " << seed);
  Random random(seed);
  for (int round = 0; round < 100; ++round) {
    std::array<AgeStep, kAgeBuckets> steps;
    for (AgeStep& step : steps) {
      const double hazard = std::exp(UniformIn(random, -8, 2));
      step.hits = -std::expm1(-hazard * UniformIn(random, 0.1, 3));
      step.duration = step.hits / hazard;
    }
    const ClassRow index = GittinsIndex(steps);
    for (unsigned i = 0; i < kAgeBuckets; ++i) REQUIRE(index[i] == Approx(BestStop(steps, i)));
  }
}

TEST_CASE("before anything was seen, entries used more often and more recently are worth more") {
  const Learner model;
  for (unsigned entry_class = 0; entry_class < kClasses; ++entry_class) {
    for (double age = 0.01; age < 16; age *= 2) {
      INFO("class " << entry_class << ", age " << age);
      CHECK(model.At(entry_class, Capacities(age)) > model.At(entry_class, Capacities(age * 2)));
    }
  }
  CHECK(model.At(1, Capacities(1)) > model.At(0, Capacities(1)));
  CHECK(model.At(kClasses - 1, Capacities(1)) > model.At(1, Capacities(1)));
}

TEST_CASE("a constant hazard is found, whatever the age") {
  Learner model;
  Random random(7);
  const double mean = Capacities(0.5);
  model.Teach(20, 50'000, [&] { return 1 - mean * std::log1p(-UniformIn(random, 0, 1)); });
  model.EndEpoch();
  for (const double age : {0.05, 0.1, 0.3, 0.6, 1.0}) {
    CHECK(model.At(20, Capacities(age)) == Approx(2).epsilon(0.1));
  }
}

TEST_CASE(
    "of a loop, an entry is worth more the nearer its turn comes, and little once it is past") {
  Learner model;
  Random random(7);
  model.Teach(30, 5000, [&] { return Capacities(UniformIn(random, 0.99, 1.01)); });
  model.EndEpoch();
  CHECK(model.At(30, Capacities(0.9)) > model.At(30, Capacities(0.5)));
  CHECK(model.At(30, Capacities(0.5)) > model.At(30, Capacities(0.1)));
  CHECK(model.At(30, Capacities(3)) < model.At(30, Capacities(0.5)) / 2);
}

TEST_CASE("waiting counts: entries that are never used again are worth less") {
  Learner all_used;
  Learner few_used;
  for (int i = 0; i < 1000; ++i) {
    all_used.Observe(0, 0, Capacities(0.9), Ending::kUsed);
    few_used.Observe(0, 0, Capacities(0.9), i % 10 == 0 ? Ending::kUsed : Ending::kStillWaiting);
  }
  all_used.EndEpoch();
  few_used.EndEpoch();
  CHECK(few_used.At(0, Capacities(0.5)) < all_used.At(0, Capacities(0.5)) / 4);
}

TEST_CASE("an observation told in parts is the same as one told at once") {
  Learner parts;
  Learner whole;
  for (int i = 0; i < 1000; ++i) {
    parts.Observe(5, 0, Capacities(0.3), Ending::kStillWaiting);
    parts.Observe(5, Capacities(0.3), Capacities(2), Ending::kUsed);
    whole.Observe(5, 0, Capacities(2), Ending::kUsed);
  }
  parts.EndEpoch();
  whole.EndEpoch();
  for (double age = 0.01; age < 16; age *= 1.3) {
    CHECK(parts.At(5, Capacities(age)) == Approx(whole.At(5, Capacities(age))));
  }
}

TEST_CASE("a class that was not seen borrows from those of its frequency") {
  Learner model;
  const float before = model.At(18, Capacities(0.18));
  model.Teach(17, 5000, [] { return Capacities(0.2); });
  model.EndEpoch();
  CHECK(model.At(18, Capacities(0.18)) > before * 1.5f);
}

TEST_CASE("what was seen is forgotten by halves") {
  Learner model;
  Learner fresh;
  model.Teach(0, 5000, [] { return Capacities(0.2); });
  model.EndEpoch();
  const float learned = model.At(0, Capacities(0.15));
  model.EndEpoch(40);
  model.EndEpoch();
  CHECK(learned > fresh.At(0, Capacities(0.15)) * 2);
  CHECK(model.At(0, Capacities(0.15)) == Approx(fresh.At(0, Capacities(0.15))));
}

}  // namespace strata::eviction
