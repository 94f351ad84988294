#include "server/cluster/cluster_report.h"

#include "server/cluster/slot_ranges.h"

namespace strata {
namespace {

std::string_view RoleOf(const ControlStatus& status, NodeId node) {
  if (status.leader == node) return "leader";
  if (status.configuration.Votes(node)) return "voter";
  return status.configuration.Has(node) ? "learner" : "none";
}

void CountPartitions(const ClusterMap& map, NodeReport& report) {
  for (const PartitionState& partition : map.partitions) {
    report.primaries += partition.primary == report.node->id ? 1 : 0;
    report.copies += partition.HasCopyOn(report.node->id) ? 1 : 0;
  }
}

}  // namespace

std::string_view NameOf(NodeState state) {
  constexpr std::string_view kNames[] = {"joining", "up", "suspect", "down", "leaving"};
  static_assert(std::size(kNames) == kNodeStates);
  return kNames[static_cast<size_t>(state)];
}

std::string_view NameOf(Belonging belonging) {
  constexpr std::string_view kNames[] = {"none", "joining", "member", "removed"};
  return kNames[static_cast<size_t>(belonging)];
}

std::string_view NameOf(raft::Role role) {
  constexpr std::string_view kNames[] = {"follower", "pre-candidate", "candidate", "leader"};
  return kNames[static_cast<size_t>(role)];
}

std::vector<NodeReport> ReportNodes(const ClusterReading& reading) {
  const ControlStatus& status = *reading.status;
  std::vector<NodeReport> reports;
  for (const ClusterNode* node : reading.nodes()) {
    NodeReport report{.node = node, .role = RoleOf(status, node->id), .link = "self"};
    if (!reading.is_self(node->id)) {
      report.link = reading.IsLinked(node->id) ? "up" : "down";
      const auto link = status.links.find(node->id);
      if (link != status.links.end()) report.link_error = link->second.last_error;
    }
    CountPartitions(reading.members_map(), report);
    reports.push_back(std::move(report));
  }
  return reports;
}

ClusterReport ReportCluster(const ClusterReading& reading) {
  const ClusterMap& map = reading.members_map();
  ClusterReport report;
  for (const ClusterNode* node : reading.nodes()) {
    ++report.nodes_by_state[static_cast<size_t>(node->state)];
  }
  report.partitions = map.partitions.size();
  for (const PartitionState& partition : map.partitions) {
    const ClusterNode* primary = partition.primary == 0 ? nullptr : reading.Find(partition.primary);
    if (primary == nullptr || primary->state == NodeState::kDown) ++report.without_primary;
    if (primary == nullptr) continue;
    const SlotCopies copies = CopiesOf(partition, map);
    report.copies += 1 + copies.in_sync.size();
    report.copies_under_way += copies.behind.size();
  }
  return report;
}

}  // namespace strata
