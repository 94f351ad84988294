#include "storage/tiers/tier_lease.h"

#include <catch2/catch.hpp>

#include "tests/storage/tiers/fake_upkeep.h"

namespace strata {
namespace {

struct LeaseFixture {
  void Step(int64_t ms = 0) {
    clock.AdvanceMs(ms);
    lease.Step();
    tier.AnswerAll();
  }
  std::string Owner() { return tier.Owner("r:owner"); }
  int64_t Now() const { return clock.MonotonicMs(); }

  FakeClock clock;
  TierTraffic traffic;
  std::map<std::string, std::string> below;
  FakeUpkeep tier{clock, below};
  TierLease lease{tier, traffic, clock, "r:", "me"};
};

}  // namespace

TEST_CASE("names that nobody has are this server's, for as long as it prolongs the record") {
  LeaseFixture f;
  CHECK(f.lease.state() == LeaseState::kUnknown);
  CHECK_FALSE(f.lease.MayList());
  f.Step();
  CHECK(f.lease.state() == LeaseState::kOurs);
  CHECK((f.lease.MayList() && f.lease.MayErase(f.Now())));
  for (int i = 0; i < 100; ++i) {
    f.Step(TierLease::kProlongMs);
    REQUIRE(f.lease.MayErase(f.Now()));
    REQUIRE(f.Owner() == "me");
  }
}

TEST_CASE("names that another server has are its own until its record ends") {
  LeaseFixture f;
  f.tier.Put("r:owner", "other", 3 * TierLease::kRetryMs / 2);
  f.Step();
  CHECK(f.lease.state() == LeaseState::kForeign);
  CHECK(f.lease.stranger() == "other");
  CHECK_FALSE(f.lease.MayList());
  f.Step(TierLease::kRetryMs - 1);
  CHECK(f.tier.waiting() == 0);
  f.Step(1);
  CHECK(f.lease.state() == LeaseState::kForeign);
  CHECK(f.Owner() == "other");
  f.Step(TierLease::kRetryMs);
  CHECK(f.lease.state() == LeaseState::kOurs);
  CHECK(f.Owner() == "me");
}

TEST_CASE("while the tier is down the names stay ours, but for what would erase some") {
  LeaseFixture f;
  f.Step();
  f.tier.up = false;
  f.Step(TierLease::kProlongMs);
  for (int i = 0; i < 10; ++i) f.Step(TierLease::kDownMs / 10);
  CHECK(f.tier.times_refused == 2);  // it is not asked at each tick
  f.Step(TierLease::kLeaseMs - TierLease::kProlongMs - TierLease::kDownMs - 1);
  CHECK(f.lease.MayErase(f.Now()));
  f.Step(1);
  CHECK_FALSE(f.lease.MayList());
  CHECK_FALSE(f.lease.MayErase(f.Now()));
  CHECK(f.lease.state() == LeaseState::kOurs);
  f.tier.up = true;
  SECTION("they are again, when it is back") {
    f.Step(TierLease::kDownMs);
    CHECK(f.lease.MayErase(f.Now()));
    CHECK(f.Owner() == "me");
  }
  SECTION("unless another has taken them meanwhile") {
    f.tier.Put("r:owner", "other", TierLease::kLeaseMs);
    f.Step(TierLease::kDownMs);
    CHECK(f.lease.state() == LeaseState::kForeign);
    CHECK_FALSE(f.lease.MayList());
  }
}

TEST_CASE("a record that is gone, or was claimed unheard, is ours all the same") {
  LeaseFixture f;
  SECTION("somebody has emptied the tier") {
    f.Step();
    f.tier.Drop("r:owner");
    f.Step(TierLease::kProlongMs);
    CHECK(f.Owner() == "me");
  }
  SECTION("the answer to the claim was lost") {
    f.tier.loses = true;
    f.Step();
    f.tier.loses = false;
    CHECK(f.lease.state() == LeaseState::kUnknown);
    f.Step(TierLease::kRetryMs);
    f.Step();
  }
  CHECK(f.lease.state() == LeaseState::kOurs);
  CHECK(f.lease.MayErase(f.Now()));
}

TEST_CASE("a full tier takes no record: it is read that there is no owner") {
  LeaseFixture f;
  f.tier.full = true;
  f.Step();
  CHECK(f.lease.state() == LeaseState::kUnknown);
  CHECK(f.traffic.full_until_ms > f.Now() + TierLease::kRetryMs);
  CHECK(f.lease.MayList());
  CHECK(f.lease.MayErase(f.Now() - 1));
  CHECK_FALSE(f.lease.MayErase(f.Now()));  // these may have been put there since
  const int64_t listed_ms = f.Now();
  f.Step(TierLease::kRetryMs);
  CHECK(f.lease.MayErase(listed_ms));
  f.tier.Put("r:owner", "other", TierLease::kLeaseMs);
  f.Step(TierLease::kRetryMs);
  CHECK_FALSE(f.lease.MayErase(listed_ms));
  CHECK(f.lease.state() == LeaseState::kForeign);
}

TEST_CASE("a tier that prolongs nothing is claimed again and again") {
  LeaseFixture f;
  f.tier.refuses_to_prolong = true;
  f.Step();
  for (int i = 0; i < 30; ++i) {
    f.Step(TierLease::kRetryMs);
    f.Step();
    REQUIRE(f.lease.state() == LeaseState::kOurs);
    REQUIRE((f.Owner() == "me" || f.Owner().empty()));
  }
  f.tier.refuses_to_prolong = false;
  f.Step(TierLease::kRetryMs);
  f.Step();
  CHECK(f.lease.MayErase(f.Now()));
}

TEST_CASE("who leaves lets the names go, if they are its own") {
  LeaseFixture f;
  CHECK_FALSE(f.lease.Release([](auto, auto) {}));
  f.Step();
  bool is_done = false;
  REQUIRE(f.lease.Release([&](auto, auto) { is_done = true; }));
  f.tier.AnswerAll();
  CHECK(is_done);
  CHECK(f.Owner().empty());
}

}  // namespace strata
