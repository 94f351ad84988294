#include "server/commands/cache_cluster_views.h"

#include <string>

#include "server/cluster/cluster_report.h"
#include "server/commands/cluster_calls.h"

namespace strata {
namespace {

void Text(CommandContext& c, std::string_view name, std::string_view value) {
  c.reply.Bulk(name);
  c.reply.Bulk(value);
}

void Number(CommandContext& c, std::string_view name, uint64_t value) {
  c.reply.Bulk(name);
  c.reply.Integer(static_cast<int64_t>(value));
}

void Names(CommandContext& c, std::string_view name, const std::set<NodeId>& nodes,
           const ClusterReading& reading) {
  c.reply.Bulk(name);
  c.reply.Array(nodes.size());
  for (const NodeId node : nodes) c.reply.Bulk(reading.NameOf(node));
}

void Reply(CommandContext& c, const NodeReport& report) {
  const ClusterNode& node = *report.node;
  c.reply.Map(15);
  Text(c, "name", node.name);
  Text(c, "host", node.host);
  Number(c, "port", node.client_port);
  Number(c, "redirect-port", node.redirect_port);
  Number(c, "cluster-port", node.peer_port);
  Number(c, "weight", node.weight);
  Text(c, "zone", node.zone);
  Text(c, "state", NameOf(node.state));
  Text(c, "reason", node.reason);
  Text(c, "role", report.role);
  Number(c, "incarnation", node.incarnation);
  Number(c, "primaries", report.primaries);
  Number(c, "copies", report.copies);
  Text(c, "link", report.link);
  Text(c, "link-error", report.link_error);
}

// Of this node's part in Raft.
void ReplyConsensus(CommandContext& c, const ClusterReading& reading) {
  const ControlStatus& status = *reading.status;
  Text(c, "role", NameOf(status.role));
  Number(c, "term", status.term);
  Text(c, "leader", status.leader == 0 ? "" : reading.NameOf(status.leader));
  Number(c, "last-index", status.last_index);
  Number(c, "commit-index", status.commit);
  Number(c, "applied-index", status.applied);
  Number(c, "snapshot-index", status.snapshot);
  Names(c, "voters", status.configuration.voters, reading);
  Names(c, "learners", status.configuration.learners, reading);
}

}  // namespace

void CacheClusterNodes(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const std::vector<NodeReport> reports = ReportNodes(*reading);
  c.reply.Array(reports.size());
  for (const NodeReport& report : reports) Reply(c, report);
}

void CacheClusterStatus(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  const ClusterReport report = ReportCluster(*reading);
  c.reply.Map(17);
  Text(c, "cluster-id", reading->status->cluster_id);
  Text(c, "belonging", NameOf(reading->status->belonging));
  Text(c, "self", reading->self().name);
  ReplyConsensus(c, *reading);
  c.reply.Bulk("nodes");
  c.reply.Map(kNodeStates);
  for (size_t i = 0; i < kNodeStates; ++i) {
    Number(c, NameOf(static_cast<NodeState>(i)), report.nodes_by_state[i]);
  }
  Number(c, "partitions", report.partitions);
  Number(c, "partitions-without-primary", report.without_primary);
  Number(c, "copies-in-sync", report.copies);
  Number(c, "copies-under-way", report.copies_under_way);
}

}  // namespace strata
