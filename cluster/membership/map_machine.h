#pragma once

// The cluster map as what Raft's log builds: entries are commands of cluster_command.h. Every
// change is published for all threads before whoever proposed it is told.
//
// The control plane's own.

#include "cluster/membership/cluster_map.h"
#include "cluster/membership/topology_view.h"
#include "cluster/raft/driver.h"

namespace strata {

class MapMachine final : public raft::StateMachine {
 public:
  // The view is borrowed; nobody else publishes there.
  explicit MapMachine(TopologyView& view) : view_(view) {}

  const ClusterMap& map() const { return map_; }

  Result<void> Apply(const raft::Entry& entry) override;
  Result<void> Restore(const raft::Snapshot& snapshot) override;
  std::string State() const override;

 private:
  TopologyView& view_;
  ClusterMap map_;
};

}  // namespace strata
