#include "cluster/replication/backlog.h"

#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "base/random.h"

namespace strata::replication {
namespace {

constexpr size_t kOverhead = Backlog::kEffectOverheadBytes;

Backlog WithEffects(size_t count) {
  Backlog log;
  for (size_t i = 1; i <= count; ++i) log.Add({i, ShareBytes(std::string(i, 'x'))});
  return log;
}

TEST_CASE("a backlog knows positions from its base to its last effect") {
  Backlog log = WithEffects(3);
  CHECK(log.At(0) == Position{});
  CHECK(log.Has({2, 2}));
  CHECK_FALSE(log.Has({2, 3}));
  CHECK(log.last() == Position{3, 3});
  CHECK_FALSE(log.At(4));
  log.Trim(0, 2);
  CHECK(log.base() == Position{2, 2});
  CHECK_FALSE(log.At(1));
  CHECK(log.At(2) == Position{2, 2});
  CHECK(log.EffectAt(3).bytes.view() == "xxx");
}

TEST_CASE("a backlog is trimmed to its bytes, and no further than it must keep") {
  Backlog log = WithEffects(4);
  REQUIRE(log.bytes() == 10 + 4 * kOverhead);
  log.Trim(10 + 4 * kOverhead, 4);
  CHECK(log.base().sequence == 0);
  log.Trim(10 + 4 * kOverhead - 1, 4);
  CHECK(log.base().sequence == 1);
  log.Trim(0, 3);
  CHECK(log.base().sequence == 3);
  CHECK(log.bytes() == 4 + kOverhead);
  log.Trim(0, 4);
  CHECK(log.bytes() == 0);
  CHECK(log.last() == Position{4, 4});
}

TEST_CASE("a backlog does what a plain list does") {
  constexpr uint64_t kSeed = 20261127;
  CAPTURE(kSeed);
  Random random(kSeed);
  Backlog log;
  std::deque<Epoch> model;
  Position base;
  for (int i = 0; i < 5'000; ++i) {
    const Sequence at = base.sequence + random.Below(model.size() + 1);
    switch (random.Below(8)) {
      case 0:
        log.CutBehind(at);
        model.resize(at - base.sequence);
        break;
      case 1:
        log.Trim(0, at);
        while (base.sequence < at) {
          base = {base.sequence + 1, model.front()};
          model.pop_front();
        }
        break;
      case 2:
        if (random.Below(10) > 0) break;
        base = {random.Below(100), random.Below(5)};
        log.Reset(base);
        model.clear();
        break;
      default:
        model.push_back(random.Below(5));
        log.Add({model.back(), ShareBytes("ab")});
    }
    REQUIRE(log.base() == base);
    REQUIRE(log.last_sequence() == base.sequence + model.size());
    REQUIRE(log.bytes() == model.size() * (2 + kOverhead));
    if (!model.empty()) REQUIRE(log.last().epoch == model.back());
  }
}

}  // namespace
}  // namespace strata::replication
