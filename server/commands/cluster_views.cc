#include "server/commands/cluster_views.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cluster/hash_slot.h"
#include "server/cluster/cluster_description.h"
#include "server/cluster/slot_ranges.h"
#include "server/commands/cluster_calls.h"
#include "server/routing/redirection.h"

namespace strata {
namespace {

ClusterTexts TextsOf(CommandContext& c, const ClusterReading& reading) {
  const Clock& clock = c.services.clock;
  return {reading, clock.WallMs() - clock.MonotonicMs()};
}

// As CLUSTER SLOTS has them; what is known of it besides comes last, which is nothing.
void SlotsNode(CommandContext& c, const ClusterNode& node) {
  c.reply.Array(4);
  c.reply.Bulk(node.host);
  c.reply.Integer(node.redirect_port);
  c.reply.Bulk(node.name);
  c.reply.Array(0);
}

enum class ShardRole : uint8_t { kMaster, kReplica, kReplicaBehind };

struct ShardNode {
  const ClusterNode* node;
  ShardRole role;
};

std::string_view HealthOf(const ShardNode& member) {
  if (member.node->state == NodeState::kDown) return "fail";
  return member.role == ShardRole::kReplicaBehind ? "loading" : "online";
}

void Reply(CommandContext& c, const ShardNode& member) {
  c.reply.Map(7);
  c.reply.Bulk("id");
  c.reply.Bulk(member.node->name);
  c.reply.Bulk("port");
  c.reply.Integer(member.node->redirect_port);
  c.reply.Bulk("ip");
  c.reply.Bulk(member.node->host);
  c.reply.Bulk("endpoint");
  c.reply.Bulk(member.node->host);
  c.reply.Bulk("role");
  c.reply.Bulk(member.role == ShardRole::kMaster ? "master" : "replica");
  c.reply.Bulk("replication-offset");
  c.reply.Integer(0);
  c.reply.Bulk("health");
  c.reply.Bulk(HealthOf(member));
}

std::vector<ShardNode> NodesOf(const ClusterReading& reading, const SlotCopies& copies) {
  std::vector<ShardNode> nodes;
  const auto add = [&](NodeId id, ShardRole role) {
    if (const ClusterNode* node = reading.Find(id)) nodes.push_back({node, role});
  };
  add(copies.primary, ShardRole::kMaster);
  for (const NodeId id : copies.in_sync) add(id, ShardRole::kReplica);
  for (const NodeId id : copies.behind) add(id, ShardRole::kReplicaBehind);
  return nodes;
}

void ReplyShard(CommandContext& c, const std::vector<SlotRange>& slots,
                const std::vector<ShardNode>& nodes) {
  c.reply.Map(2);
  c.reply.Bulk("slots");
  c.reply.Array(slots.size() * 2);
  for (const SlotRange& range : slots) {
    c.reply.Integer(range.first);
    c.reply.Integer(range.last);
  }
  c.reply.Bulk("nodes");
  c.reply.Array(nodes.size());
  for (const ShardNode& node : nodes) Reply(c, node);
}

}  // namespace

void ClusterInfo(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (reading) c.reply.Verbatim("txt", DescribeCluster(*reading));
}

void ClusterNodes(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (reading) c.reply.Verbatim("txt", TextsOf(c, *reading).Nodes());
}

// As in Redis, of the replicas only those that can be read from.
void ClusterSlots(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ShowReplicas show = ReplicasHaveData() ? ShowReplicas::kYes : ShowReplicas::kNo;
  const std::vector<SlotsAndCopies> all = SlotsForClients(reading->members_map(), show);
  c.reply.Array(all.size());
  for (const auto& [slots, copies] : all) {
    std::vector<const ClusterNode*> nodes;
    for (const ShardNode& member : NodesOf(*reading, copies)) {
      const bool is_primary = member.role == ShardRole::kMaster;
      if (is_primary || HealthOf(member) == "online") nodes.push_back(member.node);
    }
    c.reply.Array(2 + nodes.size());
    c.reply.Integer(slots.first);
    c.reply.Integer(slots.last);
    for (const ClusterNode* node : nodes) SlotsNode(c, *node);
  }
}

// A shard is what Redis calls a master with its replicas: here, slots that lie on the same nodes.
void ClusterShards(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ClusterMap& map = reading->members_map();
  std::map<SlotCopies, std::vector<SlotRange>> shards;
  for (const auto& [slots, copies] : SlotsByCopies(map)) shards[copies].push_back(slots);
  std::vector<const ClusterNode*> without_slots;
  for (const ClusterNode* node : reading->nodes()) {
    if (SlotsOfPrimary(map, node->id).empty()) without_slots.push_back(node);
  }
  c.reply.Array(shards.size() + without_slots.size());
  for (const auto& [copies, slots] : shards) ReplyShard(c, slots, NodesOf(*reading, copies));
  for (const ClusterNode* node : without_slots) ReplyShard(c, {}, {{node, ShardRole::kMaster}});
}

// Also of MYSHARDID: no two nodes have the same slots, so each is a shard of its own.
void ClusterMyId(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (reading) c.reply.Bulk(reading->self().name);
}

void ClusterKeySlot(CommandContext& c) {
  if (ControlPlaneOf(c) != nullptr) c.reply.Integer(HashSlotOf(c.argument(2)));
}

void ClusterReplicas(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ClusterNode* primary = NodeArgument(c, *reading, 2);
  if (primary == nullptr) return;
  std::set<NodeId> replicas;
  for (const PartitionState& partition : reading->members_map().partitions) {
    if (partition.primary != primary->id) continue;
    replicas.insert(partition.replicas.begin(), partition.replicas.end());
  }
  const ClusterTexts texts = TextsOf(c, *reading);
  c.reply.Array(replicas.size());
  for (const NodeId id : replicas) c.reply.Bulk(texts.Node(*reading->Find(id), primary));
}

// What nobody counts of a link is zero.
void ClusterLinks(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  std::vector<std::string> up;
  for (const auto& [node, link] : reading->status->links) {
    if (link.is_up) up.push_back(reading->NameOf(node));
  }
  c.reply.Array(up.size());
  for (const std::string& name : up) {
    c.reply.Map(6);
    c.reply.Bulk("direction");
    c.reply.Bulk("to");
    c.reply.Bulk("node");
    c.reply.Bulk(name);
    c.reply.Bulk("create-time");
    c.reply.Integer(0);
    c.reply.Bulk("events");
    c.reply.Bulk("r");
    c.reply.Bulk("send-buffer-allocated");
    c.reply.Integer(0);
    c.reply.Bulk("send-buffer-used");
    c.reply.Integer(0);
  }
}

// The leader alone judges, for all.
void ClusterCountFailureReports(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ClusterNode* node = NodeArgument(c, *reading, 2);
  if (node == nullptr) return;
  const bool failed = node->state == NodeState::kSuspect || node->state == NodeState::kDown;
  c.reply.Integer(failed ? 1 : 0);
}

}  // namespace strata
