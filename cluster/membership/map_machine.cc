#include "cluster/membership/map_machine.h"

#include <utility>

#include "cluster/membership/cluster_command_codec.h"
#include "cluster/membership/cluster_map_codec.h"

namespace strata {

Result<void> MapMachine::Apply(const raft::Entry& entry) {
  if (entry.kind != raft::EntryKind::kCommand) return {};
  const Result<ClusterCommand> command = DecodeCommand(entry.command);
  if (!command) return command.error();
  const Result<void> outcome = map_.Apply(entry.index, *command);
  view_.Publish(map_);
  return outcome;
}

Result<void> MapMachine::Restore(const raft::Snapshot& snapshot) {
  Result<ClusterMap> map = DecodeClusterMap(snapshot.state);
  if (!map) return Error{"the snapshot of the cluster's map: " + map.error().message};
  if (map->version < map_.version || map->version > snapshot.index) {
    return Error{"the snapshot of the cluster's map is of another time"};
  }
  if (map->version == map_.version) return {};
  map_ = std::move(*map);
  view_.Publish(map_);
  return {};
}

std::string MapMachine::State() const {
  return EncodeClusterMap(map_);
}

}  // namespace strata
