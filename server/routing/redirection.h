#pragma once

// What a client of the redirect port is told that asks the wrong node, as Redis Cluster says it:
//
//   MOVED 7365 host:port    of the redirect port of the node that serves the slot
//   CROSSSLOT …             the keys lie in several slots
//   CLUSTERDOWN …           no node serves the slot
//
// ASK and TRYAGAIN are never said. Redis says them while a slot's keys lie on two nodes, but here a
// partition goes over as a whole: until then its old node serves all of it, and then the new one.
// So ASKING is accepted, and has nothing to allow.

#include <optional>
#include <string>
#include <string_view>

#include "server/client.h"
#include "server/routing/route.h"
#include "server/routing/route_reader.h"

namespace strata {

// Whether what is asked may also be answered out of a replica: it changes nothing, and its client
// has said READONLY.
enum class ReplicaReads : uint8_t { kNo, kYes };

// That of a client of the redirect port: here, or only told where.
Route RedirectRoute(const RouteTable& table, const KeySlots& slots, ReplicaReads reads);

// REQUIRES: the route is another than kHere, and was taken from a table of this map.
std::string RedirectionError(const Route& route, const ClusterMap& map);
// Whether it is one of those. EXEC hands them on as they are, so that clients follow them.
bool IsRedirection(std::string_view error);

// Whether a replica in sync has its partition's data. Not yet: what primaries take goes nowhere
// else. So who asks a replica is sent on to the primary, and CLUSTER SLOTS names no replicas.
constexpr bool ReplicasHaveData() {
  return false;
}

// All slots that the call needs: EXEC those of what is queued.
KeySlots SlotsOf(const Client& client, const Call& call);
// Of a call with these slots.
ReplicaReads MayReadReplicas(const Client& client, const Call& call);

// The first of the call's keys that is not here; nothing if all of them are.
std::optional<Route> RouteElsewhere(const RouteTable& table, const Call& call);

// What the client is told instead of being served; empty if it is served here.
std::string RedirectionOf(RouteReader& routes, const Client& client, const Call& call);

}  // namespace strata
