#pragma once

#include <string>
#include <vector>

#include "base/random.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

inline std::string NameOfNode(uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(kClusterIdDigits - digits.size(), '0') + digits;
}

inline ClusterNode MakeNode(NodeId id) {
  return {.id = id,
          .name = NameOfNode(id),
          .host = "10.0.0." + std::to_string(id),
          .client_port = 6379,
          .redirect_port = 6380,
          .peer_port = 16379,
          .zone = "zone" + std::to_string(id % 3)};
}

// With nodes 1 to `nodes`.
inline ClusterMap MakeCluster(size_t nodes, size_t partitions = 8) {
  ClusterMap map;
  (void)map.Apply(1, CreateCluster{NameOfNode(99), partitions});
  for (NodeId id = 1; id <= nodes; ++id) (void)map.Apply(map.version + 1, AddNode{MakeNode(id)});
  return map;
}

// Commands of all kinds, many of which a map of few nodes and partitions accepts.
class RandomCommands {
 public:
  explicit RandomCommands(uint64_t seed) : random_(seed) {}

  ClusterCommand Next(const ClusterMap& map) {
    const NodeId node = Node();
    switch (random_.Below(16)) {
      case 0:
        return CreateCluster{NameOfNode(random_.Below(3)), size_t{1} << random_.Below(4)};
      case 1:
        return AddNode{MakeNode(node)};
      case 2:
        return RemoveNode{random_.Below(4) == 0 ? node : 7};
      case 3:
        return SetNodeState{node, static_cast<NodeState>(random_.Below(5)), Word()};
      case 4:
        return SetNodeWeight{node, static_cast<uint32_t>(random_.Below(200))};
      case 5:
        return SetNodeZone{node, Word()};
      case 6:
        return SetNodeAddress{node, Word(), 1, 2, static_cast<uint16_t>(random_.Below(9))};
      case 7:
        return SetNodeIncarnation{node, 1 + random_.Below(20)};
      case 8:
        return SetSetting{Kind(), Word(), Word()};
      case 9:
        return DeleteSetting{Kind(), Word()};
      case 10:
      case 11:
        return SetInSync{Partition(), Epoch(map), InSync(map)};
      case 12:
      case 13:
        return Promote{Partition(), Epoch(map), Copy(map)};
      default:
        return Assignments(map);
    }
  }

 private:
  NodeId Node() { return 1 + random_.Below(6); }
  std::string Word() { return std::string(random_.Below(4), 'a'); }
  SettingKind Kind() { return static_cast<SettingKind>(random_.Below(3)); }
  uint64_t Partition() { return partition_ = random_.Below(5); }
  // Mostly that which the partition asked for last has.
  uint64_t Epoch(const ClusterMap& map) {
    if (partition_ >= map.partitions.size()) return 0;
    return map.partitions[partition_].epoch + (random_.Below(8) == 0 ? 1 : 0);
  }
  // Mostly of a replica of that partition.
  InSyncCopy Copy(const ClusterMap& map) {
    NodeId node = Node();
    if (partition_ < map.partitions.size() && random_.Below(4) > 0) {
      const std::vector<NodeId>& replicas = map.partitions[partition_].replicas;
      if (!replicas.empty()) node = replicas[random_.Below(replicas.size())];
    }
    const auto found = map.nodes.find(node);
    return {node, found == map.nodes.end() ? 1 : found->second.incarnation - random_.Below(8) / 7};
  }
  std::vector<InSyncCopy> InSync(const ClusterMap& map) {
    std::vector<InSyncCopy> copies;
    if (partition_ < map.partitions.size()) copies = map.partitions[partition_].in_sync;
    if (random_.Below(3) == 0 && !copies.empty())
      copies.erase(copies.begin() + random_.Below(copies.size()));
    if (random_.Below(2) == 0) copies.push_back(Copy(map));
    return copies;
  }
  AssignPartitions Assignments(const ClusterMap& map) {
    AssignPartitions command;
    for (uint64_t i = 1 + random_.Below(3); i > 0; --i) {
      PartitionAssignment assignment{Partition(), 0, {}};
      assignment.epoch = Epoch(map);
      for (uint64_t k = 1 + random_.Below(3); k > 0; --k) assignment.nodes.push_back(Node());
      command.assignments.push_back(assignment);
    }
    if (random_.Below(3) == 0) command.data_loss = DataLoss::kAccepted;
    return command;
  }

  Random random_;
  uint64_t partition_ = 0;
};

}  // namespace strata
