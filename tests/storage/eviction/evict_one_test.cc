#include "storage/eviction/evict_one.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "storage/keyspace.h"
#include "storage/reclaimer.h"

namespace strata {
namespace {

constexpr int kKeys = 1000;
constexpr int64_t kHourMs = 3'600'000;

// One shard, with keys that are called by their number.
struct Fixture {
  FakeClock clock;
  Reclaimer reclaimer;
  Keyspace keyspace{{1, 16, 42}, clock, reclaimer};
  Random random{7};
  EvictionRule rule{EvictionScope::kAllKeys, EvictionOrder::kRecency, 10, {10, 1}};

  Entry* Set(int number, std::optional<int64_t> ttl_ms = std::nullopt, int index = 0) {
    const Database database(keyspace, index, clock.WallMs());
    std::optional<int64_t> expiry_ms;
    if (ttl_ms) expiry_ms = clock.WallMs() + *ttl_ms;
    return database.SetString(keyspace.Ref(std::to_string(number)), "value", expiry_ms);
  }

  size_t Evict() { return EvictOne(keyspace.shard(0), rule, {clock.WallMs(), random}); }

  std::set<int> Left(int index = 0) {
    std::set<int> left;
    keyspace.ForEach(index,
                     [&](const Entry& entry) { left.insert(std::stoi(std::string(entry.key()))); });
    return left;
  }

  // The share of those left that are among the upper half of the numbers, once half is gone.
  double UpperShareOfHalf() {
    for (int i = 0; i < kKeys / 2; ++i) REQUIRE(Evict() > 0);
    const std::set<int> left = Left();
    REQUIRE(left.size() == kKeys / 2);
    const auto upper = std::distance(left.lower_bound(kKeys / 2), left.end());
    return static_cast<double>(upper) / static_cast<double>(left.size());
  }
};

TEST_CASE_METHOD(Fixture, "by recency, those used longest ago go") {
  const auto now_s = static_cast<uint32_t>(clock.WallMs() / 1000);
  for (int i = 0; i < kKeys; ++i) Set(i)->use().Touch(now_s - 10'000 + i);
  CHECK(UpperShareOfHalf() > 0.95);
}

TEST_CASE_METHOD(Fixture, "by frequency, those used least go, and the unused cool down") {
  rule.order = EvictionOrder::kFrequency;
  const auto now_s = static_cast<uint32_t>(clock.WallMs() / 1000);
  for (int i = 0; i < kKeys; ++i) {
    Entry* entry = Set(i);
    entry->use().SetFrequency(static_cast<uint8_t>(i / 5));
    entry->use().Touch(now_s);
  }
  SECTION("all at once") {
    CHECK(UpperShareOfHalf() > 0.95);
  }
  SECTION("what was used most, long ago, goes first") {
    Set(kKeys - 1)->use().Touch(now_s - 300 * 60);
    rule.samples = 200;  // it is certain to be seen within some
    for (int i = 0; i < 100; ++i) Evict();
    CHECK(Left().count(kKeys - 1) == 0);
  }
}

TEST_CASE_METHOD(Fixture, "by time to live, those that expire first go") {
  rule.scope = EvictionScope::kVolatileKeys;
  rule.order = EvictionOrder::kTimeToLive;
  for (int i = 0; i < kKeys; ++i) Set(i, kHourMs + i * 1000);
  CHECK(UpperShareOfHalf() > 0.95);
}

TEST_CASE_METHOD(Fixture, "at random, every key has its turn") {
  rule.order = EvictionOrder::kRandom;
  for (int i = 0; i < kKeys; ++i) Set(i);
  const double upper = UpperShareOfHalf();
  CHECK(upper > 0.4);
  CHECK(upper < 0.6);
  for (int i = 0; i < kKeys / 2; ++i) CHECK(Evict() > 0);
  CHECK(Evict() == 0);
}

TEST_CASE_METHOD(Fixture, "keys without expiry stay where only volatile ones may go") {
  rule.scope = EvictionScope::kVolatileKeys;
  rule.order = GENERATE(EvictionOrder::kRecency, EvictionOrder::kFrequency,
                        EvictionOrder::kTimeToLive, EvictionOrder::kRandom);
  const int each = GENERATE(2, 7, 100);  // also so few that they are not found by chance
  CAPTURE(rule.order, each);
  size_t volatile_keys = 0;
  for (int i = 0; i < kKeys; ++i) {
    const bool expires = i % each == 0;
    Set(i, expires ? std::optional(kHourMs + i * 10'000) : std::nullopt);
    volatile_keys += expires;
  }
  for (size_t i = 0; i < volatile_keys; ++i) REQUIRE(Evict() > 0);
  CHECK(Evict() == 0);
  const std::set<int> left = Left();
  CHECK(left.size() == kKeys - volatile_keys);
  CHECK(std::none_of(left.begin(), left.end(), [&](int i) { return i % each == 0; }));
}

TEST_CASE_METHOD(Fixture, "all databases compete") {
  const auto now_s = static_cast<uint32_t>(clock.WallMs() / 1000);
  for (int i = 0; i < 100; ++i) Set(i, {}, 3)->use().Touch(now_s - 1000);
  for (int i = 0; i < 100; ++i) Set(i, {}, 0)->use().Touch(now_s);
  for (int i = 0; i < 100; ++i) REQUIRE(Evict() > 0);
  CHECK(Left(0).size() == 100);
  CHECK(Left(3).empty());
  CHECK(keyspace.ReadEvicted() == 100);
}

TEST_CASE_METHOD(Fixture, "a rule that changes forgets the ranks of the one before") {
  const auto now_s = static_cast<uint32_t>(clock.WallMs() / 1000);
  for (int i = 0; i < 100; ++i) {
    Entry* entry = Set(i);
    entry->use().Touch(now_s - static_cast<uint32_t>(i) - 1);
    entry->use().SetFrequency(static_cast<uint8_t>(200 - i));
  }
  rule.samples = 100;
  Evict();
  rule.order = EvictionOrder::kFrequency;
  for (int i = 0; i < 98; ++i) Evict();
  CHECK(Left() == std::set<int>{0});
}

TEST_CASE_METHOD(Fixture, "what it gives back is about what it took, and big values count") {
  const Database database(keyspace, 0, clock.WallMs());
  database.SetString(keyspace.Ref("big"), std::string(100'000, 'x'));
  const size_t bytes = Evict();
  CHECK(bytes > 100'000);
  CHECK(bytes < 140'000);
}

TEST_CASE_METHOD(Fixture, "an empty shard has nothing to give") {
  CHECK(Evict() == 0);
}

}  // namespace
}  // namespace strata
