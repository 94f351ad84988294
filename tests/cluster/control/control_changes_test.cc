// What becomes of a cluster when nodes come, go, fail, and are spoken to by strangers.

#include <boost/asio/write.hpp>

#include "base/random.h"
#include "tests/cluster/control/control_nodes.h"

namespace strata {
namespace {

using boost::asio::ip::tcp;

size_t Voters(ControlNodes& nodes, const std::string& name) {
  return nodes.Status(name)->configuration.voters.size();
}

// Nodes a, b and c, all of which vote; a leads.
void MakeThreeVoters(ControlNodes& nodes) {
  nodes.Create("a");
  for (const std::string name : {"b", "c"}) REQUIRE(nodes.Join(name, "a") == "");
  for (const std::string name : {"a", "b", "c"}) {
    REQUIRE(WaitUntil([&] { return Voters(nodes, name) == 3; }));
  }
}

// Asked again as long as nobody leads, or it is not known whether it was done.
bool AskUntilDone(ControlNodes& nodes, const std::string& name, const ControlRequest& request) {
  return WaitUntil([&] { return nodes.Ask(name, request).empty(); });
}

TEST_CASE("when the leader stops another leads, and answers what a follower asks") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  const NodeId a = nodes.id("a");
  const raft::Term term = nodes.Status("b")->term;
  nodes.Stop("a");
  for (const std::string name : {"b", "c"}) {
    CHECK(WaitUntil([&] {
      const NodeId leader = nodes.Status(name)->leader;
      return leader != 0 && leader != a;
    }));
    CHECK(nodes.Status(name)->term > term);
    CHECK(AskUntilDone(nodes, name, SetSetting{SettingKind::kOption, name, "asked"}));
    CHECK(nodes.Map(name)->options.at(name) == "asked");
  }
  CHECK(WaitUntil([&] { return nodes.Map("b")->nodes.at(a).state == NodeState::kDown; }));
}

TEST_CASE("without a quorum a request is told that there is no leader") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  nodes.Stop("a");
  nodes.Stop("b");
  REQUIRE(WaitUntil([&] { return nodes.Status("c")->leader == 0; }));
  CHECK(nodes.Ask("c", SetNodeWeight{nodes.id("c"), 5}) ==
        "the cluster has no leader now; try again");
}

TEST_CASE("another voter leads when it is asked to") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  CHECK(nodes.Ask("b", TransferRequest{77}) == "the node is not a voter");
  CHECK(nodes.Ask("b", TransferRequest{nodes.id("a")}) == "the node is the leader already");
  CHECK(nodes.Ask("b", TransferRequest{nodes.id("c")}) == "");
  CHECK(WaitUntil([&] { return nodes.Status("a")->leader == nodes.id("c"); }));
}

TEST_CASE("a node that has left is a new one when it is reset, and may join again") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  const NodeId before = nodes.id("b");
  CHECK(nodes.Ask("c", LeaveRequest{before}) == "");
  REQUIRE(WaitUntil([&] { return nodes.Status("b")->belonging == Belonging::kRemoved; }));
  CHECK(WaitUntil([&] { return !nodes.Map("a")->nodes.contains(before); }));
  CHECK(nodes.Ask("b", LeaveRequest{before}) == "this node belongs to no cluster");
  CHECK(nodes.Join("b", "a") == "this node belongs to a cluster already");
  CHECK(nodes.Outcome(nodes["b"], &ControlPlane::Reset) == "");
  CHECK(nodes.Status("b")->belonging == Belonging::kNone);
  CHECK(nodes.Map("b")->nodes.empty());
  CHECK(nodes.id("b") != before);
  CHECK(nodes.Join("b", "c") == "");
  CHECK(WaitUntil([&] { return nodes.Map("a")->nodes.contains(nodes.id("b")); }));
  CHECK(nodes.Ask("a", LeaveRequest{before}) == "");  // it has left
}

TEST_CASE("a node that has left and starts anew can be reset") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  REQUIRE(nodes.Ask("a", LeaveRequest{nodes.id("b")}) == "");
  REQUIRE(WaitUntil([&] { return nodes.Status("b")->belonging == Belonging::kRemoved; }));
  nodes.Stop("b");
  nodes.Start("b");
  CHECK(WaitUntil([&] { return nodes.Status("b")->belonging != Belonging::kNone; }));
  CHECK(nodes.Outcome(nodes["b"], &ControlPlane::Reset) == "");
  CHECK(nodes.Join("b", "a") == "");
}

TEST_CASE("the last node does not leave") {
  ControlNodes nodes;
  nodes.Create("a");
  REQUIRE(WaitUntil([&] { return nodes.Map("a")->partitions[0].primary == nodes.id("a"); }));
  CHECK(nodes.Ask("a", LeaveRequest{nodes.id("a")}) ==
        "no node would be left that takes its copies");
  CHECK(nodes.Ask("a", LeaveRequest{nodes.id("a"), DataLoss::kAccepted}) ==
        "no node would be left that takes its copies");
  CHECK(nodes.Map("a")->nodes.begin()->second.state == NodeState::kUp);
}

