#pragma once

// A node that belongs to a cluster: it has its part of the log, follows the map that the log
// builds, and carries what it is asked for to the leader, be it itself.
//
// The control plane's thread's own.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <set>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "cluster/control/control_options.h"
#include "cluster/control/control_request.h"
#include "cluster/control/leader_duties.h"
#include "cluster/control/leader_requests.h"
#include "cluster/control/version_waits.h"
#include "cluster/membership/map_machine.h"
#include "cluster/peer/peer_mesh.h"
#include "cluster/raft/driver.h"

namespace strata {

class ControlMember final : private raft::StateMachine {
 public:
  using Done = raft::Driver::Done;

  // All borrowed.
  struct Means {
    boost::asio::io_context& context;
    boost::asio::thread_pool& placer;
    const Clock& clock;
    Random& random;
    PeerMesh& mesh;
    TopologyView& view;
    std::function<void()> on_map;  // the map is another; before whoever asked for it is told
    std::function<void(const Error&)> on_failure;
  };

  // `self` as others are to know it. `opened` is its log, or an empty one if it was just let in.
  ControlMember(const ClusterNode& self, const ControlOptions& options, const Means& means,
                raft::Store::Opened opened);

  Result<void> Begin() { return driver_.Begin(); }
  // `done` is called once, perhaps before this returns.
  void Ask(const ControlRequest& request, Done done);
  void OnRaft(const raft::Message& message);
  void OnFrame(NodeId from, const Frame& frame);
  // Every some tens of milliseconds.
  void Tick();
  // It says nothing any more. What is under way is told so.
  void End();

  const raft::Core& core() const { return driver_.core(); }
  const ClusterMap& map() const { return machine_.map(); }
  bool is_leader() const { return core().role() == raft::Role::kLeader; }
  // When a node said anything; monotonic, 0: not yet.
  int64_t heard_ms(NodeId node) const;

 private:
  using Led = LeaderRequests::Done;

  Result<void> Apply(const raft::Entry& entry) override;
  Result<void> Restore(const raft::Snapshot& snapshot) override;
  std::string State() const override { return machine_.State(); }
  void FollowMap();

  // As the leader.
  void Lead(const ControlRequest& request, const Led& done);
  void Propose(const ClusterCommand& command, const Led& done);
  void Leave(const LeaveRequest& request, const Led& done);
  void Transfer(const TransferRequest& request, const Led& done);
  void FollowRole();
  // What it says of itself, until the map has it.
  void Announce();
  void AskOnce(const ControlRequest& request);
  // As a primary: who of its partitions' copies is in sync.
  void FollowCopies();

  const ClusterNode self_;
  const ControlOptions& options_;
  const Means means_;
  MapMachine machine_;
  raft::Driver driver_;
  std::unique_ptr<LeaderDuties> duties_;  // while it leads
  LeaderRequests requests_;
  VersionWaits waits_;
  std::map<NodeId, int64_t> heard_ms_;
  int64_t next_announcement_ms_ = 0;
  std::set<uint64_t> sync_under_way_;  // partitions
};

}  // namespace strata
