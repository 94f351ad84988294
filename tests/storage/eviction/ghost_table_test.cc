#include "storage/eviction/ghost_table.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/random.h"

namespace strata::eviction {
namespace {

AccessHistory HistoryOf(unsigned frequency, uint32_t last_use) {
  AccessHistory history;
  history.frequency = static_cast<uint16_t>(frequency & kMostFrequency);
  history.last_use = last_use;
  return history;
}

}  // namespace

TEST_CASE("a ghost is what was evicted, and is given once") {
  GhostTable ghosts(1000);
  ghosts.Put(0x123456789abcdef0, HistoryOf(3, 50'000), 100'000);
  CHECK_FALSE(ghosts.Take(0x023456789abcdef0 ^ 0x7777777777777777, 100'000));
  const std::optional<AccessHistory> ghost = ghosts.Take(0x123456789abcdef0, 200'000);
  REQUIRE(ghost);
  CHECK(ghost->frequency == 3);
  CHECK(ghost->Age(200'000) == Approx(150'000).margin(256));
  CHECK_FALSE(ghosts.Take(0x123456789abcdef0, 200'000));
}

TEST_CASE("frequencies are exact up to 16 and near above") {
  for (unsigned frequency = 1; frequency <= kMostFrequency; ++frequency) {
    GhostTable ghosts(1000);
    ghosts.Put(77, HistoryOf(frequency, 0), 1);
    const unsigned found = ghosts.Take(77, 1)->frequency;
    INFO(frequency);
    CHECK(found <= frequency);
    CHECK(found + (frequency <= 16 ? 0 : 2) >= frequency);
  }
}

TEST_CASE("ages are right to a step of the stamp, also when the clock wraps") {
  const uint32_t now = GENERATE(5u, 1u << 31, UINT32_MAX);
  for (uint32_t age = 0; age < 127 * kCapacityTicks; age += 99'999) {
    GhostTable ghosts(1000);
    ghosts.Put(42, HistoryOf(1, now - age), now);
    INFO("now " << now << ", age " << age);
    CHECK(ghosts.Take(42, now)->Age(now) == Approx(age).margin(256));
  }
}

TEST_CASE("there is room for two ghosts per entry in eight bytes, and the oldest go first") {
  constexpr size_t kEntries = 100'000;
  GhostTable ghosts(kEntries);
  CHECK(ghosts.memory_bytes() <= kEntries * 8 + 64);
  Random random(3);
  std::vector<uint64_t> hashes(kEntries * 4);
  for (size_t i = 0; i < hashes.size(); ++i) {
    hashes[i] = random.Next();
    const auto at = static_cast<uint32_t>(i * kCapacityTicks / kEntries);
    ghosts.Put(hashes[i], HistoryOf(1, at), at);
  }
  const auto now = static_cast<uint32_t>(hashes.size() * kCapacityTicks / kEntries);
  size_t old = 0;
  size_t young = 0;
  for (size_t i = 0; i < kEntries; ++i) {
    old += ghosts.Take(hashes[i], now) ? 1 : 0;
    young += ghosts.Take(hashes[hashes.size() - 1 - i], now) ? 1 : 0;
  }
  CHECK(young > kEntries * 97 / 100);
  CHECK(old < kEntries * 6 / 100);
}

TEST_CASE("ghosts survive a resize as far as there is room") {
  constexpr size_t kEntries = 10'000;
  const double factor = GENERATE(0.5, 0.66, 1.5, 1.9, 2.0, 3.7, 50.0);
  GhostTable ghosts(kEntries);
  Random random(4);
  std::vector<uint64_t> hashes(kEntries);
  for (uint64_t& hash : hashes) {
    hash = random.Next();
    ghosts.Put(hash, HistoryOf(7, 1000), 2000);
  }
  ghosts.Resize(static_cast<size_t>(kEntries * factor));
  CHECK(ghosts.memory_bytes() <= static_cast<size_t>(kEntries * factor) * 8);
  size_t known = 0;
  for (const uint64_t hash : hashes) {
    const std::optional<AccessHistory> ghost = ghosts.Take(hash, 3000);
    known += ghost && ghost->frequency == 7 ? 1 : 0;
  }
  INFO("factor " << factor);
  CHECK(static_cast<double>(known) > kEntries * std::min(factor, 0.8) * 0.9);
}

}  // namespace strata::eviction
