// What is bounded, and the snapshots that make up for it.

#include <catch2/catch.hpp>

#include "cluster/replication/core.h"
#include "tests/cluster/replication/replicated_partition.h"

namespace strata::replication {
namespace {

using Nodes = ReplicatedPartition::Nodes;

// Of three nodes, the first two in sync; the third has missed more than the log has.
ReplicatedPartition WithOneBehind() {
  ReplicatedPartition world(3, {.most_backlog_bytes = 1'000, .most_message_bytes = 200});
  world.Learn({1, 2, 3});
  world.RunWithMap({1, 2}, 300);
  for (int i = 0; i < 40; ++i) {
    world.Append(1, "effect " + std::to_string(i));
    world.Settle({1, 2});
  }
  world.Run({1, 2, 3}, 300);
  REQUIRE(world.snapshots_wanted(1) == std::vector<NodeId>{3});
  return world;
}

TEST_CASE("a replica that has fallen out of the log gets a snapshot, and comes in sync") {
  ReplicatedPartition world = WithOneBehind();
  CHECK(world[1].log().bytes() <= 1'000);
  CHECK(world.keys(3).empty());
  REQUIRE(world.SendSnapshot(1, 3));
  world.RunWithMap({1, 2, 3}, 500);
  CHECK(world.keys(3) == world.keys(1));
  CHECK(world.state().in_sync.size() == 3);
  CHECK_FALSE(world[1].BeginSnapshot(3));
}

TEST_CASE("chunks and effects of a snapshot keep their order, out of sight until its end") {
  ReplicatedPartition world = WithOneBehind();
  const auto id = world[1].BeginSnapshot(3);
  REQUIRE(id);
  const SharedBytes before = world.Chunk(1);
  world[1].AddChunk(3, before);
  world.Append(1, "between");
  world.Append(1, "and");
  world.Run({1, 2, 3}, 300);
  CHECK(world.keys(3).empty());
  REQUIRE(world.hidden(3));
  CHECK(*world.hidden(3) == world.keys(1));
  CHECK_FALSE(world[1].HasCaughtUp(3));
  world[1].EndSnapshot(3);
  world.Append(1, "behind");
  world.Run({1, 2, 3}, 300);
  CHECK_FALSE(world.hidden(3));
  CHECK(world.keys(3) == world.keys(1));
}

TEST_CASE("a snapshot's messages may be lost, and come twice") {
  ReplicatedPartition world = WithOneBehind();
  REQUIRE(world.SendSnapshot(1, 3));
  world.Settle({1, 2});
  world.Append(1, "more");
  world.Drain(1);
  const std::deque<Message> twice = world.network();
  world.Run({1, 2, 3}, 500);
  CHECK(world.keys(3) == world.keys(1));
  for (const Message& message : twice) world.Step(message);
  world.Run({1, 2, 3}, 100);
  CHECK(world.keys(3) == world.keys(1));
  CHECK_FALSE(world.hidden(3));
}

TEST_CASE("a snapshot has room for half of what may be kept, and breaks off beyond all of it") {
  ReplicatedPartition world = WithOneBehind();
  const auto id = world[1].BeginSnapshot(3);
  REQUIRE(id);
  CHECK(world[1].SnapshotRoom(3, *id) == 500);
  world[1].AddChunk(3, ShareBytes(std::string(300, 'x')));
  CHECK(world[1].SnapshotRoom(3, *id) == 500 - 300 - Backlog::kEffectOverheadBytes);
  world[1].AddChunk(3, ShareBytes(std::string(300, 'x')));
  CHECK(world[1].SnapshotRoom(3, *id) == 0);
  for (int i = 0; i < 20; ++i) world.Append(1, "effect");
  world.Drain(1);
  CHECK_FALSE(world[1].SnapshotRoom(3, *id));
  CHECK(std::ranges::count(world.snapshots_wanted(1), NodeId{3}) == 2);
  const auto next = world[1].BeginSnapshot(3);
  REQUIRE(next);
  CHECK(*next > *id);
}

TEST_CASE("a newer snapshot takes the place of an older one") {
  ReplicatedPartition world = WithOneBehind();
  const auto first = world[1].BeginSnapshot(3);
  REQUIRE(first);
  world[1].AddChunk(3, ShareBytes("stale\n"));
  world.Drain(1);
  const std::deque<Message> old = world.network();
  world.Settle({1, 3});
  REQUIRE(world.hidden(3) == Texts{"stale"});
  REQUIRE(world.SendSnapshot(1, 3));
  world.Settle({1, 3});
  for (const Message& message : old) world.Step(message);
  world.Run({1, 2, 3}, 300);
  CHECK(world.keys(3) == world.keys(1));
}

TEST_CASE("items of an older snapshot are not taken for those of a newer one") {
  ReplicatedPartition world = WithOneBehind();
  REQUIRE(world[1].BeginSnapshot(3));
  world[1].AddChunk(3, ShareBytes("stale\n"));
  world.Drain(1);
  const std::deque<Message> old = world.network();
  REQUIRE(world[1].BeginSnapshot(3));
  world[1].AddChunk(3, ShareBytes("first\n"));
  world.Settle({1, 2});
  world[1].AddChunk(3, ShareBytes("second\n"));
  world.Settle({1, 3});
  REQUIRE(world.hidden(3) == Texts{});
  for (const Message& message : old) world.Step(message);
  CHECK(world.hidden(3) == Texts{});
}

TEST_CASE("a gap is filled from the log, though that does not reach back to what is applied") {
  ReplicatedPartition world(3, {.most_backlog_bytes = 1'000, .most_message_bytes = 70});
  world.Learn({1, 2, 3});
  world.RunWithMap({1, 2, 3}, 500);
  REQUIRE(world.state().in_sync.size() == 3);
  for (int i = 0; i < 12; ++i) world.Append(1, "effect");
  world.Settle({1, 2});
  for (int i = 0; i < 2; ++i) world.Append(1, "effect");
  world.Append(1, "longer than the others");
  world.Drain(1);
  REQUIRE(world[1].log().base().sequence > world[2].applied());
  std::deque<Message> sent = world.network();
  sent.pop_front();
  world.Settle({});
  while (!std::holds_alternative<AppendRequest>(sent.front().body) || sent.front().to != 2) {
    sent.pop_front();
  }
  world.Step(sent.front());
  world.Settle({1, 2});
  CHECK(world.snapshots_wanted(1).empty());
  CHECK(world[2].log().last_sequence() >= 14);
}

TEST_CASE("a replica that has no room is asked again after a while") {
  ReplicatedPartition world(3, {.most_backlog_bytes = 1'000, .most_message_bytes = 70});
  world.Learn({1, 2, 3});
  world.RunWithMap({1, 2, 3}, 500);
  REQUIRE(world.state().in_sync.size() == 3);
  for (int i = 0; i < 10; ++i) world.Append(1, "first");
  world.Settle({1, 2});
  for (int i = 0; i < 10; ++i) world.Append(1, "second");
  size_t messages = 0;
  for (int i = 0; i < 10; ++i) {
    world.Pass(20);
    world[1].Tick(world.now_ms());
    world.Drain(1);
    while (messages < 1'000 && world.DeliverOne({1, 2})) ++messages;
  }
  CHECK(messages < 100);
}

TEST_CASE("what a deposed primary has sent of a snapshot is dropped") {
  ReplicatedPartition world = WithOneBehind();
  REQUIRE(world[1].BeginSnapshot(3));
  world[1].AddChunk(3, ShareBytes("half\n"));
  world.Settle({1, 3});
  REQUIRE(world.hidden(3));
  REQUIRE(world.Promote(2));
  world.Learn({2, 3});
  world.Settle({2, 3});
  CHECK_FALSE(world.hidden(3));
  CHECK(world.keys(3).empty());
}

TEST_CASE("a copy in sync keeps what it had while it gets a snapshot") {
  ReplicatedPartition world(2, {.most_backlog_bytes = 1'000});
  world.Learn({1, 2});
  world.RunWithMap({1, 2}, 300);
  world.Append(1, "committed");
  world.Run({1, 2}, 100);
  for (int i = 0; i < 40; ++i) world.Append(1, "not committed");
  world.Run({1, 2}, 300);
  REQUIRE(world[1].BeginSnapshot(2));
  world.Settle({1, 2});
  REQUIRE(world.Promote(2));
  world.Learn({2});
  CHECK(world.keys(2) == Texts{"committed"});
}

TEST_CASE("a slow replica keeps nothing growing: it leaves the in-sync set, and the log") {
  ReplicatedPartition world(3, {.most_backlog_bytes = 1'000});
  world.Learn({1, 2, 3});
  world.RunWithMap({1, 2, 3}, 500);
  REQUIRE(world.state().in_sync.size() == 3);
  // It answers heartbeats, and nothing else.
  for (int i = 0; i < 200; ++i) {
    world.Append(1, "effect " + std::to_string(i));
    world.Pass(20);
    world.Beat({1, 2, 3});
    for (const NodeId id : {1, 2}) world[id].Tick(world.now_ms());
    world.Settle({1, 2});
    CHECK(world[1].log().bytes() <= 1'000);
    CHECK(world[2].log().bytes() <= 1'000);
  }
  REQUIRE_FALSE(world.proposals(1).empty());
  // Raft has not answered yet: all that is stored here and cannot be applied is bounded as well.
  CHECK(world[2].log().last_sequence() < 40);
  world.RunWithMap({1, 2, 3}, 3'000);
  for (const NodeId id : {2, 3}) CHECK(world.keys(id) == world.keys(1));
  CHECK(world.state().in_sync.size() == 3);
}

TEST_CASE("an effect that is longer than the log may be passes through it") {
  ReplicatedPartition world(2, {.most_backlog_bytes = 1'000, .most_message_bytes = 200});
  world.Learn({1, 2});
  world.RunWithMap({1, 2}, 300);
  world.Append(1, "small");
  world.Run({1, 2}, 100);
  world.Append(1, std::string(5'000, 'x'));
  world.RunWithMap({1, 2}, 1'000);
  CHECK(world.keys(2) == world.keys(1));
  CHECK(world[1].commit() == 2);
}

TEST_CASE("messages are as long as they may be, and as many as may be under way") {
  ReplicatedPartition world(
      2, {.most_message_bytes = 200, .most_in_flight_bytes = 400, .resend_ms = 10'000});
  world.Learn({1, 2});
  world.RunWithMap({1, 2}, 300);
  for (int i = 0; i < 40; ++i) world.Append(1, "effect");
  world.Drain(1);
  REQUIRE(world.network().size() == 3);
  for (const Message& message : world.network()) {
    CHECK(std::get<AppendRequest>(message.body).effects.size() == 2);
  }
  world.Settle({1, 2});
  CHECK(world[1].commit() == 40);
}

}  // namespace
}  // namespace strata::replication
