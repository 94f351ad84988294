#include "cluster/control/control_plane.h"

#include <future>

#include "tests/cluster/control/control_nodes.h"

namespace strata {
namespace {

// Whether all of them have the same map, with all of them in it.
bool Agree(ControlNodes& nodes, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const TopologyView::Pointer map = nodes.Map(name);
    if (map->nodes.size() != names.size() || *map != *nodes.Map(names.front())) return false;
  }
  return true;
}

TEST_CASE("a node creates a cluster, and others join it by way of any of its nodes") {
  ControlNodes nodes;
  nodes.Create("a");
  CHECK(nodes.Status("a")->belonging == Belonging::kMember);
  CHECK(IsClusterId(nodes.Map("a")->id));
  CHECK(nodes.Join("b", "a") == "");
  CHECK(nodes.Join("c", "b") == "");
  CHECK(WaitUntil([&] { return Agree(nodes, {"a", "b", "c"}); }));
  CHECK(nodes.Status("c")->belonging == Belonging::kMember);
  CHECK(nodes.Status("c")->leader == nodes.id("a"));
  CHECK(nodes.Join("b", "c") == "this node belongs to a cluster already");
  CHECK(nodes.Outcome(nodes["b"], &ControlPlane::Create) ==
        "this node belongs to a cluster already");
}

TEST_CASE("who asks before a node begins is served when it has begun") {
  ControlNodes nodes;
  ControlNodes::Node& node = nodes.Add("a");
  auto plane = ControlPlane::Open(node.options, node);
  REQUIRE(plane.has_value());
  node.plane = std::move(*plane);
  std::promise<std::string> outcome;
  node.plane->Create([&](const Result<void>& created) {
    outcome.set_value(created ? "created" : created.error().message);
  });
  node.plane->Start();
  CHECK(outcome.get_future().get() == "created");
  CHECK(node.failures == 0);
}

TEST_CASE("what one node asks for is so on all nodes, and first of all on itself") {
  ControlNodes nodes;
  nodes.Create("a");
  CHECK(nodes.Join("b", "a") == "");
  for (const std::string name : {"a", "b"}) {
    const SetSetting setting{SettingKind::kOption, "option", name};
    CHECK(nodes.Ask(name, setting) == "");
    CHECK(nodes.Map(name)->options.at("option") == name);
    CHECK(WaitUntil([&] { return Agree(nodes, {"a", "b"}); }));
  }
  CHECK(nodes.Ask("b", SetNodeWeight{77, 5}) == "no such node");
  CHECK(nodes.Ask("b", SetSetting{SettingKind::kOption, std::string(1000, 'n'), ""}) ==
        "a change of the cluster has something too long in it");
}

TEST_CASE("nodes that start anew are who they were, and say that they have") {
  ControlNodes nodes;
  nodes.Create("a");
  CHECK(nodes.Join("b", "a") == "");
  const std::string cluster = nodes.Map("a")->id;
  const NodeId b = nodes.id("b");
  nodes.Stop("b");
  nodes["b"].options.self.peer_port = FreePort();
  nodes.Start("b");
  CHECK(WaitUntil([&] { return nodes.Map("a")->nodes.at(b).incarnation == 2; }));
  CHECK(WaitUntil(
      [&] { return nodes.Map("a")->nodes.at(b).peer_port == nodes["b"].options.self.peer_port; }));
  CHECK(WaitUntil([&] { return Agree(nodes, {"a", "b"}); }));
  nodes.Stop("a");
  nodes.Stop("b");
  nodes.Start("b");
  CHECK(WaitUntil([&] { return nodes.Status("b")->incarnation == 3; }));  // whatever the map says
  nodes.Start("a");
  CHECK(WaitUntil([&] { return Agree(nodes, {"a", "b"}); }));
  CHECK(WaitUntil([&] { return nodes.Map("a")->nodes.at(b).incarnation == 3; }));
  CHECK(nodes.Map("b")->id == cluster);
  CHECK(nodes.Ask("b", SetNodeZone{b, "west"}) == "");
}

TEST_CASE("nobody is let in who has not the secret, or by who belongs to no cluster") {
  ControlNodes nodes;
  nodes.Create("a");
  nodes.Add("stranger").options.secret = "what a stranger thinks it is";
  nodes.Start("stranger");
  CHECK(nodes.Join("stranger", "a") != "");
  CHECK(nodes.Map("a")->nodes.size() == 1);
  nodes.Start("lonely");
  CHECK(nodes.Join("other", "lonely") ==
        "refused: this node belongs to no cluster: CACHE.CLUSTER INIT creates one");
  CHECK(nodes.Ask("lonely", SetNodeWeight{1, 1}) == "this node belongs to no cluster");
  CHECK(nodes.Join("other", "a") == "");
}

TEST_CASE("of nodes that expect to meet, the one that is met creates their cluster") {
  ControlNodes nodes;
  for (const std::string name : {"a", "b", "c"}) nodes.Start(name).plane->ExpectMeeting();
  CHECK(nodes.Join("b", "a") == "");
  CHECK(nodes.Join("c", "a") == "");
  CHECK(WaitUntil([&] { return Agree(nodes, {"a", "b", "c"}); }));
}

TEST_CASE("a node begins by itself as its options say") {
  ControlNodes nodes;
  nodes.Add("a").options.bootstrap = true;
  const std::string address = "127.0.0.1:" + std::to_string(nodes["a"].options.self.peer_port);
  nodes.Add("b").options.join = {"127.0.0.1:1", address};
  nodes.Start("b");
  nodes.Start("a");
  CHECK(WaitUntil([&] { return Agree(nodes, {"a", "b"}); }));
  nodes.Add("c").options.join = {"nonsense"};
  const auto plane = ControlPlane::Open(nodes["c"].options, nodes["c"]);
  CHECK(plane.error().message == "cluster-join: 'nonsense' is not host:port");
}

TEST_CASE("a member is not reset, a node of no cluster gets a new name") {
  ControlNodes nodes;
  nodes.Create("a");
  CHECK(nodes.Outcome(nodes["a"], &ControlPlane::Reset) ==
        "this node is a member of a cluster: it has to leave first");
  nodes.Start("b");
  REQUIRE(WaitUntil([&] { return nodes.id("b") != 0; }));
  const NodeId before = nodes.id("b");
  CHECK(nodes.Outcome(nodes["b"], &ControlPlane::Reset) == "");
  CHECK(nodes.id("b") != before);
  CHECK(nodes.Join("b", "a") == "");
}

TEST_CASE("two nodes do not share a folder") {
  ControlNodes nodes;
  nodes.Start("a");
  nodes.Add("b").options.folder = nodes["a"].options.folder;
  CHECK_FALSE(ControlPlane::Open(nodes["b"].options, nodes["b"]).has_value());
}

}  // namespace
}  // namespace strata
