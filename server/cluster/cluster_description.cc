#include "server/cluster/cluster_description.h"

#include <algorithm>
#include <set>

#include "server/cluster/slot_ranges.h"
#include "server/routing/route.h"

namespace strata {
namespace {

std::string FlagsOf(const ClusterReading& reading, const ClusterNode& node,
                    const ClusterNode* replica_of) {
  std::string flags = reading.is_self(node.id) ? "myself," : "";
  flags += replica_of == nullptr ? "master" : "slave";
  if (node.state == NodeState::kSuspect) flags += ",fail?";
  if (node.state == NodeState::kDown) flags += ",fail";
  return flags;
}

struct SlotTally {
  size_t assigned = 0;
  size_t suspect = 0;  // their primary is
  size_t down = 0;     // nobody serves them
  std::set<NodeId> primaries;
};

// As this node sees it, and serves.
SlotTally TallyOf(const ClusterReading& reading) {
  const ClusterMap& map = reading.members_map();
  const RouteTable routes(map, {reading.status->self.id, reading.status->incarnation});
  SlotTally tally;
  for (size_t i = 0; i < map.partitions.size(); ++i) {
    const NodeId primary = map.partitions[i].primary;
    if (primary == 0) continue;
    const size_t slots = SlotsPerPartition(map.partitions.size());
    tally.assigned += slots;
    tally.primaries.insert(primary);
    if (routes.PrimaryOf(FirstSlotOf(i, map.partitions.size())) == 0) {
      tally.down += slots;
    } else if (map.nodes.at(primary).state == NodeState::kSuspect) {
      tally.suspect += slots;
    }
  }
  return tally;
}

}  // namespace

uint64_t ConfigEpochOf(const ClusterMap& map, NodeId node) {
  uint64_t epoch = 0;
  for (const PartitionState& partition : map.partitions) {
    if (partition.primary == node) epoch = std::max(epoch, partition.epoch);
  }
  return epoch;
}

std::string ClusterTexts::Node(const ClusterNode& node, const ClusterNode* replica_of) const {
  const ClusterMap& map = reading.members_map();
  const auto link = reading.status->links.find(node.id);
  const int64_t heard_ms = link == reading.status->links.end() ? 0 : link->second.heard_ms;
  const int64_t pong_ms = heard_ms == 0 ? 0 : heard_ms + unix_minus_monotonic_ms;
  std::string line = node.name + " " + node.host + ":" + std::to_string(node.redirect_port) + "@" +
                     std::to_string(node.peer_port);
  line += " " + FlagsOf(reading, node, replica_of);
  line += replica_of == nullptr ? " -" : " " + replica_of->name;
  line += " 0 " + std::to_string(pong_ms) + " " + std::to_string(ConfigEpochOf(map, node.id));
  line += reading.IsLinked(node.id) ? " connected" : " disconnected";
  if (replica_of == nullptr) {
    for (const SlotRange& range : SlotsOfPrimary(map, node.id)) line += " " + FormatSlots(range);
  }
  return line;
}

std::string ClusterTexts::Nodes() const {
  std::string lines;
  for (const ClusterNode* node : reading.nodes()) lines += Node(*node) + "\n";
  return lines;
}

std::string DescribeCluster(const ClusterReading& reading) {
  const SlotTally tally = TallyOf(reading);
  const ClusterMap& map = reading.members_map();
  std::string text = tally.assigned == kHashSlots && tally.down == 0 ? "cluster_state:ok\r\n"
                                                                     : "cluster_state:fail\r\n";
  const auto add = [&text](std::string_view name, uint64_t value) {
    text.append(name).append(":").append(std::to_string(value)).append("\r\n");
  };
  add("cluster_slots_assigned", tally.assigned);
  add("cluster_slots_ok", tally.assigned - tally.suspect - tally.down);
  add("cluster_slots_pfail", tally.suspect);
  add("cluster_slots_fail", tally.down);
  add("cluster_known_nodes", reading.nodes().size());
  add("cluster_size", tally.primaries.size());
  add("cluster_current_epoch", map.version);
  add("cluster_my_epoch", ConfigEpochOf(map, reading.self().id));
  // Redis counts the messages of its gossip, which there is none of here.
  add("cluster_stats_messages_sent", 0);
  add("cluster_stats_messages_received", 0);
  add("total_cluster_links_buffer_limit_exceeded", 0);
  return text;
}

}  // namespace strata
