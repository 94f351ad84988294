#include "storage/eviction/miss_ratio_curve.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <list>
#include <vector>

#include "base/random.h"
#include "storage/eviction/policy_shadows.h"

namespace strata::eviction {
namespace {

uint64_t HashOf(uint64_t key) {
  return Random(key).Next();
}

// An LRU cache that holds so many bytes.
class ExactLru {
 public:
  explicit ExactLru(uint64_t capacity) : capacity_(capacity) {}

  void Access(uint64_t key, uint32_t bytes) {
    ++accesses_;
    const auto found = std::find_if(keys_.begin(), keys_.end(),
                                    [key](const Entry& entry) { return entry.key == key; });
    if (found == keys_.end()) {
      ++misses_;
    } else {
      used_ -= found->bytes;
      keys_.erase(found);
    }
    keys_.push_front({key, bytes});
    for (used_ += bytes; used_ > capacity_; keys_.pop_back()) used_ -= keys_.back().bytes;
  }
  double MissRatio() const { return misses_ / accesses_; }

 private:
  struct Entry {
    uint64_t key;
    uint32_t bytes;
  };
  uint64_t capacity_;
  uint64_t used_ = 0;
  double accesses_ = 0;
  double misses_ = 0;
  std::list<Entry> keys_;
};

// The same for all sizes, without a list to search: exact distances by counting marks.
class ExactCurve {
 public:
  void Access(uint64_t key) {
    last_uses_.resize(std::max<size_t>(last_uses_.size(), key + 1), kNever);
    // Linear, but a pass over bytes.
    if (last_uses_[key] == kNever) {
      distances_.push_back(INFINITY);
    } else {
      marks_[last_uses_[key]] = 0;
      const auto newer = marks_.begin() + static_cast<ptrdiff_t>(last_uses_[key]);
      distances_.push_back(static_cast<double>(1 + std::count(newer, marks_.end(), 1)));
    }
    last_uses_[key] = marks_.size();
    marks_.push_back(1);
  }
  // Of the accesses from that one on.
  double MissRatio(double entries, size_t from = 0) const {
    const auto begin = distances_.begin() + static_cast<ptrdiff_t>(from);
    const auto misses = std::count_if(begin, distances_.end(),
                                      [entries](double distance) { return distance > entries; });
    return static_cast<double>(misses) / static_cast<double>(distances_.end() - begin);
  }
  size_t accesses() const { return distances_.size(); }

