#include "storage/eviction/ghost_table.h"

#include <catch2/catch.hpp>

#include "base/random.h"

namespace strata::eviction {
namespace {

AccessHistory HistoryOf(unsigned frequency, uint32_t last_op) {
  AccessHistory history;
  history.frequency = static_cast<uint16_t>(frequency & kMostFrequency);
  history.last_op = last_op;
  return history;
}

}  // namespace

TEST_CASE("a ghost is what was evicted, and is given once") {
  GhostTable ghosts(1000);
  ghosts.Put(0x123456789abcdef0, HistoryOf(3, 500), 1000);
  CHECK_FALSE(ghosts.Take(0x023456789abcdef0 ^ 0x7777777777777777, 1000));
  const std::optional<AccessHistory> ghost = ghosts.Take(0x123456789abcdef0, 2000);
  REQUIRE(ghost);
  CHECK(ghost->frequency == 3);
  CHECK(ghost->Age(2000) == Approx(1500).margin(8));
  CHECK_FALSE(ghosts.Take(0x123456789abcdef0, 2000));
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

TEST_CASE("ages are right to a hundredth of a capacity, also when the clock wraps") {
  const size_t entries = GENERATE(1, 100, 1000, 100'000, 5'000'000);
  const uint32_t now = GENERATE(5u, 1u << 31, UINT32_MAX);
  for (uint32_t age = 0; age < entries * 200; age += static_cast<uint32_t>(entries * 7 + 1)) {
    GhostTable ghosts(entries);
    ghosts.Put(42, HistoryOf(1, now - age), now);
    INFO(entries << " entries, now " << now << ", age " << age);
    CHECK(ghosts.Take(42, now)->Age(now) == Approx(age).margin(entries / 60.0 + 1));
    if (age > entries * 20) break;
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
    const auto op = static_cast<uint32_t>(i);
    ghosts.Put(hashes[i], HistoryOf(1, op), op);
  }
  const auto now = static_cast<uint32_t>(hashes.size());
  size_t old = 0;
  size_t young = 0;
  for (size_t i = 0; i < kEntries; ++i) {
    old += ghosts.Take(hashes[i], now) ? 1 : 0;
    young += ghosts.Take(hashes[hashes.size() - 1 - i], now) ? 1 : 0;
  }
  CHECK(young > kEntries * 97 / 100);
  CHECK(old < kEntries * 6 / 100);
}

}  // namespace strata::eviction
