#include "server/commands/cache_cluster_plan.h"

#include <string>

#include "cluster/leader/plan_preview.h"
#include "cluster/leader/target.h"
#include "server/commands/cluster_calls.h"

namespace strata {
namespace {

std::optional<uint32_t> WeightArgument(CommandContext& c, ArgumentReader& reader) {
  const auto weight = reader.Integer();
  if (weight && *weight >= 1 && *weight <= kLargestWeight) return static_cast<uint32_t>(*weight);
  c.reply.Error("ERR a weight is 1 to " + std::to_string(kLargestWeight));
  return std::nullopt;
}

// Of a node that would join: [WEIGHT weight] [ZONE zone].
std::optional<HypotheticalChange> ReadJoin(CommandContext& c, ArgumentReader& reader) {
  NodeWouldJoin join;
  while (!reader.done()) {
    if (reader.Take("weight", 1)) {
      const auto weight = WeightArgument(c, reader);
      if (!weight) return std::nullopt;
      join.weight = *weight;
    } else if (reader.Take("zone", 1)) {
      join.zone = reader.Next();
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return join;
}

// Nothing, after an error reply, if there is no such change.
std::optional<HypotheticalChange> ReadChange(CommandContext& c, const ClusterReading& reading) {
  ArgumentReader reader(c.arguments, 2);
  if (reader.Take("join")) return ReadJoin(c, reader);
  const bool leaves = c.arguments.size() == 4 && reader.Take("leave", 1);
  const bool weighs = c.arguments.size() == 5 && reader.Take("weight", 2);
  if (!leaves && !weighs) {
    c.reply.Error(errors::kSyntax);
    return std::nullopt;
  }
  const ClusterNode* node = NodeArgument(c, reading, 3);
  if (node == nullptr) return std::nullopt;
  if (leaves) return NodeWouldLeave{node->id};
  reader.Next();
  const auto weight = WeightArgument(c, reader);
  if (!weight) return std::nullopt;
  return NodeWouldWeigh{node->id, *weight};
}

void ReplyShare(CommandContext& c, std::string_view name, const NodeShare& share) {
  c.reply.Bulk(name);
  c.reply.Map(2);
  c.reply.Bulk("primaries");
  c.reply.Integer(static_cast<int64_t>(share.primaries));
  c.reply.Bulk("copies");
  c.reply.Integer(static_cast<int64_t>(share.copies));
}

void Reply(CommandContext& c, const Plan& plan, const ClusterReading& reading) {
  c.reply.Map(5);
  c.reply.Bulk("copies");
  c.reply.Integer(static_cast<int64_t>(plan.copies));
  c.reply.Bulk("copies-that-move");
  c.reply.Integer(static_cast<int64_t>(plan.copies_that_move()));
  c.reply.Bulk("share-that-moves");
  c.reply.Double(plan.share_that_moves());
  c.reply.Bulk("primaries-that-change");
  c.reply.Integer(static_cast<int64_t>(plan.primary_changes.size()));
  c.reply.Bulk("nodes");
  c.reply.Array(plan.nodes.size());
  for (const auto& [id, change] : plan.nodes) {
    c.reply.Map(3);
    c.reply.Bulk("name");
    c.reply.Bulk(id == kHypotheticalNode ? "joining" : reading.NameOf(id));
    ReplyShare(c, "before", change.before);
    ReplyShare(c, "after", change.after);
  }
}

}  // namespace

void CacheClusterPlan(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  if (reading->members_map().nodes.empty()) {
    return c.reply.Error("ERR this node is a member of no cluster");
  }
  const auto change = ReadChange(c, *reading);
  if (!change) return;
  const auto usual = static_cast<size_t>(c.options().cluster_replicas) + 1;
  const size_t copies = CopiesWanted(*reading->map, usual);
  const Result<Plan> plan = PreviewOf(*reading->map, copies, *change);
  if (!plan) return c.reply.Error("ERR " + plan.error().message);
  Reply(c, *plan, *reading);
}

}  // namespace strata
