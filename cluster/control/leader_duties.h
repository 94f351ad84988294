#pragma once

// What a leader does without being asked: it says which nodes run, who votes, and which partitions
// go where. One decision at a time: what is next depends on the map that the one before has made.
//
//   FailureDetector ──► node states ─┐
//   core().followers() ──────────────┴──► NextConfiguration ──► NextSteps, towards a target
//
// A target takes placement up to a second, and heartbeats must not wait for that: so it is worked
// out on a thread of its own, from a copy of what it depends on.
//
// One lives as long as a node leads. The control plane's thread's own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "base/clock.h"
#include "cluster/leader/failure_detector.h"
#include "cluster/leader/target.h"
#include "cluster/membership/cluster_map.h"
#include "cluster/raft/driver.h"

namespace strata {

class LeaderDuties {
 public:
  using Done = raft::Driver::Done;

  // All borrowed.
  struct Means {
    boost::asio::io_context& context;
    boost::asio::thread_pool& placer;
    const Clock& clock;
    raft::Driver& driver;
    std::function<void(const ClusterCommand&, Done)> propose;
    size_t usual_copies;  // of each partition, unless the map says otherwise
  };

  explicit LeaderDuties(const Means& means)
      : means_(means), detector_({}, means.clock.MonotonicMs()) {}

  void Heard(NodeId node) { detector_.Heard(node, means_.clock.MonotonicMs()); }
  // It has left.
  void Forget(NodeId node) { detector_.Forget(node); }
  void Tick(const ClusterMap& map);

 private:
  // Each is true if there was something to do.
  bool JudgeNodes(const ClusterMap& map);
  bool ChooseVoters(const ClusterMap& map);
  bool Rebalance(const ClusterMap& map);

  // A node that has left the map a moment ago, and is to hear of that before it is sent no more.
  bool IsSayingGoodbye(const ClusterMap& map);
  // Asks for another target, if what it depends on is another.
  void FollowTarget(const ClusterMap& map);
  std::set<NodeId> CaughtUp(const ClusterMap& map);
  // Counts what is under way.
  void Propose(const ClusterCommand& command);
  Done Counted(std::string what);

  const Means means_;
  FailureDetector detector_;
  int64_t goodbye_ms_ = 0;  // since when one is said; 0: none is
  // Both are shared with callbacks, which may come later than this lives.
  const std::shared_ptr<size_t> under_way_ = std::make_shared<size_t>(0);
  const std::shared_ptr<PartitionTable> target_ = std::make_shared<PartitionTable>();
  std::optional<TargetKey> target_key_;  // that it was asked for
  const std::shared_ptr<raft::Index> settled_ = std::make_shared<raft::Index>(0);  // nothing to do
};

}  // namespace strata