TEST_CASE("a node that is gone is taken out by force") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  const NodeId c = nodes.id("c");
  nodes.Stop("c");
  CHECK(nodes.Ask("b", LeaveRequest{c, DataLoss::kAccepted}) == "");
  CHECK(WaitUntil([&] { return !nodes.Map("b")->nodes.contains(c); }));
  CHECK(WaitUntil([&] { return !nodes.Status("a")->configuration.Has(c); }));
}

TEST_CASE("a node whose disk fails says so, and the others go on") {
  ControlNodes nodes;
  MakeThreeVoters(nodes);
  std::filesystem::remove_all(nodes["b"].options.folder);
  CHECK(nodes.Ask("a", TransferRequest{nodes.id("c")}) == "");  // a new term is written by all
  CHECK(WaitUntil([&] { return nodes["b"].failures > 0; }));
  CHECK(AskUntilDone(nodes, "a", SetSetting{SettingKind::kOption, "option", "a"}));
  nodes.Start("lost");
  std::filesystem::remove_all(nodes["lost"].options.folder);
  CHECK(nodes.Outcome(nodes["lost"], &ControlPlane::Create) != "");
  CHECK(WaitUntil([&] { return nodes["lost"].failures == 1; }));
}

TEST_CASE("a node that is about to join is neither reset nor told to create or join") {
  ControlNodes nodes;
  nodes.Start("a");
  boost::asio::io_context context;
  const tcp::endpoint any(boost::asio::ip::make_address("127.0.0.1"), 0);
  tcp::acceptor silent(context, any);
  std::promise<std::string> told;
  nodes["a"].plane->Join(
      "127.0.0.1", silent.local_endpoint().port(),
      [&](const Result<void>& outcome) { told.set_value(outcome ? "" : outcome.error().message); });
  const std::string busy = "this node is about to join a cluster";
  CHECK(nodes.Outcome(nodes["a"], &ControlPlane::Create) == busy);
  CHECK(nodes.Outcome(nodes["a"], &ControlPlane::Reset) == busy);
  std::future<std::string> future = told.get_future();
  nodes.Stop("a");
  REQUIRE(future.wait_for(std::chrono::seconds(0)) == std::future_status::ready);
  CHECK(future.get() == "this node ends");
}

TEST_CASE("a node does not create a cluster while it forgets all") {
  ControlNodes nodes;
  nodes.Start("a");
  for (int round = 0; round < 20; ++round) {
    nodes["a"].plane->Reset([](const Result<void>&) {});
    const std::string created = nodes.Outcome(nodes["a"], &ControlPlane::Create);
    CHECK(created == "this node is being reset");
  }
  CHECK(nodes.Outcome(nodes["a"], &ControlPlane::Create) == "");
  CHECK(nodes["a"].failures == 0);
}

TEST_CASE("strangers at the port of peers change neither the map nor the term") {
  ControlNodes nodes;
  nodes.Create("a");
  REQUIRE(nodes.Join("b", "a") == "");
  const raft::Term term = nodes.Status("a")->term;
  const std::string cluster = nodes.Map("a")->id;
  nodes.Add("other").options.secret = "what a stranger thinks it is";
  nodes["other"].options.join = {"127.0.0.1:" + std::to_string(nodes["a"].options.self.peer_port)};
  nodes.Start("other");
  boost::asio::io_context context;
  const tcp::endpoint port(boost::asio::ip::make_address("127.0.0.1"),
                           nodes["a"].options.self.peer_port);
  Random random(5);
  std::vector<tcp::socket> sockets;
  for (int i = 0; i < 200; ++i) {  // most of them say nothing, and stay
    sockets.emplace_back(context).connect(port);
    if (i % 4 != 0) continue;
    std::string bytes(random.Below(2'000), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.Next());
    boost::system::error_code ignored;
    boost::asio::write(sockets.back(), boost::asio::buffer(bytes), ignored);
  }
  for (const std::string name : {"a", "b"}) {
    CHECK(nodes.Ask(name, SetSetting{SettingKind::kOption, name, "asked"}) == "");
  }
  CHECK(nodes.Map("a")->nodes.size() == 2);
  CHECK(nodes.Map("a")->id == cluster);
  CHECK(nodes.Status("a")->term == term);
  sockets.clear();
  CHECK(WaitUntil([&] {  // refused as long as there are too many of them
    (void)nodes.Join("c", "a");
    return nodes.Map("a")->nodes.size() == 3;
  }));
}

}  // namespace
}  // namespace strata
