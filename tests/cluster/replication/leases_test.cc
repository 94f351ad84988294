#include "cluster/replication/leases.h"

#include <catch2/catch.hpp>

namespace strata::replication {
namespace {

const LeaseOptions kOptions{.lease_ms = 500, .drift_percent = 5, .margin_ms = 10};
constexpr InSyncCopy kHolder{1, 4};
constexpr InSyncCopy kGiver{2, 7};

HeartbeatReply ReplyOf(int64_t sent_ms, uint64_t map_version) {
  return {.incarnation = kHolder.incarnation, .sent_ms = sent_ms, .map_version = map_version};
}

TEST_CASE("a lease lasts from when the heartbeat was sent, on the sender's clock") {
  Leases holder(kHolder, kOptions);
  Leases giver(kGiver, kOptions);
  const Heartbeat beat = Leases::Beat(1'000);
  CHECK_FALSE(holder.Holds(kGiver, 0, 1'000));
  // The other's clock has nothing to do with this one's.
  const HeartbeatReply reply = giver.On(kHolder, beat, 77'000);
  holder.On(kGiver, reply, 1'300);
  CHECK(holder.Holds(kGiver, 0, 1'499));
  CHECK_FALSE(holder.Holds(kGiver, 0, 1'500));
  CHECK(holder.HeardMs(kGiver) == 1'300);
}

TEST_CASE("a promise outlasts the lease, however the clocks drift") {
  Leases giver(kGiver, kOptions);
  CHECK(giver.promise_ms() == 535);
  (void)giver.On(kHolder, Leases::Beat(1'000), 77'000);
  CHECK(giver.PromisedUntilMs(kHolder.node) == 77'535);
  CHECK(giver.PromisedUntilMs(3) == 0);
  (void)giver.On(kHolder, Leases::Beat(900), 76'000);
  CHECK(giver.PromisedUntilMs(kHolder.node) == 77'535);
  giver.Forget(kHolder.node);
  CHECK(giver.PromisedUntilMs(kHolder.node) == 0);
}

TEST_CASE("a lease counts where its giver's map is known, or a later one") {
  Leases holder(kHolder, kOptions);
  Leases giver(kGiver, kOptions);
  giver.Learn(8);
  holder.On(kGiver, giver.On(kHolder, Leases::Beat(1'000), 77'000), 1'010);
  CHECK_FALSE(holder.Holds(kGiver, 7, 1'020));
  CHECK(holder.Holds(kGiver, 8, 1'020));
  CHECK(holder.Holds(kGiver, 9, 1'020));
}

TEST_CASE("a lease that counts stays beside newer ones that do not yet") {
  Leases holder(kHolder, kOptions);
  holder.On(kGiver, ReplyOf(1'000, 3), 1'001);
  for (int64_t i = 1; i <= 20; ++i) {
    holder.On(kGiver, ReplyOf(1'000 + 10 * i, 3 + static_cast<uint64_t>(i)), 1'300);
  }
  CHECK(holder.Holds(kGiver, 3, 1'499));
  CHECK_FALSE(holder.Holds(kGiver, 3, 1'500));
  CHECK(holder.Holds(kGiver, 23, 1'699));
  CHECK_FALSE(holder.Holds(kGiver, 23, 1'700));
}

TEST_CASE("replies may overtake each other") {
  Leases holder(kHolder, kOptions);
  holder.On(kGiver, ReplyOf(2'000, 3), 2'001);
  holder.On(kGiver, ReplyOf(1'900, 3), 2'002);
  CHECK(holder.Holds(kGiver, 3, 2'499));
  // Sent before, and answered behind it, with a newer map.
  holder.On(kGiver, ReplyOf(1'950, 4), 2'003);
  CHECK(holder.Holds(kGiver, 3, 2'499));
  // The same in an older map takes its place.
  holder.On(kGiver, ReplyOf(2'000, 2), 2'004);
  CHECK(holder.Holds(kGiver, 2, 2'499));
}

TEST_CASE("a lease is of a process to a process") {
  Leases holder(kHolder, kOptions);
  HeartbeatReply to_another = ReplyOf(1'000, 1);
  to_another.incarnation = kHolder.incarnation - 1;
  holder.On(kGiver, to_another, 1'001);
  CHECK_FALSE(holder.Holds(kGiver, 1, 1'002));
  CHECK(holder.IncarnationOf(kGiver.node) == 0);

  holder.On(kGiver, ReplyOf(1'000, 1), 1'001);
  CHECK(holder.IncarnationOf(kGiver.node) == 7);
  const InSyncCopy next{kGiver.node, 8};
  CHECK_FALSE(holder.Holds(next, 1, 1'002));
  CHECK_FALSE(holder.HeardMs(next));
  holder.On(next, ReplyOf(1'010, 1), 1'020);
  CHECK(holder.Holds(next, 1, 1'021));
  CHECK_FALSE(holder.Holds(kGiver, 1, 1'021));
  holder.On(kGiver, ReplyOf(1'015, 1), 1'021);  // of the one before, late
  CHECK(holder.IncarnationOf(kGiver.node) == 8);
  CHECK(holder.Holds(next, 1, 1'022));
}

TEST_CASE("what was not sent yet is no lease") {
  Leases holder(kHolder, kOptions);
  holder.On(kGiver, ReplyOf(1'002, 1), 1'001);
  CHECK_FALSE(holder.Holds(kGiver, 1, 1'001));
}

}  // namespace
}  // namespace strata::replication
