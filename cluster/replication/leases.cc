#include "cluster/replication/leases.h"

#include <algorithm>

namespace strata::replication {

HeartbeatReply Leases::On(InSyncCopy from, const Heartbeat& heartbeat, int64_t now_ms) {
  int64_t& until_ms = promises_[from.node];
  until_ms = std::max(until_ms, now_ms + promise_ms());
  return {
      .incarnation = from.incarnation, .sent_ms = heartbeat.sent_ms, .map_version = map_version_};
}

void Leases::On(InSyncCopy from, const HeartbeatReply& reply, int64_t now_ms) {
  if (reply.incarnation != self_.incarnation || reply.sent_ms > now_ms) return;
  Peer& peer = peers_[from.node];
  if (from.incarnation < peer.incarnation) return;
  if (from.incarnation > peer.incarnation) peer = {.incarnation = from.incarnation};
  peer.heard_ms = std::max(peer.heard_ms, now_ms);

  const auto is_as_good = [&](const Grant& grant) {
    return grant.map_version <= reply.map_version && grant.sent_ms >= reply.sent_ms;
  };
  if (std::ranges::any_of(peer.grants, is_as_good)) return;
  std::erase_if(peer.grants, [&](const Grant& grant) {
    return grant.map_version >= reply.map_version && grant.sent_ms <= reply.sent_ms;
  });
  const auto behind =
      std::ranges::upper_bound(peer.grants, reply.map_version, {}, &Grant::map_version);
  peer.grants.insert(behind, {reply.sent_ms, reply.map_version});
  // The first may be the only one whose map is known.
  if (peer.grants.size() > kMostGrants) peer.grants.erase(peer.grants.begin() + 1);
}

void Leases::Forget(NodeId node) {
  peers_.erase(node);
  promises_.erase(node);
}

bool Leases::Holds(const InSyncCopy& from, uint64_t map_version, int64_t now_ms) const {
  const auto peer = peers_.find(from.node);
  if (peer == peers_.end() || peer->second.incarnation != from.incarnation) return false;
  return std::ranges::any_of(peer->second.grants, [&](const Grant& grant) {
    return grant.map_version <= map_version && now_ms < grant.sent_ms + options_.lease_ms;
  });
}

std::optional<int64_t> Leases::HeardMs(const InSyncCopy& from) const {
  const auto peer = peers_.find(from.node);
  if (peer == peers_.end() || peer->second.incarnation != from.incarnation) return std::nullopt;
  return peer->second.heard_ms;
}

uint64_t Leases::IncarnationOf(NodeId node) const {
  const auto peer = peers_.find(node);
  return peer == peers_.end() ? 0 : peer->second.incarnation;
}

int64_t Leases::PromisedUntilMs(NodeId node) const {
  const auto promise = promises_.find(node);
  return promise == promises_.end() ? 0 : promise->second;
}

}  // namespace strata::replication
