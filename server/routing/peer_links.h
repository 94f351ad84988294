#pragma once

// One thread's links to the nodes of its cluster, on which commands go to those that have the keys:
// to each node one for each version of RESP. A link goes to the node's peer port, is TLS by which
// nodes know each other, and speaks RESP from there on. What goes over it is answered in order,
// whoever asked; so nothing that may wait is sent. Links to other nodes in RESP2, which carry news
// as well, are there from the start, and others from when they are first asked for.
//
// One I/O thread's own.

#include <map>
#include <vector>

#include "cluster/control/control_plane.h"
#include "cluster/remote/endpoint_set.h"
#include "cluster/remote/remote_servers.h"
#include "protocol/reply_builder.h"

namespace strata {

// Of a link to another node.
RemoteOptions PeerLinkOptions(RespVersion version);
// Where those are that can be reached, as far as the cluster knows.
std::map<NodeId, RemoteAddress> PeerAddressesOf(const ClusterMap& map);

class PeerLinks final : private RemoteEndpoint::Owner {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // Both may send.
    virtual void OnReply(const RequestQueue::Answered& answered, const RemoteReply& reply) = 0;
    virtual void OnFailure(const RemoteRequest& request, RemoteFailure failure) = 0;
  };

  // All borrowed.
  PeerLinks(const RemoteThread& thread, TlsContext tls, Listener& listener);
  ~PeerLinks() override;

  // Links are to these nodes from now on. REQUIRES: none of the calls below is under way.
  void Follow(const ClusterMap& map, NodeId self);
  // Null if the map has no such node, or it is down.
  RemoteEndpoint* Find(NodeId node, RespVersion version);

  // At the end of each round.
  void Flush();
  // At least ten times a second.
  void Tick();
  // Frees what has ended. REQUIRES: no round of the ReadinessSet is under way.
  void DestroyRetired();

 private:
  // Those of one version.
  struct Group {
    Group(PeerLinks& links, const RemoteThread& thread, RespVersion version);
    void Follow(const ClusterMap& map);

    const RemoteOptions options;
    EndpointSet endpoints;
    std::map<NodeId, RemoteAddress> addresses;
    std::map<NodeId, RemoteEndpoint*> of_node;  // that were asked for
  };

  bool BeginReplies() override { return true; }
  void EndReplies() override {}
  void OnReply(RemoteEndpoint& endpoint, const RequestQueue::Answered& answered,
               const RemoteReply& reply) override;
  void OnFailure(const RemoteRequest& request, RemoteFailure failure) override;
  void FlushLater(RemoteLink& link) override { unflushed_.push_back(&link); }

  Listener& listener_;
  const TlsContext tls_;
  Group resp2_;
  Group resp3_;
  std::vector<RemoteLink*> unflushed_;
};

}  // namespace strata
