#pragma once

// A node's part in its cluster: who it is, the log that all share, the links to the others, and,
// while it leads, the care for all of them.
//
//   commands ──► Ask ──► the leader's Driver ──► log ──► MapMachine ──► topology() ──► all threads
//
// All of it runs on one thread of its own, since writes to disk block; what is public here is
// thread-safe and returns at once. `Done` is called on that thread, exactly once.
//
// A node is at first one of no cluster: then it may create one, or join that of another node.

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/tls_context.h"
#include "base/unique_fd.h"
#include "cluster/control/control_options.h"
#include "cluster/control/control_request.h"
#include "cluster/control/control_status.h"
#include "cluster/membership/topology_view.h"

namespace strata {

class ControlPlane {
 public:
  using Done = std::function<void(const Result<void>&)>;

  // What it tells its owner, on its own thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    // The map is another. Called before whoever asked for the change is told.
    virtual void OnMap(const TopologyView::Pointer& map) = 0;
    // A stranger that says to be a node with commands; TLS by peer_tls() comes first.
    virtual void OnDataLink(UniqueFd socket) = 0;
    // It cannot go on, and the process has to end.
    virtual void OnFailure(const Error& error) = 0;
  };

  // Opens what is on disk and listens for peers. An error is for the operator. The owner is
  // borrowed.
  static Result<std::unique_ptr<ControlPlane>> Open(const ControlOptions& options, Owner& owner);
  // Ends its thread.
  ~ControlPlane();

  // Its thread begins.
  void Start();

  const TopologyView& topology() const;
  // By which nodes know each other. It stays as long as this does.
  TlsContext peer_tls() const;
  // Never null; not older than some tens of milliseconds.
  std::shared_ptr<const ControlStatus> status() const;

  // Of a node of no cluster: it is the first one of a new cluster.
  void Create(Done done);
  // Of a node of no cluster: it becomes a member of the one that the node at this address belongs
  // to. Port: the peer port. Done when it is let in.
  void Join(const std::string& host, uint16_t port, Done done);
  // Of a node of no cluster: who asks to join it makes it create one (redis-cli --cluster create
  // gives slots to all nodes, and then has all but the first meet the first).
  void ExpectMeeting();
  // Of a node of no cluster, or one that was removed: it forgets all, and is a new node with a new
  // name.
  void Reset(Done done);
  // Of a member. Done when the change has come to this node's map, too.
  void Ask(const ControlRequest& request, Done done);

 private:
  class Thread;

  explicit ControlPlane(std::unique_ptr<Thread> thread);

  const std::unique_ptr<Thread> thread_;
};

}  // namespace strata
