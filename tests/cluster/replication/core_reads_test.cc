// Who may answer reads, and for how long: leases, promises, moves.

#include <catch2/catch.hpp>

#include "cluster/replication/core.h"
#include "tests/cluster/replication/replicated_partition.h"

namespace strata::replication {
namespace {

constexpr int64_t kLeaseMs = ReplicatedPartition::kLeaseMs;
constexpr int64_t kPromiseMs = kLeaseMs + kLeaseMs * 4 / 100;

ReplicatedPartition Settled(size_t nodes, const Options& options = {}) {
  ReplicatedPartition world(nodes, options);
  ReplicatedPartition::Nodes all;
  for (NodeId id = 1; id <= nodes; ++id) all.insert(id);
  world.Learn(all);
  world.RunWithMap(all, 300);
  REQUIRE(world.state().in_sync.size() == nodes);
  world.Beat(all);
  return world;
}

bool MayAnswer(ReplicatedPartition& world, NodeId id, Sequence seen) {
  return world[id].MayAnswer(seen, world.now_ms());
}

TEST_CASE("a read waits until what it saw is committed") {
  ReplicatedPartition world = Settled(3);
  CHECK(MayAnswer(world, 1, 0));
  const Sequence seen = world.Append(1, "a");
  CHECK_FALSE(MayAnswer(world, 1, seen));
  world.Settle({1, 2, 3});
  CHECK(MayAnswer(world, 1, seen));
}

TEST_CASE("a primary answers reads only with a lease of all that are in sync") {
  ReplicatedPartition world = Settled(3);
  world.Pass(kLeaseMs - 1);
  CHECK(MayAnswer(world, 1, 0));
  world.Pass(1);
  CHECK_FALSE(MayAnswer(world, 1, 0));
  world.Beat({1, 2});
  CHECK_FALSE(MayAnswer(world, 1, 0));
  world.Beat({1, 3});
  CHECK(MayAnswer(world, 1, 0));
}

TEST_CASE("too few in sync answer no quorum") {
  ReplicatedPartition world = Settled(3);
  world.RunWithMap({1, 2}, 2'000);
  REQUIRE(world.state().in_sync.size() == 2);
  CHECK(MayAnswer(world, 1, 0));
  world.RunWithMap({1}, 2'000);
  REQUIRE(world.state().in_sync.size() == 1);
  CHECK_FALSE(MayAnswer(world, 1, 0));
  CHECK(world[1].AdmitsRead(Consistency::kQuorum) == Admission::kNoReplicas);
  CHECK(world[1].AdmitsRead(Consistency::kEventual) == Admission::kYes);
  CHECK(world[1].AdmitsWrite(Consistency::kQuorum) == Admission::kNoReplicas);
  const Sequence written = world.Append(1, "a");
  CHECK(world[1].commit() == written);
  CHECK_FALSE(world[1].MayAcknowledge(written, world.now_ms()));
}

TEST_CASE("who is promoted serves when its promise is over") {
  ReplicatedPartition world = Settled(3);
  REQUIRE(world.Promote(2));
  world.Learn({2, 3});
  const Sequence written = world.Append(2, "a");
  world.Settle({2, 3});
  // The former primary does not know of it, and has its lease still.
  CHECK(MayAnswer(world, 1, 0));
  CHECK_FALSE(MayAnswer(world, 2, 0));
  world.Pass(kPromiseMs - 1);
  world.Beat({2, 3});
  CHECK_FALSE(world[2].Serves(world.now_ms()));
  CHECK_FALSE(MayAnswer(world, 1, 0));
  world.Pass(1);
  CHECK(world[2].Serves(world.now_ms()));
  CHECK_FALSE(world[2].MayAcknowledge(written, world.now_ms()));  // node 1 is in sync still
}

TEST_CASE("a write is not acknowledged before the predecessor's lease is over") {
  ReplicatedPartition world = Settled(2);
  REQUIRE(world.Promote(2));
  world.Learn({1, 2});
  const Sequence written = world.Append(2, "a");
  world.Settle({1, 2});
  REQUIRE(world[2].commit() == written);
  CHECK_FALSE(world[2].MayAcknowledge(written, world.now_ms()));
  world.Pass(kPromiseMs);
  CHECK(world[2].MayAcknowledge(written, world.now_ms()));
}

TEST_CASE("a promise to one that was never the primary is not waited for") {
  ReplicatedPartition world = Settled(3);
  world.Pass(kPromiseMs);
  world.Beat({2, 3});
  REQUIRE(world.Promote(2));
  world.Learn({2});
  CHECK(world[2].Serves(world.now_ms()));
}

TEST_CASE("who missed an epoch waits as long as any promise may last") {
  ReplicatedPartition world = Settled(3);
  world.Pass(2 * kPromiseMs);
  REQUIRE(world.Promote(3));
  REQUIRE(world.Promote(2));
  world.Learn({2});
  CHECK_FALSE(world[2].Serves(world.now_ms()));
  world.Pass(kPromiseMs);
  CHECK(world[2].Serves(world.now_ms()));
}

TEST_CASE("a new primary lets nobody in before its promises are over") {
  ReplicatedPartition world = Settled(3);
  world.RunWithMap({1, 2}, 2'000);
  REQUIRE(world.state().in_sync.size() == 2);
  world.Beat({1, 2});
  REQUIRE(world.Promote(2));
  world.Learn({2, 3});
  world.Run({2, 3}, kPromiseMs - 40);
  CHECK(world[2].HasCaughtUp(3));
  CHECK(world.proposals(2).empty());
  world.Run({2, 3}, 200);
  REQUIRE_FALSE(world.proposals(2).empty());
  CHECK(std::get<SetInSync>(world.proposals(2).front()).in_sync.size() == 3);
}

TEST_CASE("what was known in an earlier reign does not count in a later one") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Run({1, 2}, 100);
  REQUIRE(world[1].HasCaughtUp(2));
  REQUIRE(world.Promote(2));
  REQUIRE(world.Promote(1));
  world.Learn({1});
  CHECK(world[1].IsPrimary());
  CHECK_FALSE(world[1].HasCaughtUp(2));
  CHECK_FALSE(world[1].Serves(world.now_ms()));
}

TEST_CASE("a partition that is handed over loses nothing and waits for no promise") {
  ReplicatedPartition world = Settled(3);
  const Sequence written = world.Append(1, "a");
  REQUIRE(world[1].HandOver(2, world.now_ms()));
  CHECK(world[1].AdmitsWrite(Consistency::kEventual) == Admission::kHeld);
  CHECK(world[1].AdmitsRead(Consistency::kQuorum) == Admission::kYes);
  CHECK(world.proposals(1).empty());
  world.Settle({1, 2, 3});
  CHECK(world[1].MayAcknowledge(written, world.now_ms()));
  REQUIRE(world.proposals(1).size() == 1);
  CHECK(std::get<Promote>(world.proposals(1)[0]).to == InSyncCopy{2, 1});
  // It has resigned.
  CHECK_FALSE(MayAnswer(world, 1, written));
  CHECK(world[1].AdmitsRead(Consistency::kQuorum) == Admission::kHeld);
  REQUIRE(world.Accept(world.proposals(1)[0]));
  world.Learn({2, 3});
  CHECK(world[2].Serves(world.now_ms()));
  world.Settle({1, 2, 3});
  CHECK(world.keys(2) == Texts{"a"});
  world.Learn({1});
  CHECK(world.has_stepped_down(1));
  CHECK(world.snapshots_wanted(2).empty());
  world.RunWithMap({1, 2, 3}, 200);
  CHECK(MayAnswer(world, 2, written));
}

TEST_CASE("a resignation that comes behind its entry ends the wait as well") {
  ReplicatedPartition world = Settled(2);
  REQUIRE(world[1].HandOver(2, world.now_ms()));
  world.Drain(1);
  const std::deque<Message> late = world.network();
  REQUIRE(world.Accept(world.proposals(1).at(0)));
  world.Learn({2});
  CHECK_FALSE(world[2].Serves(world.now_ms()));
  for (const Message& message : late) world.Step(message);
  CHECK(world[2].Serves(world.now_ms()));
}

TEST_CASE("a source that does not learn what became of its entry does not resume") {
  ReplicatedPartition world = Settled(2);
  REQUIRE(world[1].HandOver(2, world.now_ms()));
  world.Run({1, 2}, 10'000);
  CHECK(world.proposals(1).size() > 10);
  CHECK(world[1].AdmitsWrite(Consistency::kEventual) == Admission::kHeld);
  CHECK_FALSE(MayAnswer(world, 1, 0));
  // Another entry has ended the epoch: the promotion cannot happen any more.
  REQUIRE(world.Decide(SetInSync{0, world.state().epoch, world.state().in_sync}));
  world.Learn({1, 2});
  CHECK(world[1].AdmitsWrite(Consistency::kEventual) == Admission::kYes);
  CHECK_FALSE(world.Accept(world.proposals(1).back()));
  world.Beat({1, 2});
  CHECK(MayAnswer(world, 1, 0));
}

TEST_CASE("a resignation counts for its epoch only") {
  ReplicatedPartition world = Settled(2);
  REQUIRE(world[1].HandOver(2, world.now_ms()));
  world.Settle({1, 2});
  REQUIRE(world.Decide(SetInSync{0, world.state().epoch, world.state().in_sync}));
  world.Learn({1, 2});
  world.Beat({1, 2});
  REQUIRE(MayAnswer(world, 1, 0));
  REQUIRE(world.Promote(2));
  world.Learn({2});
  CHECK_FALSE(world[2].Serves(world.now_ms()));
}

TEST_CASE("a successor that does not get everything in time is not waited for") {
  ReplicatedPartition world = Settled(2, {.most_hold_ms = 100});
  world.Append(1, "a");
  REQUIRE(world[1].HandOver(2, world.now_ms()));
  CHECK_FALSE(world[1].HandOver(2, world.now_ms()));
  world.Run({1}, 80);
  CHECK(world[1].IsHandingOver());
  world.Run({1}, 60);
  CHECK_FALSE(world[1].IsHandingOver());
  CHECK(world[1].AdmitsWrite(Consistency::kEventual) == Admission::kYes);
  CHECK(world.proposals(1).empty());
}

TEST_CASE("a partition is handed over to one in sync only, by a primary that serves") {
  ReplicatedPartition world = Settled(3);
  CHECK_FALSE(world[1].HandOver(1, world.now_ms()));
  CHECK_FALSE(world[1].HandOver(9, world.now_ms()));
  CHECK_FALSE(world[2].HandOver(3, world.now_ms()));
  REQUIRE(world.Promote(2));
  world.Learn({2});
  CHECK_FALSE(world[2].HandOver(3, world.now_ms()));
}

TEST_CASE("a successor that is gone does not keep the source for ever") {
  ReplicatedPartition world = Settled(3);
  REQUIRE(world[1].HandOver(2, world.now_ms()));
  world.Boot(2);
  world.Learn({1, 2, 3});
  CHECK_FALSE(world.Accept(world.proposals(1).at(0)));
  world.RunWithMap({1, 3}, 3'000);
  CHECK_FALSE(world[1].IsHandingOver());
  CHECK(world.state().InSync(2) == nullptr);
  CHECK(world[1].AdmitsWrite(Consistency::kQuorum) == Admission::kYes);
}

}  // namespace
}  // namespace strata::replication
