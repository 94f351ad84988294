#include "server/routing/peer_links.h"

#include <utility>

#include "base/random.h"
#include "cluster/peer/frame.h"

namespace strata {

RemoteOptions PeerLinkOptions(RespVersion version) {
  RemoteOptions options;
  options.tls.enabled = true;
  options.tls.identity = RemoteIdentity::kByContext;
  options.tls.preamble = kDataLinkMark;
  options.pool_size = 1;  // what a client asks one after the other is done in that order
  // A script may take long; a node that does not answer at all is found down long before.
  options.request_timeout_ms = 15'000;
  options.most_outstanding = 64 * 1024;
  options.reconnect = {.first_ms = 10, .most_ms = 250};
  options.breaker.pause = {.first_ms = 50, .most_ms = 250};
  if (version == RespVersion::kResp3) options.greeting = {{"HELLO", "3"}};
  return options;
}

std::map<NodeId, RemoteAddress> PeerAddressesOf(const ClusterMap& map) {
  std::map<NodeId, RemoteAddress> addresses;
  for (const auto& [id, node] : map.nodes) {
    if (node.state != NodeState::kDown) addresses[id] = {node.host, node.peer_port, ""};
  }
  return addresses;
}

PeerLinks::Group::Group(PeerLinks& links, const RemoteThread& thread, RespVersion version)
    : options(PeerLinkOptions(version)),
      endpoints({thread.context, thread.sockets, thread.clock, options, &links.tls_}, links,
                RandomSeed()) {}

PeerLinks::PeerLinks(const RemoteThread& thread, TlsContext tls, Listener& listener)
    : listener_(listener),
      tls_(std::move(tls)),
      resp2_(*this, thread, RespVersion::kResp2),
      resp3_(*this, thread, RespVersion::kResp3) {}

PeerLinks::~PeerLinks() = default;

RemoteEndpoint* PeerLinks::Find(NodeId node, RespVersion version) {
  Group& group = version == RespVersion::kResp3 ? resp3_ : resp2_;
  const auto found = group.of_node.find(node);
  if (found != group.of_node.end()) return found->second;
  const auto address = group.addresses.find(node);
  if (address == group.addresses.end()) return nullptr;
  return group.of_node[node] = &group.endpoints.Add(address->second);
}

void PeerLinks::Follow(const ClusterMap& map, NodeId self) {
  resp2_.Follow(map);
  resp3_.Follow(map);
  for (const auto& [id, unused] : map.nodes) {
    if (id != self) Find(id, RespVersion::kResp2);
  }
}

void PeerLinks::Group::Follow(const ClusterMap& map) {
  addresses = PeerAddressesOf(map);
  for (const auto& [id, endpoint] : std::exchange(of_node, {})) {
    const auto address = addresses.find(id);
    if (address != addresses.end() && address->second == endpoint->address()) {
      of_node[id] = endpoint;
      continue;
    }
    endpoints.Retire(*endpoint);
    endpoint->Break(Error{"for the cluster it is down, or gone"});
  }
}

void PeerLinks::OnReply(RemoteEndpoint&, const RequestQueue::Answered& answered,
                        const RemoteReply& reply) {
  listener_.OnReply(answered, reply);
}

void PeerLinks::OnFailure(const RemoteRequest& request, RemoteFailure failure) {
  listener_.OnFailure(request, failure);
}

void PeerLinks::Flush() {
  // A link that fails meanwhile tells of its requests, and whoever hears it may send others.
  for (size_t i = 0; i < unflushed_.size(); ++i) unflushed_[i]->Flush();
  unflushed_.clear();
}

void PeerLinks::Tick() {
  resp2_.endpoints.Tick();
  resp3_.endpoints.Tick();
}

void PeerLinks::DestroyRetired() {
  Flush();  // forgets their links
  resp2_.endpoints.DestroyRetired();
  resp3_.endpoints.DestroyRetired();
}

}  // namespace strata
