#include "cluster/replication/core.h"

#include <catch2/catch.hpp>

#include "tests/cluster/replication/replicated_partition.h"

namespace strata::replication {
namespace {

// All copies are in sync, and node 1 is the primary.
ReplicatedPartition Settled(size_t nodes, const Options& options = {}) {
  ReplicatedPartition world(nodes, options);
  ReplicatedPartition::Nodes all;
  for (NodeId id = 1; id <= nodes; ++id) all.insert(id);
  world.Learn(all);
  world.RunWithMap(all, 300);
  REQUIRE(world.state().in_sync.size() == nodes);
  REQUIRE(world[1].Serves(world.now_ms()));
  REQUIRE(world.proposals(1).empty());
  return world;
}

TEST_CASE("a primary's effects are stored, acknowledged, committed, and then applied") {
  ReplicatedPartition world = Settled(3);
  const Sequence written = world.Append(1, "a");
  CHECK(world[1].commit() == 0);
  CHECK_FALSE(world[1].MayAcknowledge(written, world.now_ms()));
  world.Settle({1, 2});
  CHECK(world[1].commit() == 0);
  CHECK(world[1].ReplicasWith(written) == 1);
  CHECK(world[2].log().last_sequence() == 1);
  CHECK(world.keys(2).empty());
  world.Run({1, 2, 3}, 300);
  CHECK(world[1].commit() == 1);
  CHECK(world[1].MayAcknowledge(written, world.now_ms()));
  for (const NodeId id : {1, 2, 3}) CHECK(world.keys(id) == Texts{"a"});
  CHECK(world[1].ReplicasWith(written) == 2);
  CHECK(world[2].AdmitsWrite(Consistency::kEventual) == Admission::kNotPrimary);
  CHECK(world[2].AdmitsRead(Consistency::kQuorum) == Admission::kNotPrimary);
}

TEST_CASE("who is idle says nothing but heartbeats") {
  ReplicatedPartition world = Settled(3);
  world.Append(1, "a");
  world.Run({1, 2, 3}, 500);
  for (int i = 0; i < 50; ++i) {
    world.Pass(20);
    world.Beat({1, 2, 3});
    for (const NodeId id : {1, 2, 3}) {
      world[id].Tick(world.now_ms());
      CHECK(world[id].TakeReady(world.now_ms()).empty());
    }
  }
}

TEST_CASE("what is lost is sent again") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Settle({1});
  world.Append(1, "b");
  world.Settle({1, 2});
  CHECK(world.keys(2).empty());
  world.Run({1, 2}, 400);
  CHECK(world.keys(2) == Texts{"a", "b"});
}

TEST_CASE("messages that come twice, or late, change nothing") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Drain(1);
  const std::deque<Message> first = world.network();
  world.Run({1, 2}, 300);
  world.Append(1, "b");
  world.Run({1, 2}, 300);
  for (const Message& message : first) world.Step(message);
  world.Settle({1, 2});
  CHECK(world.keys(2) == Texts{"a", "b"});
  CHECK(world[2].log().last_sequence() == 2);
  CHECK(world[1].commit() == 2);
}

TEST_CASE("messages of an older epoch are refused") {
  ReplicatedPartition world = Settled(3);
  world.Append(1, "old");
  world.Drain(1);
  const std::deque<Message> old = world.network();
  REQUIRE(world.Promote(2));
  world.Learn({2, 3});
  for (const Message& message : old) world.Step(message);
  CHECK(world[2].log().last_sequence() == 0);
  CHECK(world[3].log().last_sequence() == 0);
}

