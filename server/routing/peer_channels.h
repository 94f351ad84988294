#pragma once

// Links to other nodes that a client has for itself: for commands that may wait (BLPOP), and for
// what the other node remembers of it (WATCH). It has at most one at a time; one that is given back
// goes to the next who wants one to that node.
//
// One I/O thread's own.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "server/routing/peer_links.h"

namespace strata {

class PeerChannels final : private RemoteEndpoint::Owner {
 public:
  // All borrowed, but for the context.
  PeerChannels(const RemoteThread& thread, TlsContext tls, PeerLinks::Listener& listener);
  ~PeerChannels() override;

  void Follow(const ClusterMap& map);
  // To this node from now on; one that is there already, or a new one, which has to connect yet.
  // Null: there is no such node, or there are too many channels. REQUIRES: the client has none to
  // another node.
  RemoteEndpoint* Lease(uint64_t client_id, NodeId node, RespVersion version);
  // Where the client's channel goes; 0: it has none.
  NodeId NodeOf(uint64_t client_id) const;
  // The other node remembers what the client watches, until the channel is given back. REQUIRES: it
  // has one.
  void BeginWatch(uint64_t client_id) { leased_.at(client_id).is_watching = true; }
  // Which node does; 0: none.
  NodeId WatchedBy(uint64_t client_id) const;
  // The other node remembers nothing of the client. Nothing happens to one that has none.
  void GiveBack(uint64_t client_id);
  // It is closed, and what is under way there comes to an end.
  void Drop(uint64_t client_id);

  void Flush();
  void Tick();
  void DestroyRetired();

 private:
  static constexpr size_t kMostLeased = 4096;
  static constexpr size_t kMostIdle = 16;  // to a node

  struct Target {
    NodeId node = 0;
    RespVersion version = RespVersion::kResp2;
    auto operator<=>(const Target&) const = default;
  };
  struct Channel {
    Target target;
    std::unique_ptr<RemoteEndpoint> endpoint;
    bool is_watching = false;
  };

  bool BeginReplies() override { return true; }
  void EndReplies() override {}
  void OnReply(RemoteEndpoint& endpoint, const RequestQueue::Answered& answered,
               const RemoteReply& reply) override;
  void OnFailure(const RemoteRequest& request, RemoteFailure failure) override;
  void FlushLater(RemoteLink& link) override { unflushed_.push_back(&link); }

  void Retire(Channel channel);

  const RemoteThread thread_;
  PeerLinks::Listener& listener_;
  const TlsContext tls_;
  const RemoteOptions resp2_;
  const RemoteOptions resp3_;
  std::map<NodeId, RemoteAddress> addresses_;
  std::map<uint64_t, Channel> leased_;  // by client
  std::map<Target, std::vector<Channel>> idle_;
  std::vector<Channel> retired_;
  std::vector<RemoteLink*> unflushed_;
};

}  // namespace strata
