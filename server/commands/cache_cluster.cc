// CACHE.CLUSTER: who belongs to the cluster and what they are worth, in our own words. Who asks is
// answered when the change has come to this node.

#include <string>

#include "base/text.h"
#include "server/command_tips.h"
#include "server/commands/cache_cluster_plan.h"
#include "server/commands/cache_cluster_views.h"
#include "server/commands/cluster_calls.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

void Init(CommandContext& c) {
  if (ControlPlane* control = ControlPlaneOf(c)) control->Create(AnswerLater(c));
}

void Join(CommandContext& c) {
  ControlPlane* control = ControlPlaneOf(c);
  if (control == nullptr) return;
  const std::string host(c.argument(2));
  const auto port = ParseInt64(c.argument(3));
  const bool is_host = !host.empty() && host.size() <= kMostHostBytes;
  if (!is_host || !port || *port < 1 || *port > UINT16_MAX) {
    return c.reply.Error("ERR a node is joined at its host and cluster-port");
  }
  control->Join(host, static_cast<uint16_t>(*port), AnswerLater(c));
}

// What is asked of the leader is answered later.
void Ask(CommandContext& c, const ControlRequest& request) {
  c.services.control_plane->Ask(request, AnswerLater(c));
}

void Leave(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const bool forced = EqualsIgnoreCase(c.arguments.back(), "force");
  const size_t words = c.arguments.size() - (forced ? 1 : 0);
  if (words > 3) return c.reply.Error(errors::kSyntax);
  const ClusterNode* node = words == 3 ? NodeArgument(c, *reading, 2) : &reading->self();
  if (node == nullptr) return;
  Ask(c, LeaveRequest{node->id, forced ? DataLoss::kAccepted : DataLoss::kRefused});
}

// The node as it would be, if that may be: what is wrong with it is told here.
bool IsValid(CommandContext& c, const ClusterNode& node) {
  const auto fault = FaultOf(node);
  if (fault) c.reply.Error("ERR " + fault->message);
  return !fault;
}

void Weight(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ClusterNode* node = NodeArgument(c, *reading, 2);
  if (node == nullptr) return;
  const auto weight = c.Integer(3);
  if (!weight) return;
  if (*weight < 1 || *weight > kLargestWeight) {
    return c.reply.Error("ERR a weight is 1 to " + std::to_string(kLargestWeight));
  }
  Ask(c, SetNodeWeight{node->id, static_cast<uint32_t>(*weight)});
}

void Zone(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ClusterNode* node = NodeArgument(c, *reading, 2);
  if (node == nullptr) return;
  ClusterNode moved = *node;
  moved.zone = c.argument(3);
  if (IsValid(c, moved)) Ask(c, SetNodeZone{moved.id, moved.zone});
}

void TransferLeader(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  if (c.arguments.size() > 3) return c.reply.Error(errors::kSyntax);
  NodeId to = 0;
  if (c.arguments.size() == 3) {
    const ClusterNode* node = NodeArgument(c, *reading, 2);
    if (node == nullptr) return;
    to = node->id;
  }
  Ask(c, TransferRequest{to});
}

bool IsForNodes(CommandContext& c) {
  const bool is_node = c.client.is_node() || c.client.follows_cluster;
  if (!is_node) c.reply.Error("ERR only nodes of the cluster say this to each other");
  return is_node;
}

// A node asks for its client, which may do less than a node. One whose user is not here yet, or any
// more, may do nothing.
void Act(CommandContext& c) {
  if (!IsForNodes(c)) return;
  const Acl& acl = c.services.acl;
  if (c.arguments.size() > 3) return c.reply.Error(errors::kSyntax);
  const bool is_named = c.arguments.size() == 3;
  const AclUser* user = is_named ? acl.Find(c.argument(2)) : &acl.node_user();
  c.client.user = user != nullptr ? user : &acl.nobody();
  c.reply.Ok();
}

void Follow(CommandContext& c) {
  if (!IsForNodes(c)) return;
  c.services.tracking.Follow(c.services.clock.MonotonicMs());
  c.reply.Ok();
}

// The key is another node's.
void Invalidate(CommandContext& c) {
  if (!IsForNodes(c)) return;
  const KeyRef key = c.services.keyspace.Ref(c.argument(2));
  {
    Shard& shard = c.services.keyspace.shard(c.services.keyspace.ShardIndex(key.hash));
    SpinLock lock(shard.mutex);
    c.services.tracking.InvalidateHere(key, 0);
  }
  c.reply.Ok();
}