TEST_CASE("who is promoted applies what it has stored, and then cuts others' tails") {
  ReplicatedPartition world = Settled(3);
  world.Append(1, "a");
  world.Settle({1, 2});
  world.Append(1, "b");
  world.Settle({1, 3});
  REQUIRE(world.Promote(2));
  world.Learn({2});
  CHECK(world.keys(2) == Texts{"a"});
  world.Append(2, "c");
  world.Learn({3});
  world.Run({2, 3}, 100);
  CHECK(world[3].log().At(2) == Position{2, world.state().epoch});
  world.Learn({1});
  world.RunWithMap({1, 2, 3}, 1'000);
  for (const NodeId id : {1, 2, 3}) CHECK(world.keys(id) == Texts{"a", "c"});
}

TEST_CASE("what was not compared with the primary's log is not taken for committed") {
  ReplicatedPartition world = Settled(3, {.most_message_bytes = 70});  // an effect in each
  for (const char* text : {"a", "b", "c"}) world.Append(1, text);
  world.Settle({1, 3});
  REQUIRE(world[3].log().last_sequence() == 3);
  REQUIRE(world.Promote(2));
  world.Learn({1, 2, 3});
  const Message other{.from = 2,
                      .to = 3,
                      .incarnation = 1,
                      .partition = 0,
                      .epoch = world.state().epoch,
                      .body = AppendRequest{.previous = {}, .commit = 3, .effects = {}}};
  world.Step(other);
  CHECK(world.keys(3).empty());
  CHECK(world[3].commit() == 0);
}

TEST_CASE("a primary that meets a higher epoch steps down at once, and gets a snapshot") {
  ReplicatedPartition world = Settled(3);
  world.Append(1, "kept");
  world.Run({1, 2, 3}, 100);
  const Sequence lost = world.Append(1, "lost");
  world.Settle({1});
  REQUIRE(world.Promote(2));
  world.Learn({2, 3});
  world.Append(2, "new");
  REQUIRE(world[1].IsPrimary());
  world.Settle({1, 2, 3});
  CHECK_FALSE(world[1].IsPrimary());
  CHECK(world.has_stepped_down(1));
  world.Settle({1, 2, 3});
  // That the new primary has committed as much does not make it right.
  CHECK_FALSE(world[1].MayAcknowledge(lost, world.now_ms()));
  CHECK(world.keys(1) == Texts{"kept", "lost"});
  CHECK(world.snapshots_wanted(2) == std::vector<NodeId>{1});
  world.Run({1, 2, 3}, 20);
  REQUIRE(world.proposals(2).size() == 1);
  CHECK(std::get<SetInSync>(world.proposals(2)[0]).in_sync.size() == 2);
  world.RunWithMap({1, 2, 3}, 1'000);
  CHECK(world.keys(1) == Texts{"kept", "new"});
  CHECK(world.state().in_sync.size() == 3);
}

TEST_CASE("a primary of an epoch that others have passed does not come back by an older map") {
  ReplicatedPartition world = Settled(2);
  REQUIRE(world.Promote(2));
  const uint64_t epoch = world.state().epoch;
  world.Learn({2});
  world.Settle({1, 2});
  REQUIRE_FALSE(world[1].IsPrimary());
  CHECK(world[1].epoch() == epoch);
  PartitionState older = world.state();
  older.primary = 1;
  older.epoch = world[1].state().epoch + 1;
  older.replicas = {2};
  REQUIRE(older.epoch == epoch);
  older.epoch = world[1].state().epoch;
  world[1].Learn({1, 2, older}, world.now_ms());
  CHECK_FALSE(world[1].IsPrimary());
}

TEST_CASE("all that are in sync acknowledge, not most of them") {
  ReplicatedPartition world = Settled(5);
  world.Append(1, "a");
  world.Settle({1, 2, 3, 4});
  CHECK(world[1].commit() == 0);
  world.Run({1, 2, 3, 4, 5}, 300);
  CHECK(world[1].commit() == 1);
}

TEST_CASE("who is taken out is waited for until that is committed") {
  ReplicatedPartition world = Settled(3);
  const Sequence written = world.Append(1, "a");
  world.Run({1, 2}, 1'500);
  REQUIRE(world.proposals(1).size() > 0);
  const auto shrink = std::get<SetInSync>(world.proposals(1).front());
  CHECK(shrink.in_sync == std::vector<InSyncCopy>{{1, 1}, {2, 1}});
  CHECK(world[1].commit() == 0);
  REQUIRE(world.Accept(shrink));
  CHECK_FALSE(world[1].MayAcknowledge(written, world.now_ms()));
  world.Learn({1});
  CHECK(world[1].commit() == 1);
  CHECK(world[1].MayAcknowledge(written, world.now_ms()));
}

TEST_CASE("who comes in is waited for from when it is proposed, and proposed when it has all") {
  ReplicatedPartition world(2);
  world.Learn({1, 2});
  CHECK(world[1].AdmitsWrite(Consistency::kQuorum) == Admission::kNoReplicas);
  CHECK(world[1].AdmitsWrite(Consistency::kEventual) == Admission::kYes);
  world.Append(1, "alone");
  CHECK(world[1].commit() == 1);
  world.Run({1, 2}, 200);
  REQUIRE(world.proposals(1).size() == 1);
  CHECK(std::get<SetInSync>(world.proposals(1)[0]).in_sync.size() == 2);
  world.Append(1, "both");
  CHECK(world[1].commit() == 1);  // whether the entry is committed or not
  // Lost or not, it is waited for as long as the epoch lasts, even if it is heard no more.
  world.Run({1}, 2'000);
  CHECK(world[1].commit() == 1);
  const auto last = std::get<SetInSync>(world.proposals(1).back());
  CHECK(last.in_sync == std::vector<InSyncCopy>{{1, 1}});
  REQUIRE(world.Accept(last));
  world.Learn({1});
  CHECK(world[1].commit() == 2);
  CHECK_FALSE(world[1].MayAcknowledge(2, world.now_ms()));  // one of two is no quorum
}

TEST_CASE("who comes in is not proposed before it has all that is committed") {
  ReplicatedPartition world(2);
  world.Learn({1, 2});
  world.Settle({1, 2});
  world.Append(1, "a");
  REQUIRE(world[1].commit() == 1);
  for (int i = 0; i < 5; ++i) {
    world.Pass(20);
    world.Beat({1, 2});
    world[1].Tick(world.now_ms());
    world.Settle({1});
  }
  CHECK(world.proposals(1).empty());
  world.Run({1, 2}, 300);
  CHECK(world.proposals(1).size() == 1);
}

TEST_CASE("who is heard, and does not get on, is taken out") {
  ReplicatedPartition world = Settled(2, {.slow_ms = 600, .silent_ms = 100'000});
  world.Append(1, "a");
  for (int i = 0; i < 28; ++i) {
    world.Pass(20);
    world.Beat({1, 2});
    world[1].Tick(world.now_ms());
    world.Settle({1});
  }
  CHECK(world.proposals(1).empty());
  world.Run({1}, 100);
  CHECK(world.proposals(1).size() == 1);
}

TEST_CASE("commit is told until it has arrived") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Settle({1, 2});
  REQUIRE(world[1].commit() == 1);
  world.Run({1}, 40);
  CHECK(world.keys(2).empty());
  world.Run({1, 2}, 300);
  CHECK(world.keys(2) == Texts{"a"});
}

TEST_CASE("a process that has started anew is another copy") {
  ReplicatedPartition world = Settled(3);
  world.Append(1, "a");
  world.Run({1, 2, 3}, 100);
  world.Boot(2);
  world.Learn({2});
  CHECK_FALSE(world.Promote(2));
  world.Learn({1, 3});
  world.Append(1, "b");
  world.Run({1, 2, 3}, 200);
  CHECK(world[1].commit() == 1);
  // The map takes it out and, when it has everything, in again.
  world.RunWithMap({1, 2, 3}, 1'000);
  CHECK(world[1].commit() == 2);
  CHECK(world.keys(2) == Texts{"a", "b"});
  REQUIRE(world.state().InSync(2) != nullptr);
  CHECK(world.state().InSync(2)->incarnation == 2);
}

TEST_CASE("what a process said that is no more does not count") {
  ReplicatedPartition world = Settled(2);
  world.Boot(2);
  world.Learn({2});
  world.Run({1, 2}, 300);
  REQUIRE(world[1].HasCaughtUp(2));
  const Sequence written = world.Append(1, "a");
  world.Settle({1});
  world.Step({.from = 2,
              .to = 1,
              .incarnation = 1,
              .partition = 0,
              .epoch = world.state().epoch,
              .body = AppendReply{.is_accepted = true, .reached = world[1].log().last()}});
  CHECK(world[1].ReplicasWith(written) == 0);
}

TEST_CASE("a gap is filled once, however many messages are behind it") {
  ReplicatedPartition world = Settled(2, {.most_message_bytes = 70});  // an effect in each
  for (const char* text : {"a", "b", "c", "d", "e"}) world.Append(1, text);
  world.Drain(1);
  std::deque<Message> sent = world.network();
  REQUIRE(sent.size() == 5);
  sent.pop_front();
  world.Settle({});
  for (const Message& message : sent) world.Step(message);
  const std::deque<Message> refusals = world.network();
  REQUIRE(refusals.size() == 4);
  world.Settle({});
  for (const Message& message : refusals) world.Step(message);
  CHECK(world.network().size() == 1);
  world.Settle({1, 2});
  CHECK(world[1].commit() == 5);
}

TEST_CASE("a primary that has started anew is none") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Run({1, 2}, 100);
  world.Boot(1);
  world.Learn({1, 2});
  CHECK_FALSE(world[1].IsPrimary());
  REQUIRE(world.Promote(2));
  world.Learn({1, 2});
  world.RunWithMap({1, 2}, 2'000);
  CHECK(world.keys(1) == Texts{"a"});
}

TEST_CASE("data that is lost is lost for all") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Run({1, 2}, 100);
  world.RunWithMap({1}, 2'000);
  REQUIRE(world.state().in_sync.size() == 1);
  world.Boot(1);  // the only one that was in sync
  PartitionAssignment assignment{.partition = 0, .epoch = world.state().epoch, .nodes = {2, 1}};
  world.Learn({1, 2});
  REQUIRE(world.Decide(AssignPartitions{{assignment}, DataLoss::kRefused}));
  world.Learn({1, 2});
  CHECK(world[2].IsPrimary());
  CHECK(world.keys(2).empty());
  CHECK_FALSE(world[2].Serves(world.now_ms()));
  world.Append(2, "b");
  world.RunWithMap({1, 2}, 2'000);
  CHECK(world.keys(1) == Texts{"b"});
  CHECK(world.state().in_sync.size() == 2);
}

TEST_CASE("what a copy said before it was given up does not count") {
  ReplicatedPartition world = Settled(2);
  world.Append(1, "a");
  world.Settle({1});
  const Message reply{.from = 2,
                      .to = 1,
                      .incarnation = 1,
                      .partition = 0,
                      .epoch = world.state().epoch,
                      .body = AppendReply{.is_accepted = true, .reached = world[1].log().last()}};
  for (const std::vector<NodeId>& nodes : {std::vector<NodeId>{1}, std::vector<NodeId>{1, 2}}) {
    REQUIRE(world.Decide(AssignPartitions{{{0, world.state().epoch, nodes}}, DataLoss::kRefused}));
    world.Learn({1});
  }
  CHECK(world[2].HasCopy());
  world.Step(reply);
  CHECK_FALSE(world[1].HasCaughtUp(2));
}

TEST_CASE("a copy is kept while a newer epoch may count on it") {
  ReplicatedPartition world = Settled(2);
  REQUIRE(world.Decide(AssignPartitions{{{0, world.state().epoch, {1}}}, DataLoss::kRefused}));
  const PartitionState without = world.state();
  REQUIRE(world.Decide(AssignPartitions{{{0, world.state().epoch, {1, 2}}}, DataLoss::kRefused}));
  world.Learn({1});
  world.Settle({1, 2});
  world[2].Learn({1, 2, without}, world.now_ms());
  CHECK(world[2].HasCopy());
  world.Learn({2});
  CHECK(world[2].HasCopy());
  REQUIRE(world.Decide(AssignPartitions{{{0, world.state().epoch, {1}}}, DataLoss::kRefused}));
  world.Learn({2});
  CHECK_FALSE(world[2].HasCopy());
}

}  // namespace
}  // namespace strata::replication
