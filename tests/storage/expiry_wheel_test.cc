#include "storage/expiry_wheel.h"

#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <unordered_map>

#include "base/random.h"

namespace strata {
namespace {

constexpr int64_t kStart = 1'700'000'000'000;
constexpr int64_t kTickMs = 16;
constexpr int64_t kHourMs = 3'600'000;
constexpr size_t kAll = std::numeric_limits<size_t>::max();

// The wheel with its owner: keys by their hash, and when they are due.
class WheelModel {
 public:
  explicit WheelModel(int64_t now_ms = kStart) : wheel_(now_ms), now_ms_(now_ms) {}

  // As a shard does: a later expiry needs no new item.
  void Set(uint64_t hash, int64_t expiry_ms) {
    auto [key, is_new] = keys_.try_emplace(hash, expiry_ms);
    if (!is_new) {
      due_.erase({key->second, hash});
      if (expiry_ms < key->second) wheel_.Add(hash, expiry_ms);
      key->second = expiry_ms;
    } else {
      wheel_.Add(hash, expiry_ms);
    }
    due_.insert({expiry_ms, hash});
  }

  void Erase(uint64_t hash) {
    auto key = keys_.find(hash);
    if (key == keys_.end()) return;
    due_.erase({key->second, hash});
    keys_.erase(key);
  }

  size_t Advance(int64_t to_ms, size_t limit = kAll) {
    now_ms_ = to_ms;
    return wheel_.Advance(now_ms_, limit, [&](uint64_t hash) { return Fire(hash); });
  }

  // Every key that was due a tick ago is gone.
  void RequireNoneLate() const {
    if (due_.empty()) return;
    const int64_t first_ms = due_.begin()->first;
    if (first_ms <= now_ms_ - kTickMs) FAIL("due at " << first_ms << ", now " << now_ms_);
  }

  int64_t now_ms() const { return now_ms_; }
  const ExpiryWheel& wheel() const { return wheel_; }
  size_t size() const { return keys_.size(); }
  bool Has(uint64_t hash) const { return keys_.count(hash) > 0; }

 private:
  std::optional<int64_t> Fire(uint64_t hash) {
    auto key = keys_.find(hash);
    if (key == keys_.end()) return std::nullopt;
    if (key->second > now_ms_) return key->second;
    Erase(hash);
    return std::nullopt;
  }

