#include "server/cluster/cluster_report.h"

#include <catch2/catch.hpp>

#include "tests/server/cluster_views.h"

namespace strata {

TEST_CASE("a report of nodes tells what each has, and whether it can be talked to") {
  ClusterSeen seen(4);
  seen.Place(0, 7, {1, 2});
  seen.Place(8, 15, {2, 3});
  seen.map.partitions[9].in_sync.pop_back();  // it is a copy all the same
  seen.status.leader = 2;
  seen.status.links.at(3) = {.is_up = false, .last_error = "connection refused"};
  seen.status.links.erase(4);
  const ClusterReading reading = seen.Read();
  const std::vector<NodeReport> reports = ReportNodes(reading);
  REQUIRE(reports.size() == 4);
  CHECK(reports[0].role == "voter");
  CHECK(reports[0].link == "self");
  CHECK(reports[0].primaries == 8);
  CHECK(reports[0].copies == 8);
  CHECK(reports[1].role == "leader");
  CHECK(reports[1].link == "up");
  CHECK(reports[1].primaries == 8);
  CHECK(reports[1].copies == 16);
  CHECK(reports[2].role == "voter");
  CHECK(reports[2].link == "down");
  CHECK(reports[2].link_error == "connection refused");
  CHECK(reports[2].primaries == 0);
  CHECK(reports[2].copies == 8);
  CHECK(reports[3].role == "learner");
  CHECK(reports[3].link == "down");
  CHECK(reports[3].node->name == NameOfNode(4));
}

TEST_CASE("a node of no cluster reports itself, with no part in any") {
  ClusterSeen seen(1);
  seen.map = {};
  seen.status.configuration = {};
  seen.status.leader = 0;
  const ClusterReading reading = seen.Read();
  const std::vector<NodeReport> reports = ReportNodes(reading);
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].role == "none");
  CHECK(reports[0].link == "self");
  CHECK(ReportCluster(reading).partitions == 0);
}

TEST_CASE("a report of the cluster counts what is missing") {
  ClusterSeen seen(4);
  seen.Place(0, 7, {1, 2});
  seen.Place(8, 14, {3, 4});
  seen.map.partitions[0].in_sync.pop_back();
  seen.map.partitions[1].in_sync.back().incarnation += 1;
  ClusterReport report = ReportCluster(seen.Read());
  CHECK(report.partitions == 16);
  CHECK(report.without_primary == 1);
  CHECK(report.copies == 28);
  CHECK(report.copies_under_way == 2);
  CHECK(report.nodes_by_state == std::array<size_t, kNodeStates>{0, 4, 0, 0, 0});
  seen.map.nodes.at(3).state = NodeState::kDown;
  seen.map.nodes.at(4).state = NodeState::kLeaving;
  report = ReportCluster(seen.Read());
  CHECK(report.without_primary == 8);
  CHECK(report.nodes_by_state == std::array<size_t, kNodeStates>{0, 2, 0, 1, 1});
}

TEST_CASE("nodes, states and roles have names") {
  CHECK(NameOf(NodeState::kJoining) == "joining");
  CHECK(NameOf(NodeState::kLeaving) == "leaving");
  CHECK(NameOf(Belonging::kRemoved) == "removed");
  CHECK(NameOf(raft::Role::kLeader) == "leader");
  ClusterSeen seen(2);
  CHECK(seen.Read().NameOf(2) == NameOfNode(2));
  CHECK(seen.Read().NameOf(0xabcdef) == "0000000000abcdef");
  CHECK(seen.Read().Named(NameOfNode(2))->id == 2);
  CHECK(seen.Read().Named(NameOfNode(2).substr(0, 39)) == nullptr);
}

}  // namespace strata