void InvalidateAll(CommandContext& c) {
  if (!IsForNodes(c)) return;
  c.services.tracking.InvalidateAllHere();
  c.reply.Ok();
}

// They wait for an answer of the control plane.
constexpr uint32_t kAwaitsCluster = kAdmin | kNoScript | kNoMulti | kBlocking | kStale;

constexpr Command kClusterRows[] = {
    HelpRow(CommandGroup::kCluster, "7.4.0"),
    {.name = "act",
     .arity = -2,
     .flags = kNoScript | kNoAuth | kStale | kFast,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "For nodes: what follows is done with the rights of a user, or again of a node.",
     .grammar = "[user]",
     .handler = Act},
    {.name = "follow",
     .arity = 2,
     .flags = kNoScript | kNoMulti | kNoAuth | kStale | kFast,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "For nodes: clients of the node track keys, of whose changes it wants to be told.",
     .grammar = "",
     .handler = Follow},
    {.name = "invalidate",
     .arity = 3,
     .flags = kNoScript | kNoMulti | kNoAuth | kStale | kFast | kWalksKeyspace,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "For nodes: a key has changed, which clients may track.",
     .grammar = "name",
     .handler = Invalidate},
    {.name = "invalidate-all",
     .arity = 2,
     .flags = kNoScript | kNoMulti | kNoAuth | kStale | kExclusive,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "For nodes: whatever clients track may have changed.",
     .grammar = "",
     .handler = InvalidateAll},
    {.name = "init",
     .arity = 2,
     .flags = kAwaitsCluster,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Makes a node of no cluster the first one of a new cluster.",
     .handler = Init},
    {.name = "join",
     .arity = 4,
     .flags = kAwaitsCluster,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1); then a part of the data moves",
     .summary =
         "Makes a node of no cluster a member of another node's, at that one's cluster-port.",
     .grammar = "host cluster-port:integer",
     .handler = Join},
    {.name = "leave",
     .arity = -2,
     .flags = kAwaitsCluster,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(N) with N the data of the node, which move first",
     .summary =
         "Has a node, or this one, give up its data to others and leave the cluster. FORCE: it is "
         "gone, and so is what only it has.",
     .grammar = "[node-id] [FORCE]",
     .handler = Leave},
    {.name = "nodes",
     .arity = 2,
     .flags = kStale,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(N*M), N being the number of nodes and M that of partitions",
     .summary = "Tells of all nodes: where they are, how they do and why, what they have.",
     .handler = CacheClusterNodes,
     .tips = tips::kVaries},
    {.name = "plan",
     .arity = -3,
     .flags = kAdmin | kStale,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "Depends on the number of nodes and partitions: some milliseconds for ten nodes",
     .summary = "Tells what would move if a node joined or left, or had another weight.",
     .grammar = "(change=JOIN [WEIGHT weight:integer] [ZONE zone]|LEAVE node-id|"
                "WEIGHT node-id weight:integer)",
     .handler = CacheClusterPlan,
     .tips = tips::kVaries},
    {.name = "status",
     .arity = 2,
     .flags = kStale,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(N), N being the number of partitions",
     .summary = "Tells how the cluster does as a whole, and of this node's part in it.",
     .handler = CacheClusterStatus,
     .tips = tips::kVaries},
    {.name = "transfer-leader",
     .arity = -2,
     .flags = kAwaitsCluster,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Has another voter lead: the one named, or any.",
     .grammar = "[node-id]",
     .handler = TransferLeader},
    {.name = "weight",
     .arity = 4,
     .flags = kAwaitsCluster,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1); then a part of the data moves",
     .summary = "Sets what share of the data a node is to have, in proportion to the others.",
     .grammar = "node-id weight:integer",
     .handler = Weight},
    {.name = "zone",
     .arity = 4,
     .flags = kAwaitsCluster,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "O(1); then a part of the data moves",
     .summary = "Sets the zone of a node: copies of the same data lie in different ones.",
     .grammar = "node-id zone",
     .handler = Zone}};

constexpr Command kRows[] = {
    {.name = "cache.cluster",
     .arity = -2,
     .group = CommandGroup::kCluster,
     .since = "7.4.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells about and steers the cluster, in its own terms.",
     .subcommands = kClusterRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> CacheClusterCommands() {
  return kRows;
}

}  // namespace strata
