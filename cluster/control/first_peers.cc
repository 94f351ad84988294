#include "cluster/control/first_peers.h"

#include <map>

#include "cluster/membership/cluster_command_codec.h"
#include "cluster/membership/cluster_map_codec.h"

namespace strata {

std::vector<PeerAddress> FirstPeersOf(const raft::Recovered& recovered) {
  std::map<NodeId, PeerAddress> peers;
  const Result<ClusterMap> map = DecodeClusterMap(recovered.snapshot.state);
  if (map) {
    for (const auto& [id, node] : map->nodes) peers[id] = {id, node.host, node.peer_port};
  }
  for (const raft::Entry& entry : recovered.entries) {
    if (entry.kind != raft::EntryKind::kCommand) continue;
    const Result<ClusterCommand> command = DecodeCommand(entry.command);
    if (!command) continue;
    if (const auto* add = std::get_if<AddNode>(&*command)) {
      peers[add->node.id] = {add->node.id, add->node.host, add->node.peer_port};
    } else if (const auto* moved = std::get_if<SetNodeAddress>(&*command)) {
      peers[moved->node] = {moved->node, moved->host, moved->peer_port};
    }
  }
  std::vector<PeerAddress> list;
  for (auto& [id, peer] : peers) list.push_back(std::move(peer));
  return list;
}

}  // namespace strata
