#pragma once

// The slots of a cluster map as Redis Cluster's clients are told of them: which node has which,
// neighbours put together.

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "cluster/membership/cluster_map.h"

namespace strata {

struct SlotRange {
  uint16_t first = 0;
  uint16_t last = 0;  // it is one of them
  auto operator<=>(const SlotRange&) const = default;
};

// "0-5460"; "7" if there is one slot only.
std::string FormatSlots(const SlotRange& range);

// Who has the data of some slots.
struct SlotCopies {
  NodeId primary = 0;
  std::vector<NodeId> in_sync = {};  // replicas that are; not the primary
  std::vector<NodeId> behind = {};   // replicas that are not, or not yet
  auto operator<=>(const SlotCopies&) const = default;
};

// Of one partition of the map.
SlotCopies CopiesOf(const PartitionState& partition, const ClusterMap& map);

struct SlotsAndCopies {
  SlotRange slots;
  SlotCopies copies;
};

// In the order of slots. Those that no node is primary for are left out.
std::vector<SlotsAndCopies> SlotsByCopies(const ClusterMap& map);
// The same for CLUSTER SLOTS, with those replicas only that are in sync; or with none.
//
// Many clients take a node for what it is called first, primary or replica (python3-redis,
// node-redis), and ask only those that they took for primaries for what concerns all keys, such as
// SCAN. But here a node is both. So before any replica is named, each node is as a primary: of one
// slot, of which no replicas are told.
enum class ShowReplicas : uint8_t { kNo, kYes };
std::vector<SlotsAndCopies> SlotsForClients(const ClusterMap& map, ShowReplicas show);
// Those that the node is primary for.
std::vector<SlotRange> SlotsOfPrimary(const ClusterMap& map, NodeId node);

}  // namespace strata
