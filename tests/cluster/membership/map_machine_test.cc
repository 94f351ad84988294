#include "cluster/membership/map_machine.h"

#include <catch2/catch.hpp>

#include "cluster/membership/cluster_command_codec.h"
#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {
namespace {

raft::Entry EntryOf(raft::Index index, const ClusterCommand& command) {
  return {.index = index,
          .term = 1,
          .kind = raft::EntryKind::kCommand,
          .command = *EncodeCommand(command)};
}

TEST_CASE("the map follows the log, and all threads see it") {
  TopologyView view;
  MapMachine machine(view);
  CHECK(machine.Apply({.index = 1, .term = 1}).has_value());  // nothing
  CHECK(view.Read()->version == 0);
  CHECK(machine.Apply(EntryOf(2, CreateCluster{NameOfNode(99), 8})).has_value());
  CHECK(machine.Apply(EntryOf(3, AddNode{MakeNode(1)})).has_value());
  CHECK(view.Read()->version == 3);
  CHECK(view.Read()->nodes.size() == 1);
  // What is refused is refused on all nodes alike.
  CHECK(machine.Apply(EntryOf(4, AddNode{MakeNode(1)})).error().message ==
        "the node is in the cluster already");
  CHECK(view.Read()->version == 4);
  raft::Entry garbage = EntryOf(5, AddNode{MakeNode(2)});
  garbage.command = "\xff";
  CHECK_FALSE(machine.Apply(garbage).has_value());
  CHECK(machine.map().nodes.size() == 1);
}

TEST_CASE("a snapshot of the map makes another node's") {
  TopologyView view;
  MapMachine machine(view);
  REQUIRE(machine.Apply(EntryOf(1, CreateCluster{NameOfNode(99), 8})).has_value());
  REQUIRE(machine.Apply(EntryOf(2, AddNode{MakeNode(1)})).has_value());
  const std::string state = machine.State();
  TopologyView other_view;
  MapMachine other(other_view);
  REQUIRE(other.Restore({.index = 2, .term = 1, .state = state}).has_value());
  CHECK(other.map() == machine.map());
  CHECK(*other_view.Read() == machine.map());
  // The same again, and older ones.
  CHECK(other.Restore({.index = 7, .term = 1, .state = state}).has_value());
  REQUIRE(other.Apply(EntryOf(8, AddNode{MakeNode(2)})).has_value());
  CHECK_FALSE(other.Restore({.index = 9, .term = 1, .state = state}).has_value());
  CHECK_FALSE(MapMachine(other_view).Restore({.index = 1, .term = 1, .state = state}).has_value());
  CHECK_FALSE(other.Restore({.index = 9, .term = 1, .state = "no map"}).has_value());
  CHECK(other.map().nodes.size() == 2);
}

}  // namespace
}  // namespace strata