  ExpiryWheel wheel_;
  int64_t now_ms_;
  std::unordered_map<uint64_t, int64_t> keys_;
  std::set<std::pair<int64_t, uint64_t>> due_;
};

TEST_CASE("a key fires within a tick behind its expiry and never before") {
  const int64_t ttl_ms = GENERATE(1, 15, 16, 17, 2'047, 2'048, 2'049, 65'000, 131'072, 8'400'000);
  const int64_t start_ms = GENERATE(kStart, kStart + 5, kStart + 15);
  CAPTURE(ttl_ms, start_ms);
  ExpiryWheel wheel(start_ms);
  const int64_t expiry_ms = start_ms + ttl_ms;
  wheel.Add(7, expiry_ms);
  bool fired = false;
  for (int64_t now_ms = start_ms; !fired; ++now_ms) {
    wheel.Advance(now_ms, kAll, [&](uint64_t hash) -> std::optional<int64_t> {
      REQUIRE(hash == 7);
      if (now_ms < expiry_ms) return expiry_ms;  // only on its way down
      fired = true;
      return std::nullopt;
    });
    if (now_ms > expiry_ms + kTickMs) FAIL("not fired");
  }
  CHECK(wheel.items() == 0);
}

TEST_CASE("keys with random expiries and changes are removed on time in small steps") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  WheelModel model;
  for (int step = 0; step < 40'000; ++step) {
    for (int i = 0; i < 3; ++i) {
      const uint64_t hash = random.Below(5'000);
      // From milliseconds to days, each scale as likely.
      const auto ttl_ms = static_cast<int64_t>(random.Below(uint64_t{1} << random.Below(30)));
      if (random.Below(4) == 0) {
        model.Erase(hash);
      } else {
        model.Set(hash, model.now_ms() + 1 + ttl_ms);
      }
    }
    model.Advance(model.now_ms() + static_cast<int64_t>(random.Below(40)));
    model.RequireNoneLate();
  }
}

TEST_CASE("after a long sleep everything due fires at once") {
  const int64_t sleep_ms =
      GENERATE(kHourMs, 24 * kHourMs, 365 * 24 * kHourMs, 100 * 365 * 24 * kHourMs);
  CAPTURE(sleep_ms);
  Random random(4);
  WheelModel model;
  for (uint64_t hash = 0; hash < 10'000; ++hash) {
    const auto ttl_ms = static_cast<int64_t>(random.Below(uint64_t{1} << random.Below(42)));
    model.Set(hash, kStart + 1 + ttl_ms);
  }
  model.Advance(kStart + sleep_ms);
  model.RequireNoneLate();
  for (uint64_t hash = 0; hash < 10'000; ++hash) model.Set(hash, model.now_ms() + 1'000);
  model.Advance(model.now_ms() + 1'000 + kTickMs);
  model.RequireNoneLate();
  CHECK(model.size() == 0);
}

TEST_CASE("a key beyond the wheel's horizon waits in it until its time") {
  constexpr int64_t kYearMs = int64_t{365} * 24 * kHourMs;
  WheelModel model;
  model.Set(1, std::numeric_limits<int64_t>::max());
  model.Set(2, kStart + 200 * kYearMs);
  for (int year = 1; year < 200; ++year) {
    model.Advance(kStart + year * kYearMs);
    REQUIRE(model.Has(1));
    REQUIRE(model.Has(2));
  }
  model.Advance(kStart + 200 * kYearMs + kTickMs);
  CHECK(model.Has(1));
  CHECK_FALSE(model.Has(2));
}

TEST_CASE("what is due already fires with the next tick") {
  WheelModel model;
  model.Set(1, 0);
  model.Set(2, kStart - kHourMs);
  model.Set(3, -5);
  model.Advance(kStart + kTickMs);
  CHECK(model.size() == 0);
}

TEST_CASE("a step looks at no more items than its limit, and the due ones first") {
  WheelModel model;
  // A slot of an upper level is full, and due only later.
  for (uint64_t hash = 0; hash < 50'000; ++hash) model.Set(hash, kStart + 10 * kHourMs);
  for (uint64_t hash = 50'000; hash < 51'000; ++hash) model.Set(hash, kStart + 9 * kHourMs);
  model.Advance(kStart + 9 * kHourMs - 1, 0);
  size_t steps = 0;
  while (model.size() > 50'000) {
    REQUIRE(model.Advance(kStart + 9 * kHourMs + kTickMs, 1'000) <= 1'000);
    REQUIRE(++steps < 100);
  }
  for (int64_t now_ms = model.now_ms(); now_ms < kStart + 10 * kHourMs; now_ms += 1'000) {
    REQUIRE(model.Advance(now_ms, 100) <= 100);
  }
  CHECK(model.size() == 50'000);
  model.Advance(kStart + 10 * kHourMs + kTickMs);
  CHECK(model.size() == 0);
  CHECK_FALSE(model.wheel().HasWaiting());
}

TEST_CASE("memory of the wheel follows its items") {
  WheelModel model;
  const size_t empty = model.wheel().memory_bytes();
  for (uint64_t hash = 0; hash < 100'000; ++hash) model.Set(hash, kStart + kHourMs);
  const double per_item = static_cast<double>(model.wheel().memory_bytes() - empty) / 100'000;
  CHECK(per_item > 8);
  CHECK(per_item < 9);
}

}  // namespace
}  // namespace strata
