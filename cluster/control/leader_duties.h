#pragma once

// What a leader does without being asked: it says which nodes run, who votes, and which partitions
// go where. One decision at a time: what is next depends on the map that the one before has made.
//
//   FailureDetector ──► node states ─┐
//   core().followers() ──────────────┴──► NextConfiguration ──► Rebalancer
//
// One lives as long as a node leads. The control plane's thread's own.

#include <functional>
#include <memory>
#include <set>

#include "base/clock.h"
#include "cluster/leader/failure_detector.h"
#include "cluster/membership/cluster_map.h"
#include "cluster/raft/driver.h"

namespace strata {

class LeaderDuties {
 public:
  using Done = raft::Driver::Done;

  // All borrowed.
  struct Means {
    const Clock& clock;
    raft::Driver& driver;
    std::function<void(const ClusterCommand&, Done)> propose;
  };

  explicit LeaderDuties(const Means& means)
      : means_(means), detector_({}, means.clock.MonotonicMs()) {}

  void Heard(NodeId node) { detector_.Heard(node, means_.clock.MonotonicMs()); }
  void Tick(const ClusterMap& map);

 private:
  // Each is true if there was something to do.
  bool JudgeNodes(const ClusterMap& map);
  bool ChooseVoters(const ClusterMap& map);

  std::set<NodeId> CaughtUp(const ClusterMap& map);
  // Counts what is under way.
  void Propose(const ClusterCommand& command);
  Done Counted(std::string what);

  const Means means_;
  FailureDetector detector_;
  // Shared with the callbacks of proposals, which may come later than this lives.
  const std::shared_ptr<size_t> under_way_ = std::make_shared<size_t>(0);
};

}  // namespace strata
