#pragma once

// Commands of a thread's clients on `port` whose keys are another node's. Any node answers any
// client: what is not here is sent to the node that has it, and the reply goes into its place
// (forwarded_replies.h).
//
//   Dispatcher ──► Send ──► PeerLinks ──► the primary's dispatcher
//        reply's place ◄── OnReply ◄──────────┘
//
// - What concerns several nodes is done by each for itself, and the replies are made one
// (spread.h).
// - A transaction goes as a whole, behind its EXEC, and so all of its keys have to be one node's.
// - What may wait, or is remembered there (WATCH), goes over a channel of the client's own.
//
// A node that is asked and has not got the key any more, or not yet, says so, as to a client of
// Redis Cluster, and executes nothing. Such a request is parked and goes to whom the newest map
// names, until its time is over. Whether one that was under way when its link broke was executed
// nobody knows, and the client is told that.
//
// One I/O thread's own.

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "server/call.h"
#include "server/client.h"
#include "server/routing/gathering.h"
#include "server/routing/herald.h"
#include "server/routing/link_batch.h"
#include "server/routing/peer_channels.h"
#include "server/routing/peer_links.h"
#include "server/routing/route_reader.h"
#include "server/routing/spread.h"
#include "server/services.h"

namespace strata {

class Forwarder final : private PeerLinks::Listener {
 public:
  enum class Way : uint8_t {
    kHere,       // the call is to be run here
    kForwarded,  // its reply will come
    kLater,      // nobody can take it now, which may change
    kSplit,      // its keys are those of several nodes, and it cannot be
    kNowhere,    // nobody could take it for long
  };

  // For how long a request waits for somebody who takes it: longer than a failover takes.
  static constexpr int64_t kPatienceMs = 5'000;

  // All borrowed. REQUIRES: the server is a node of a cluster, or may become one.
  Forwarder(const RemoteThread& thread, Services& services, RouteReader& routes);

  // For a call of a client that came to `port`.
  Way Send(Client& client, const Call& call);
  // What is published here, all other nodes publish, too.
  void Send(const Herald::News& news);
  // The client gets its replies now.
  void TellOfReads(Client& client);
  // The client is gone, or begins anew: what it waits for elsewhere comes to an end.
  void Abandon(const Client& client) { channels_.Drop(client.origin.id); }

  // At the end of each round.
  void Flush();
  // At least ten times a second.
  void Tick();
  // Frees what has ended. REQUIRES: no round of the ReadinessSet is under way.
  void DestroyRetired();

 private:
  // The id of requests whose replies nobody wants.
  static constexpr uint64_t kNobodys = 0;

  // A request under way.
  struct Slot {
    ForwardedReplies::Place place;
    RespVersion version = RespVersion::kResp2;
    int64_t give_up_ms = 0;  // monotonic
    // Of a command that several nodes do.
    std::shared_ptr<Gathering> gathering = {};
    size_t part = 0;
    // What went over the link; empty: the command alone.
    LinkBatch batch = {};
    enum class Over : uint8_t { kSharedLink, kChannel } over = Over::kSharedLink;
    enum class Then : uint8_t { kNothing, kGiveChannelBack } then = Then::kNothing;
    // EXEC behind WATCH, which is no use elsewhere.
    bool is_bound = false;
    bool is_refused = false;  // a part of the batch
  };
  struct Parked {
    RemoteRequest request;
    std::string encoded;  // of a command alone
  };

  void OnReply(const RequestQueue::Answered& answered, const RemoteReply& reply) override;
  void OnFailure(const RemoteRequest& request, RemoteFailure failure) override;

  // The newest, to whose nodes there are links.
  const RouteTable& Routes();
  // What keys decide.
  Way SendByKeys(Client& client, const Call& call);
  Way SendQueue(Client& client);
  Way SendToAll(Client& client, const Call& call, const SpreadRule& rule);
  Way SendScan(Client& client, const Call& call);
  Way SendSplit(Client& client, const Call& call, const SpreadRule& rule);
  // To the node of the route, over a channel of the client's own; over the link that all share.
  Way SendOwn(const Route& route, Client& client, const Call& call);
  Way SendShared(const Route& route, Client& client, const Call& call);

  // For a client that tracks keys: what the call reads. REQUIRES: it was sent.
  void RememberReads(Client& client, const Call& call);
  // In the order of their ids.
  std::vector<NodeId> NodesWithKeys() const;
  // The route of all of the keys. False: they are several nodes'.
  bool FindRoute(std::span<const KeyRef> keys, Route& route);
  RemoteEndpoint* Reachable(NodeId node, RespVersion version);
  Way LaterOrNowhere(Client& client) const;
  Slot MakeSlot(Client& client) const;
  uint64_t TakeSlot(Slot slot);
  void Finish(uint64_t id, std::string_view reply);
  void Send(RemoteEndpoint& endpoint, const Client& client, uint16_t hash_slot, Slot slot,
            RequestArguments words);
  void SendBatch(RemoteEndpoint& endpoint, uint16_t hash_slot, Slot slot);

  RemoteEndpoint* EndpointFor(const Slot& slot, NodeId node);
  void SendNews(NodeId node, const Herald::News& news);

  bool Resend(const Parked& parked);
  void SendParked();

  Services& services_;
  RouteReader& routes_;
  const ClusterMap* followed_ = nullptr;
  PeerLinks links_;
  PeerChannels channels_;
  std::vector<const SpreadRule*> rules_;  // by row
  std::vector<Slot> slots_;               // by id, from 1 on
  std::vector<uint64_t> free_slots_;
  std::deque<Parked> parked_;
  // Of the thread that sends news: nodes that have missed some.
  std::set<NodeId> uninformed_;
};

}  // namespace strata
