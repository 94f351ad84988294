#include "storage/entry_use.h"

#include <catch2/catch.hpp>

namespace strata {

TEST_CASE("idle seconds are told up to half a year, and survive the wrap of their 24 bits") {
  EntryUse use;
  const int64_t now_s = GENERATE(1'700'000'000, (int64_t{1} << 24) * 100 + 5);
  for (int64_t idle_s : {int64_t{0}, int64_t{1}, int64_t{100}, EntryUse::kLongestIdleS}) {
    use.SetIdle(now_s, idle_s);
    CHECK(use.IdleSeconds(now_s) == idle_s);
  }
  use.SetIdle(now_s, int64_t{1} << 40);
  CHECK(use.IdleSeconds(now_s) == EntryUse::kLongestIdleS);
}

TEST_CASE("what was used in the future, before the clock was set back, is not idle") {
  EntryUse use;
  use.Touch(1'700'000'000);
  CHECK(use.IdleSeconds(1'700'000'000 - 86'400) == 0);
}

TEST_CASE("a history is kept but for the last steps of its clock, beside what else is known") {
  EntryUse use;
  Random random(1);
  use.Use(1000, {0, 1}, random);
  use.Use(1000, {0, 1}, random);
  eviction::AccessHistory history;
  history.last_use = 0x12345678;
  history.frequency = 63;
  history.gap_class = 7;
  use.SetHistory(history);
  const eviction::AccessHistory kept = use.History(history.last_use + 1000);
  CHECK(kept.frequency == 63);
  CHECK(kept.gap_class == 7);
  CHECK(kept.last_use >> eviction::kStampShift == history.last_use >> eviction::kStampShift);
  CHECK(use.last_access_s() == 1000);
  CHECK(use.frequency() == kNewFrequency + 1);
}

TEST_CASE("an entry that was never noted counts as used once") {
  CHECK(EntryUse().History(5).frequency == 1);
}

}  // namespace strata
