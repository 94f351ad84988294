// The shapes are those of redis-server 7.0.

#include "server/cluster/cluster_description.h"

#include <catch2/catch.hpp>

#include "tests/server/cluster_views.h"

namespace strata {
namespace {

std::string Nodes(const ClusterSeen& seen) {
  const ClusterReading reading = seen.Read();
  return ClusterTexts{reading, 1'700'000'000'000}.Nodes();
}

}  // namespace

TEST_CASE("a node of no cluster tells of itself only") {
  ClusterSeen seen(1);
  seen.map = {};
  seen.status.belonging = Belonging::kNone;
  CHECK(Nodes(seen) == NameOfNode(1) + " 10.0.0.1:6380@16379 myself,master - 0 0 0 connected\n");
  CHECK(DescribeCluster(seen.Read()) ==
        "cluster_state:fail\r\n"
        "cluster_slots_assigned:0\r\n"
        "cluster_slots_ok:0\r\n"
        "cluster_slots_pfail:0\r\n"
        "cluster_slots_fail:0\r\n"
        "cluster_known_nodes:1\r\n"
        "cluster_size:0\r\n"
        "cluster_current_epoch:0\r\n"
        "cluster_my_epoch:0\r\n"
        "cluster_stats_messages_sent:0\r\n"
        "cluster_stats_messages_received:0\r\n"
        "total_cluster_links_buffer_limit_exceeded:0\r\n");
}

TEST_CASE("a node that was removed knows nobody any more") {
  ClusterSeen seen(3);
  seen.Place(0, 15, {2, 3});
  seen.map.nodes.erase(1);
  CHECK(Nodes(seen) == NameOfNode(1) + " 10.0.0.1:6380@16379 myself,master - 0 0 0 connected\n");
  CHECK(seen.Read().Named(NameOfNode(2)) == nullptr);
}

TEST_CASE("each node has a line with its state, its link and the slots that it is primary for") {
  ClusterSeen seen(4);
  seen.Place(0, 7, {1, 2});
  seen.Place(8, 8, {2, 1});
  seen.Place(9, 14, {3, 1});
  seen.Place(15, 15, {1, 3});
  seen.Place(15, 15, {1, 3});
  seen.map.nodes.at(2).state = NodeState::kSuspect;
  seen.map.nodes.at(3).state = NodeState::kDown;
  seen.status.links.at(3).is_up = false;
  seen.status.links.erase(4);
  CHECK(Nodes(seen) ==
        NameOfNode(1) +
            " 10.0.0.1:6380@16379 myself,master - 0 0 2 connected 0-8191 15360-16383\n" +
            NameOfNode(2) +
            " 10.0.0.2:6380@16379 master,fail? - 0 1700000002000 1 connected 8192-9215\n" +
            NameOfNode(3) +
            " 10.0.0.3:6380@16379 master,fail - 0 1700000003000 1 disconnected 9216-15359\n" +
            NameOfNode(4) + " 10.0.0.4:6380@16379 master - 0 0 0 disconnected\n");
}

TEST_CASE("a node's config epoch is the highest one of what it is primary for") {
  ClusterSeen seen(2);
  seen.Place(0, 3, {1});
  seen.Place(4, 15, {2});
  seen.map.partitions[1].epoch = 9;
  seen.map.partitions[4].epoch = 11;
  CHECK(ConfigEpochOf(seen.map, 1) == 9);
  CHECK(ConfigEpochOf(seen.map, 2) == 11);
  CHECK(ConfigEpochOf(seen.map, 3) == 0);
}

TEST_CASE("a node is shown as the replica of another without slots of its own") {
  ClusterSeen seen(2);
  seen.Place(0, 7, {1, 2});
  seen.Place(8, 15, {2, 1});
  const ClusterReading reading = seen.Read();
  const ClusterTexts texts{reading, 0};
  CHECK(texts.Node(reading.map->nodes.at(2), reading.Find(1)) ==
        NameOfNode(2) + " 10.0.0.2:6380@16379 slave " + NameOfNode(1) + " 0 2000 1 connected");
}

TEST_CASE("the cluster's state tells of slots that nobody serves") {
  ClusterSeen seen(3);
  const auto has = [&](const std::string& line) {
    CAPTURE(DescribeCluster(seen.Read()));
    return DescribeCluster(seen.Read()).find(line + "\r\n") != std::string::npos;
  };
  seen.Place(0, 9, {1});
  seen.Place(10, 14, {2});
  CHECK(has("cluster_state:fail"));
  CHECK(has("cluster_slots_assigned:15360"));
  seen.Place(15, 15, {2});
  seen.map.version = 77;
  CHECK(has("cluster_state:ok"));
  CHECK(has("cluster_slots_ok:16384"));
  CHECK(has("cluster_known_nodes:3"));
  CHECK(has("cluster_size:2"));
  CHECK(has("cluster_current_epoch:77"));
  CHECK(has("cluster_my_epoch:1"));
  seen.map.nodes.at(2).state = NodeState::kSuspect;
  CHECK(has("cluster_state:ok"));
  CHECK(has("cluster_slots_ok:10240"));
  CHECK(has("cluster_slots_pfail:6144"));
  seen.map.nodes.at(2).state = NodeState::kDown;
  CHECK(has("cluster_state:fail"));
  CHECK(has("cluster_slots_pfail:0"));
  CHECK(has("cluster_slots_fail:6144"));
  // Whose process has started anew has lost what it had.
  seen.map.nodes.at(2).state = NodeState::kUp;
  CHECK(has("cluster_state:ok"));
  seen.map.nodes.at(2).incarnation = 2;
  CHECK(has("cluster_state:fail"));
  CHECK(has("cluster_slots_fail:6144"));
  // Who is not in the map in this run serves nothing.
  seen.status.incarnation = 2;
  CHECK(has("cluster_slots_fail:16384"));
}

}  // namespace strata
