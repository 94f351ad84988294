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

// Lets so many entries of a class live until an age that `draw` answers.
template <class Draw>
void Teach(SurvivalModel& model, unsigned entry_class, int entries, Draw&& draw) {
  for (int i = 0; i < entries; ++i) {
    model.Observe(entry_class, 0, static_cast<float>(draw()), Ending::kUsed);
  }
}

constexpr float Capacities(double capacities) {
  return static_cast<float>(capacities * kCapacityUnits);
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
  const SurvivalModel model;
  for (unsigned entry_class = 0; entry_class < kClasses; ++entry_class) {
    for (double age = 0.01; age < 16; age *= 2) {
      INFO("class " << entry_class << ", age " << age);
      CHECK(model.Index(entry_class, Capacities(age)) >
            model.Index(entry_class, Capacities(age * 2)));
    }
  }
  CHECK(model.Index(1, Capacities(1)) > model.Index(0, Capacities(1)));
  CHECK(model.Index(kClasses - 1, Capacities(1)) > model.Index(1, Capacities(1)));
}

TEST_CASE("a constant hazard is found, whatever the age") {
  SurvivalModel model;
  Random random(7);
  const double mean = Capacities(0.5);
  Teach(model, 20, 50'000, [&] { return 1 - mean * std::log1p(-UniformIn(random, 0, 1)); });
  model.EndEpoch(1, 0);
  for (const double age : {0.05, 0.1, 0.3, 0.6, 1.0}) {
    CHECK(model.Index(20, Capacities(age)) == Approx(2).epsilon(0.1));
  }
}

TEST_CASE(
    "of a loop, an entry is worth more the nearer its turn comes, and little once it is past") {
  SurvivalModel model;
  Random random(7);
  Teach(model, 30, 5000, [&] { return Capacities(UniformIn(random, 0.99, 1.01)); });
  model.EndEpoch(1, 0);
  CHECK(model.Index(30, Capacities(0.9)) > model.Index(30, Capacities(0.5)));
  CHECK(model.Index(30, Capacities(0.5)) > model.Index(30, Capacities(0.1)));
  CHECK(model.Index(30, Capacities(3)) < model.Index(30, Capacities(0.5)) / 2);
}

TEST_CASE("waiting counts: entries that are never used again are worth less") {
  SurvivalModel all_used;
  SurvivalModel few_used;
  for (int i = 0; i < 1000; ++i) {
    all_used.Observe(0, 0, Capacities(0.9), Ending::kUsed);
    few_used.Observe(0, 0, Capacities(0.9), i % 10 == 0 ? Ending::kUsed : Ending::kStillWaiting);
  }
  all_used.EndEpoch(1, 0);
  few_used.EndEpoch(1, 0);
  CHECK(few_used.Index(0, Capacities(0.5)) < all_used.Index(0, Capacities(0.5)) / 4);
}

TEST_CASE("an observation told in parts is the same as one told at once") {
  SurvivalModel parts;
  SurvivalModel whole;
  for (int i = 0; i < 1000; ++i) {
    parts.Observe(5, 0, Capacities(0.3), Ending::kStillWaiting);
    parts.Observe(5, Capacities(0.3), Capacities(2), Ending::kUsed);
    whole.Observe(5, 0, Capacities(2), Ending::kUsed);
  }
  parts.EndEpoch(1, 0);
  whole.EndEpoch(1, 0);
  for (double age = 0.01; age < 16; age *= 1.3) {
    CHECK(parts.Index(5, Capacities(age)) == Approx(whole.Index(5, Capacities(age))));
  }
}

TEST_CASE("a class that was not seen borrows from those of its frequency") {
  SurvivalModel model;
  const float before = model.Index(18, Capacities(0.18));
  Teach(model, 17, 5000, [] { return Capacities(0.2); });
  model.EndEpoch(1, 0);
  CHECK(model.Index(18, Capacities(0.18)) > before * 1.5f);
}

TEST_CASE("what was seen is forgotten by halves") {
  SurvivalModel model;
  SurvivalModel fresh;
  Teach(model, 0, 5000, [] { return Capacities(0.2); });
  model.EndEpoch(1, 0);
  const float learned = model.Index(0, Capacities(0.15));
  model.EndEpoch(1, 40);
  model.EndEpoch(1, 0);
  CHECK(learned > fresh.Index(0, Capacities(0.15)) * 2);
  CHECK(model.Index(0, Capacities(0.15)) == Approx(fresh.Index(0, Capacities(0.15))));
}

TEST_CASE("shards that share a model end its epoch together") {
  SurvivalModel model;
  const float before = model.Index(0, Capacities(0.15));
  Teach(model, 0, 5000, [] { return Capacities(0.2); });
  for (int shard = 0; shard < 3; ++shard) {
    model.EndEpoch(0.25, 0);
    CHECK(model.Index(0, Capacities(0.15)) == before);
  }
  model.EndEpoch(0.25, 0);
  CHECK(model.Index(0, Capacities(0.15)) != before);
}

}  // namespace strata::eviction
