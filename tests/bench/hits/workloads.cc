#include "tests/bench/hits/workloads.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/random.h"

namespace strata::hits {
namespace {

class Zipf {
 public:
  Zipf(size_t keys, double exponent) : sums_(keys) {
    double sum = 0;
    for (size_t i = 0; i < keys; ++i) sums_[i] = sum += std::pow(i + 1.0, -exponent);
  }

  uint32_t Draw(Random& random) const {
    const double at = static_cast<double>(random.Next() >> 11) * 0x1p-53 * sums_.back();
    return static_cast<uint32_t>(std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

class Maker {
 public:
  explicit Maker(std::string name) { trace_.name = std::move(name); }

  void Ask(uint32_t key) {
    trace_.keys.push_back(key);
    trace_.key_count = std::max(trace_.key_count, key + 1);
  }
  // A key that nobody asked for before. REQUIRES: all other keys are below kFresh.
  void AskFresh() { Ask(fresh_++); }
  Trace Take() { return std::move(trace_); }

  Random random{1};

 private:
  static constexpr uint32_t kFresh = 1 << 20;
  Trace trace_;
  uint32_t fresh_ = kFresh;
};

constexpr size_t kCapacitiesLong = 96;

Trace OversizedLoop(uint32_t capacity) {
  Maker maker("loop of 1.2 capacities");
  const uint32_t length = capacity * 6 / 5;
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) maker.Ask(i % length);
  return maker.Take();
}

Trace ScanThroughHotSet(uint32_t capacity) {
  Maker maker("scans through a hot set");
  const Zipf hot(capacity * 4, 0.8);
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) {
    const uint32_t at = i % (16 * capacity);
    maker.Ask(at < 4 * capacity ? 4 * capacity + at : hot.Draw(maker.random));
  }
  return maker.Take();
}

Trace JumpingHotSet(uint32_t capacity) {
  Maker maker("a hot set that jumps");
  const Zipf hot(capacity * 8, 0.9);
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) {
    maker.Ask(i / (8 * capacity) * (8 * capacity) + hot.Draw(maker.random));
  }
  return maker.Take();
}

Trace DriftingHotSet(uint32_t capacity) {
  Maker maker("a hot set that drifts");
  const Zipf hot(capacity * 4, 0.9);
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) {
    maker.Ask(i / 8 + hot.Draw(maker.random));
  }
  return maker.Take();
}

Trace OneHitFloods(uint32_t capacity) {
  Maker maker("floods of one-hit keys");
  const Zipf hot(capacity * 3 / 5, 0.9);
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) {
    if (i / (8 * capacity) % 2 == 0) {
      maker.Ask(hot.Draw(maker.random));
    } else {
      maker.AskFresh();
    }
  }
  return maker.Take();
}

// Loops, which want the most recent evicted, and pairs of uses nearby, which want the opposite.
Trace LoopsAndPairs(uint32_t capacity) {
  Maker maker("loops and pairs in turn");
  const uint32_t length = capacity * 9 / 10;
  const uint32_t distance = capacity / 4;
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) {
    const bool is_loop = i / (8 * capacity) % 2 == 0;
    const uint32_t pair = length + i / (2 * distance) * distance + i % distance;
    maker.Ask(is_loop ? i % length : pair);
  }
  return maker.Take();
}

Trace ZipfWithDeadKeys(uint32_t capacity) {
  Maker maker("Zipf and keys used twice");
  const Zipf hot(capacity * 3 / 5, 0.9);
  const uint32_t distance = capacity / 4;
  for (uint32_t i = 0; i < kCapacitiesLong * capacity; ++i) {
    const bool is_hot = maker.random.Below(2) == 0;
    const uint32_t twice = capacity + i / (2 * distance) * distance + i % distance;
    maker.Ask(is_hot ? hot.Draw(maker.random) : twice);
  }
  return maker.Take();
}

}  // namespace

Trace MakeZipf(uint32_t keys, double exponent, size_t requests) {
  Maker maker("Zipf " + std::to_string(exponent).substr(0, 3));
  const Zipf zipf(keys, exponent);
  for (size_t i = 0; i < requests; ++i) maker.Ask(zipf.Draw(maker.random));
  return maker.Take();
}

std::vector<Trace> MakeWorkloads(size_t capacity) {
  const auto entries = static_cast<uint32_t>(capacity);
  std::vector<Trace> traces;
  traces.push_back(MakeZipf(entries * 10, 0.7, kCapacitiesLong * capacity));
  traces.push_back(MakeZipf(entries * 10, 1.0, kCapacitiesLong * capacity));
  traces.push_back(OversizedLoop(entries));
  traces.push_back(ScanThroughHotSet(entries));
  traces.push_back(JumpingHotSet(entries));
  traces.push_back(DriftingHotSet(entries));
  traces.push_back(OneHitFloods(entries));
  traces.push_back(LoopsAndPairs(entries));
  traces.push_back(ZipfWithDeadKeys(entries));
  return traces;
}

}  // namespace strata::hits