 private:
  static constexpr size_t kNever = SIZE_MAX;
  std::vector<size_t> last_uses_;
  std::vector<uint8_t> marks_;
  std::vector<double> distances_;
};

void Access(MissRatioCurve& curve, uint64_t key, uint32_t bytes = 1) {
  curve.AddAccesses(1);
  curve.OnAccess(HashOf(key), bytes);
}

// Zipf's distribution of an exponent near 1, drawn by its inverse.
uint64_t SkewedKey(Random& random, double keys) {
  const double uniform = static_cast<double>(random.Next() >> 11) * 0x1p-53;
  return static_cast<uint64_t>(std::pow(keys, uniform)) - 1;
}

uint32_t BytesOf(uint64_t key) {
  return static_cast<uint32_t>(1 + Random(key + 9).Below(40));
}

uint32_t LimitOf(double rate) {
  return static_cast<uint32_t>(rate * UINT32_MAX);
}

}  // namespace

TEST_CASE(
    "nothing asked, nothing missed; the first access misses, the second hits where there is room") {
  MissRatioCurve curve;
  CHECK(curve.MissRatio(1000) == 0);
  Access(curve, 1, 100);
  CHECK(curve.MissRatio(1e12) == 1);
  Access(curve, 1, 100);
  CHECK(curve.MissRatio(64) == 1);
  CHECK(curve.MissRatio(100) == Approx(0.5));
  CHECK(curve.MissRatio(1e30) == Approx(0.5));
  CHECK(curve.FootprintBytes() == 100);
}

TEST_CASE("while all keys fit into the sample, the curve is that of exact LRU caches") {
  const uint64_t seed = GENERATE(1, 2, 3);
  INFO("seed " << seed);
  // Where buckets end, nothing is interpolated.
  for (const uint64_t bytes : {1, 2, 7, 16, 31, 64, 76, 208, 1024, 4096}) {
    Random random(seed);
    MissRatioCurve curve(512);
    ExactLru lru(bytes);
    for (int i = 0; i < 4000; ++i) {
      const uint64_t key = SkewedKey(random, 500);
      const uint32_t size = BytesOf(key);
      Access(curve, key, size);
      lru.Access(key, size);
    }
    INFO("bytes " << bytes);
    CHECK(curve.MissRatio(static_cast<double>(bytes)) == Approx(lru.MissRatio()).margin(1e-9));
  }
}

TEST_CASE("of a small sample, the curve is near the exact one") {
  const uint64_t salt = GENERATE(0, 1'000'000, 2'000'000);
  INFO("salt " << salt);
  MissRatioCurve curve(4096);
  ExactCurve exact;
  Random random(7);
  for (int i = 0; i < 60'000; ++i) {
    const uint64_t key = SkewedKey(random, 40'000);
    Access(curve, key + salt);
    exact.Access(key);
  }
  CHECK(curve.rate() < 0.4);
  for (const double entries : {1000.0, 3000.0, 10'000.0}) {
    CHECK(curve.MissRatio(entries) == Approx(exact.MissRatio(entries)).margin(0.02));
  }
}

TEST_CASE("where every access misses, the chance of the sample is taken out") {
  // A loop: of the accesses to a sample of its keys, all miss, be they more or less than the rate.
  MissRatioCurve curve(100);
  for (uint64_t i = 0; i < 60'000; ++i) Access(curve, i % 3000);
  CHECK(curve.MissRatio(1000) == Approx(1).margin(0.001));
  CHECK(curve.MissRatio(6000) == Approx(0.05).margin(0.02));
}

TEST_CASE("hits of a hot key that is not in the sample are counted") {
  MissRatioCurve curve;
  curve.SetOuterLimit(LimitOf(0.5));
  uint64_t hot = 0;
  while (PolicyShadows::SampleOf(HashOf(hot)) <= LimitOf(0.5)) ++hot;
  Random random(3);
  for (int i = 0; i < 100'000; ++i) {
    // A tenth goes to keys that are alike, of which the smallest cache has none.
    Access(curve, i % 10 == 0 ? 1000 + random.Below(4000) : hot);
    if (i % 10 == 0) Access(curve, 100'000 + random.Below(500));
  }
  CHECK(curve.MissRatio(5) < 0.25);
  CHECK(curve.MissRatio(10'000) < 0.1);
}

TEST_CASE("sizes that differ are summed, not averaged") {
  MissRatioCurve curve(1024);
  ExactLru lru(65'536);
  Random random(5);
  for (int i = 0; i < 40'000; ++i) {
    // Small keys are used often, large ones seldom: the mean of all says nothing of the former.
    const uint64_t key = random.Below(4) == 0 ? 4000 + random.Below(2000) : random.Below(1500);
    const uint32_t bytes = key < 4000 ? 16 : 4096;
    Access(curve, key, bytes);
    lru.Access(key, bytes);
  }
  CHECK(curve.rate() < 0.5);
  CHECK(curve.MissRatio(65'536) == Approx(lru.MissRatio()).margin(0.03));
}

TEST_CASE(
    "a loop of twice the size is asked for: after some half-lives the curve is of that alone") {
  MissRatioCurve curve;
  auto loop = [&curve](uint64_t keys) {
    for (uint64_t i = 0; i < 40'000; ++i) {
      Access(curve, i % keys);
      if (i % 4000 == 0) curve.Forget(0.5);
    }
  };
  loop(1000);
  CHECK(curve.MissRatio(1500) < 0.02);
  loop(2000);
  CHECK(curve.MissRatio(1500) > 0.95);
  CHECK(curve.MissRatio(2100) < 0.05);
  CHECK(curve.accesses() == Approx(4000 / (1 - std::exp2(-0.5))).epsilon(0.05));
}

TEST_CASE("without forgetting, what was long ago counts as much") {
  MissRatioCurve curve;
  for (uint64_t i = 0; i < 40'000; ++i) Access(curve, i % 1000);
  for (uint64_t i = 0; i < 40'000; ++i) Access(curve, i % 2000);
  CHECK(curve.MissRatio(1500) == Approx(0.5).margin(0.05));
}

TEST_CASE(
    "the outer sample may shrink and grow: the curve goes on, and never takes known keys for new") {
  MissRatioCurve curve(1024);
  Random random(11);
  double rate = 1;
  // All 6000 keys were seen after the first part: no access misses in a cache of them all.
  auto run = [&](int accesses) {
    for (int i = 0; i < accesses; ++i) {
      const uint64_t hash = HashOf(random.Below(6000));
      curve.AddAccesses(1);
      if (PolicyShadows::SampleOf(hash) <= LimitOf(rate)) curve.OnAccess(hash, 1);
      if (i % 3000 == 2999) curve.Forget(0.1);
    }
  };
  run(60'000);
  CHECK(curve.MissRatio(3000) == Approx(0.5).margin(0.04));
  rate = 0.02;
  curve.SetOuterLimit(LimitOf(rate));
  CHECK(curve.rate() == Approx(0.02));
  CHECK(curve.FootprintBytes() == Approx(6000).epsilon(0.3));
  run(300'000);
  CHECK(curve.MissRatio(9000) < 0.01);
  CHECK(curve.MissRatio(3000) == Approx(0.5).margin(0.1));
  rate = 1;
  curve.SetOuterLimit(LimitOf(rate));
  for (int part = 0; part < 40; ++part) {
    run(6000);
    CHECK(curve.MissRatio(9000) < 0.01);
  }
  CHECK(curve.rate() > 0.1);
  CHECK(curve.MissRatio(3000) == Approx(0.5).margin(0.04));
}

TEST_CASE("keys that are never used again do not lower the rate, where the reach is told") {
  MissRatioCurve curve(1024);
  curve.SetReach(4000);
  Random random(13);
  uint64_t once = 1'000'000;
  for (int i = 0; i < 400'000; ++i) {
    Access(curve, i % 4 == 0 ? once++ : random.Below(1000));
    if (i % 4000 == 0) curve.Forget(0.1);
  }
  CHECK(curve.rate() > 0.1);
  CHECK(curve.FootprintBytes() >= 3000);
  CHECK(curve.MissRatio(4000) == Approx(0.25).margin(0.01));
}

TEST_CASE("it holds no more keys than it may and costs what it says, whatever the hashes are") {
  const bool are_alike = GENERATE(false, true);
  MissRatioCurve curve(256);
  const size_t before = curve.memory_bytes();
  for (uint64_t i = 0; i < 50'000; ++i) {
    curve.AddAccesses(1);
    // Alike: all are in the smallest sample there is.
    curve.OnAccess(are_alike ? i * 0xf1de83e19937733d : HashOf(i), BytesOf(i));
  }
  CHECK(curve.memory_bytes() == before);
  CHECK(before < 256 * 50 + 13'000);
  CHECK(curve.MissRatio(1e9) == Approx(1).margin(0.001));
  CHECK(MissRatioCurve().memory_bytes() < 330'000);
}

}  // namespace strata::eviction
