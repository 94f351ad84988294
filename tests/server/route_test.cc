#include "server/routing/route.h"

#include <catch2/catch.hpp>

#include "server/routing/route_reader.h"
#include "tests/server/cluster_views.h"

namespace strata {
namespace {

using Kind = Route::Kind;

// 16 partitions of 1024 slots.
constexpr uint16_t kFirst = 0;
constexpr uint16_t kSecond = 1024;

KeySlots Slots(std::initializer_list<uint16_t> all) {
  KeySlots slots;
  for (const uint16_t slot : all) slots.Add(slot);
  return slots;
}

RouteTable TableOf(const ClusterSeen& seen, const NodeRun& self = {1, 1}) {
  return RouteTable(seen.map, self);
}

TEST_CASE("Keys go to the primary of their slot") {
  ClusterSeen seen(3);
  seen.Place(0, 0, {1, 2});
  seen.Place(1, 15, {3, 1});
  const RouteTable table = TableOf(seen);
  CHECK(table.is_member());
  for (const uint16_t slot : {kFirst, uint16_t{1023}}) {
    const Route here = table.RouteOf(slot);
    CHECK(here.kind == Kind::kHere);
    CHECK(here.node == 1);
    CHECK(here.slot == slot);
  }
  for (const uint16_t slot : {kSecond, uint16_t{16383}}) {
    const Route there = table.RouteOf(Slots({slot, slot}));
    CHECK(there.kind == Kind::kElsewhere);
    CHECK(there.node == 3);
    CHECK(there.slot == slot);
  }
}

TEST_CASE("What has no keys is served here, even where nothing else is") {
  CHECK(RouteTable().RouteOf(KeySlots()).kind == Kind::kHere);
  CHECK(RouteTable().RouteOf(kFirst).kind == Kind::kNobody);
}

TEST_CASE("Keys of several slots have no place, whether their nodes are one or not") {
  ClusterSeen seen(2);
  seen.Place(0, 1, {1});
  seen.Place(2, 15, {2});
  const RouteTable table = TableOf(seen);
  CHECK(table.RouteOf(Slots({kFirst, kFirst})).kind == Kind::kHere);
  CHECK(table.RouteOf(Slots({kFirst, kSecond})).kind == Kind::kCrossSlot);
  CHECK(table.RouteOf(Slots({kFirst, 1, 1})).kind == Kind::kCrossSlot);
  CHECK(table.RouteOf(Slots({kFirst, 16383})).kind == Kind::kCrossSlot);
}

TEST_CASE("A slot without a primary is nobody's, and that is found before several slots are") {
  ClusterSeen seen(2);
  seen.Place(1, 15, {1});
  const RouteTable table = TableOf(seen);
  CHECK(table.RouteOf(kFirst).kind == Kind::kNobody);
  CHECK(table.RouteOf(Slots({7, kSecond})).kind == Kind::kNobody);
  CHECK(table.RouteOf(Slots({7, kSecond})).slot == 7);
  CHECK(table.RouteOf(Slots({kSecond, 7})).kind == Kind::kCrossSlot);
  CHECK(table.PrimaryOf(kFirst) == 0);
}

TEST_CASE("A node that the map does not have, or not in this run, serves nothing") {
  ClusterSeen seen(2);
  seen.Place(0, 15, {1, 2});
  CHECK(TableOf(seen, {1, 1}).RouteOf(kFirst).kind == Kind::kHere);
  for (const NodeRun& self : {NodeRun{1, 2}, NodeRun{7, 1}, NodeRun{}}) {
    const RouteTable table = TableOf(seen, self);
    CHECK_FALSE(table.is_member());
    CHECK(table.RouteOf(kFirst).kind == Kind::kNobody);
    CHECK_FALSE(table.IsInSync(kFirst));
  }
}

TEST_CASE("A primary that started anew serves nothing until it has the partition again") {
  ClusterSeen seen(2);
  seen.Place(0, 15, {1, 2});
  seen.map.nodes.at(1).incarnation = 2;
  CHECK(TableOf(seen, {1, 2}).RouteOf(kFirst).kind == Kind::kNobody);
  CHECK(TableOf(seen, {2, 1}).RouteOf(kFirst).kind == Kind::kNobody);
  CHECK_FALSE(TableOf(seen, {1, 2}).IsInSync(kFirst));
  CHECK(TableOf(seen, {2, 1}).IsInSync(kFirst));
  seen.Place(0, 15, {1, 2});
  CHECK(TableOf(seen, {1, 2}).RouteOf(kFirst).kind == Kind::kHere);
  CHECK(TableOf(seen, {2, 1}).RouteOf(kFirst).kind == Kind::kElsewhere);
}

TEST_CASE("Nobody is sent to a node that is down; one that is only suspect may serve") {
  ClusterSeen seen(2);
  seen.Place(0, 15, {2, 1});
  seen.map.nodes.at(2).state = NodeState::kSuspect;
  CHECK(TableOf(seen).RouteOf(kFirst).kind == Kind::kElsewhere);
  seen.map.nodes.at(2).state = NodeState::kDown;
  CHECK(TableOf(seen).RouteOf(kFirst).kind == Kind::kNobody);
  CHECK(TableOf(seen, {2, 1}).RouteOf(kFirst).kind == Kind::kHere);
}

TEST_CASE("A copy is in sync with the incarnation that had it") {
  ClusterSeen seen(3);
  seen.Place(0, 15, {2, 1, 3});
  std::erase_if(seen.map.partitions[1].in_sync, [](const auto& copy) { return copy.node == 1; });
  CHECK(TableOf(seen).IsInSync(kFirst));
  CHECK_FALSE(TableOf(seen).IsInSync(kSecond));
  CHECK(TableOf(seen, {2, 1}).IsInSync(kSecond));
  seen.map.nodes.at(1).incarnation = 2;
  CHECK_FALSE(TableOf(seen, {1, 2}).IsInSync(kFirst));
}

TEST_CASE("A reader has the newest map's routes, also when it learns later who it is") {
  ClusterSeen seen(2);
  seen.Place(0, 15, {1});
  TopologyView view;
  NodeRun self;
  RouteReader reader(view, [&self] { return self; });
  CHECK(reader.Get().RouteOf(kFirst).kind == Kind::kNobody);
  view.Publish(seen.map);
  CHECK(reader.Get().RouteOf(kFirst).kind == Kind::kNobody);
  self = {1, 1};
  CHECK(reader.Get().RouteOf(kFirst).kind == Kind::kHere);
  seen.Place(0, 15, {2});
  ++seen.map.version;
  view.Publish(seen.map);
  const Route there = reader.Get().RouteOf(kFirst);
  CHECK(there.kind == Kind::kElsewhere);
  CHECK(reader.map().nodes.at(there.node).name == NameOfNode(2));
  view.Clear();
  CHECK(reader.Get().RouteOf(kFirst).kind == Kind::kNobody);
}

}  // namespace
}  // namespace strata
