#include "server/routing/redirection.h"

#include "cluster/hash_slot.h"

namespace strata {
namespace {

constexpr std::string_view kCrossSlot = "CROSSSLOT Keys in request don't hash to the same slot";
constexpr std::string_view kNotServed = "CLUSTERDOWN Hash slot not served";

bool RunsQueueOf(const Client& client, const Call& call) {
  return call.command.Is(kRunsQueue) && client.transaction != nullptr;
}

std::string RedirectionOfNode(RouteReader& routes, const Client& client, const Call& call) {
  const bool runs_queue = RunsQueueOf(client, call);
  for (const Call& done : runs_queue ? client.transaction->queue() : std::span(&call, 1)) {
    const std::optional<Route> route = RouteElsewhere(routes.Get(), done);
    if (route) return RedirectionError(*route, routes.map());
  }
  return {};
}

}  // namespace

Route RedirectRoute(const RouteTable& table, const KeySlots& slots, ReplicaReads reads) {
  Route route = table.RouteOf(slots);
  const bool is_replica = route.kind == Route::Kind::kElsewhere && table.IsInSync(route.slot);
  if (is_replica && reads == ReplicaReads::kYes) route.kind = Route::Kind::kHere;
  return route;
}

std::string RedirectionError(const Route& route, const ClusterMap& map) {
  if (route.kind == Route::Kind::kCrossSlot) return std::string(kCrossSlot);
  if (route.kind == Route::Kind::kNobody) return std::string(kNotServed);
  const ClusterNode& node = map.nodes.at(route.node);
  return "MOVED " + std::to_string(route.slot) + " " + node.host + ":" +
         std::to_string(node.redirect_port);
}

bool IsRedirection(std::string_view error) {
  return error.starts_with("MOVED ") || error == kCrossSlot || error == kNotServed;
}

KeySlots SlotsOf(const Client& client, const Call& call) {
  return RunsQueueOf(client, call) ? SlotsOf(client.transaction->queue()) : SlotsOf(call);
}

ReplicaReads MayReadReplicas(const Client& client, const Call& call) {
  uint32_t flags = call.command.flags;
  if (RunsQueueOf(client, call)) flags |= client.transaction->flags();
  const bool may_read = client.reads_replicas && (flags & kWrite) == 0 && ReplicasHaveData();
  return may_read ? ReplicaReads::kYes : ReplicaReads::kNo;
}

// Of all keys, whatever their slots: what nodes ask for may lie in several.
std::optional<Route> RouteElsewhere(const RouteTable& table, const Call& call) {
  for (const KeyRef& key : call.keys) {
    const Route route = table.RouteOf(HashSlotOf(key.bytes));
    if (route.kind != Route::Kind::kHere) return route;
  }
  return std::nullopt;
}

std::string RedirectionOf(RouteReader& routes, const Client& client, const Call& call) {
  if (client.is_node()) return RedirectionOfNode(routes, client, call);
  if (!MayHaveSlots(call.command) && !RunsQueueOf(client, call)) return {};
  const KeySlots slots = SlotsOf(client, call);
  const Route route = RedirectRoute(routes.Get(), slots, MayReadReplicas(client, call));
  if (route.kind == Route::Kind::kHere) return {};
  return RedirectionError(route, routes.map());
}

}  // namespace strata
