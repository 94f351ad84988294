#include "storage/eviction/shared_clock.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "base/random.h"

namespace strata::eviction {
namespace {

void Operate(SharedClock& shared, ShardClock& clock, size_t operations) {
  for (size_t i = 0; i < operations; ++i) {
    if (clock.Advance()) clock.Meet(shared);
  }
}

}  // namespace

TEST_CASE("as many operations as there are entries in all shards are a capacity") {
  const size_t entries = GENERATE(100, 5000, 1'000'000);
  SharedClock shared(4);
  shared.SetEntries(entries);
  ShardClock busy(shared);
  ShardClock idle(shared);
  Operate(shared, busy, entries / 4 * 3);
  Operate(shared, idle, entries / 4);
  busy.Meet(shared);
  idle.Meet(shared);
  CHECK(idle.now() == Approx(kCapacityTicks).epsilon(0.01));
  CHECK(busy.now() == Approx(kCapacityTicks).epsilon(0.01));
}

TEST_CASE("a shard is behind by less than the others' turns, and time never goes back") {
  constexpr size_t kShards = 8;
  constexpr size_t kEntries = 10'000;
  SharedClock shared(kShards);
  shared.SetEntries(kEntries);
  std::vector<ShardClock> clocks(kShards, ShardClock(shared));
  Random random(3);
  for (size_t i = 1; i < 20 * kEntries; ++i) {
    ShardClock& clock = clocks[random.Below(kShards)];
    const uint32_t before = clock.now();
    Operate(shared, clock, 1);
    REQUIRE(clock.now() >= before);
    const double now = static_cast<double>(i) / kEntries * kCapacityTicks;
    REQUIRE(clock.now() <= now);
    // A shard that was not drawn for long learns of a turn late.
    REQUIRE(clock.now() >= now - 0.1 * kCapacityTicks);
  }
}

TEST_CASE("shards of a large cache tell their operations by turns, those of a tiny one at once") {
  SharedClock shared(64);
  ShardClock one(shared);
  ShardClock other(shared);
  auto is_told = [&](size_t operations) {
    other.Meet(shared);
    const uint32_t before = other.now();
    Operate(shared, one, operations);
    other.Meet(shared);
    return other.now() > before;
  };
  CHECK(is_told(1));
  shared.SetEntries(64 * 64 * 100);
  one.Meet(shared);
  CHECK_FALSE(is_told(99));
  CHECK(is_told(1));
}

TEST_CASE("another estimate of all shards' entries leaves the time as it was") {
  SharedClock shared(2);
  shared.SetEntries(1000);
  ShardClock clock(shared);
  Operate(shared, clock, 500);
  shared.SetEntries(100'000);
  clock.Meet(shared);
  CHECK(clock.now() == Approx(kCapacityTicks / 2.0).margin(100));
  Operate(shared, clock, 50'000);
  CHECK(clock.now() == Approx(kCapacityTicks).margin(200));
}

TEST_CASE("no operation of several threads is lost", "[threads]") {
  constexpr size_t kOperations = 100'000;
  SharedClock shared(2);
  shared.SetEntries(2 * kOperations);
  auto run = [&shared] {
    ShardClock clock(shared);
    Operate(shared, clock, kOperations);
    clock.Meet(shared);
  };
  std::thread first(run);
  std::thread second(run);
  first.join();
  second.join();
  CHECK(TicksOf(shared.Add(0)) == Approx(kCapacityTicks).epsilon(0.001));
}

}  // namespace strata::eviction
