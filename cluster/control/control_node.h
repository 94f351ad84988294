#pragma once

// Whom a node belongs to, and how that changes:
//
//            Create ─────────────────────────────┐
//   kNone ──┤                                     ├──► kMember ──► kRemoved
//    ▲       Join ──► let in: kJoining ── log ───┘                   │
//    └────────────────────────── Reset ◄────────────────────────────┘
//
// It listens for peers all the time. What lies on its disk says where it begins (node_identity.h).
//
// The control plane's thread's own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cluster/control/control_codec.h"
#include "cluster/control/control_member.h"
#include "cluster/control/control_plane.h"
#include "cluster/control/timed_calls.h"
#include "cluster/membership/node_identity.h"
#include "cluster/raft/store/posix_file_system.h"

namespace strata {

class ControlNode {
 public:
  using Done = ControlPlane::Done;

  // All borrowed.
  struct Means {
    boost::asio::io_context& context;
    boost::asio::thread_pool& placer;
    ControlPlane::Owner& owner;
    TopologyView& view;
    std::function<void(ControlStatus)> on_status;
  };

  ControlNode(const ControlOptions& options, const Means& means);

  // Before Begin, on any thread. An error is for the operator.
  Result<void> Open();
  // Of one that was opened. Thread-safe.
  TlsContext peer_tls() const { return tls_->shared(); }
  void Begin();
  void End();

  // As in ControlPlane.
  void Create(const Done& done);
  void Join(const std::string& host, uint16_t port, const Done& done);
  void ExpectMeeting() { expects_meeting_ = true; }
  void Reset(const Done& done);
  void Ask(const ControlRequest& request, const Done& done);

 private:
  Result<void> OpenStore();
  Result<void> OpenLinks();
  Result<void> TryCreate();
  Result<void> BeginMember(const std::string& cluster_id);
  void EndMember();
  void OnMap();
  void FollowPeers(const ClusterMap& map);
  void ForgetAll(const Done& done);
  bool IsStillNeeded() const;
  // Why it can become nothing else just now; nothing if it can.
  std::optional<Error> Busy() const;
  void OnJoin(const std::string& payload, const PeerMesh::JoinAnswer& answer);
  void OnJoined(const Result<std::string>& payload, const Done& done);
  // `done` when this node is in its map.
  void AwaitMap(const Done& done);
  void Fail(const Error& error) { means_.owner.OnFailure(error); }

  void TickLater();
  void Tick();
  // Belongs it to none, and was told where to.
  void SeekCluster();
  ControlStatus Status() const;
  ClusterNode Self() const;

  const ControlOptions options_;
  const Means means_;
  SystemClock clock_;
  Random random_{RandomSeed()};
  raft::PosixFileSystem files_;
  const IdentityPlace place_;
  NodeIdentity identity_;
  std::optional<raft::Store::Opened> opened_;  // while it is no member
  std::optional<PeerTls> tls_;
  std::unique_ptr<PeerMesh> mesh_;
  std::shared_ptr<ControlMember> member_;  // null: it belongs to none
  std::vector<PeerAddress> first_peers_;   // until the map says who they are
  PeerMesh::Addresses addresses_;          // of all that it speaks to
  TimedCalls entries_;                     // into the map
  TimedCalls exits_;                       // out of it, for a reset
  boost::asio::steady_timer timer_;
  Belonging belonging_ = Belonging::kNone;
  bool expects_meeting_ = false;
  Done asking_;                 // of who has it ask to be let in; null: it does not
  bool is_forgetting_ = false;  // what it was
  size_t next_seed_ = 0;        // of options_.join
  int64_t next_seek_ms_ = 0;
  int64_t removed_ms_ = 0;  // when it saw that; 0: it was not
  int64_t led_ms_ = 0;      // when it knew of a leader, or began to look for one
  bool has_ended_ = false;
};

}  // namespace strata
