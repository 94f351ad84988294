#pragma once

// Which node serves a call: the one that is primary for the slot of its keys.
//
// A node does not serve what it has lost. A process that starts anew has empty memory, while the
// map may still call its node the primary: so a node counts for one only with the incarnation that
// was in sync, and this one only with its own, which has to be in the map. Until the cluster has
// found another primary, or begun the partition anew, nobody serves it.
//
// Made once per map, since a decision is taken for each request: a partition's primary is one load.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cluster/membership/cluster_map.h"
#include "server/routing/key_slots.h"

namespace strata {

// A node in one run of its process.
struct NodeRun {
  NodeId node = 0;
  uint64_t incarnation = 0;
};

struct Route {
  enum class Kind : uint8_t {
    kHere,
    kElsewhere,  // `node` is the primary
    kCrossSlot,  // no node: its keys lie in several slots
    kNobody,     // the slot has no primary, or one that is down or has lost it; or this node is in
                 // no cluster
  };

  Kind kind = Kind::kHere;
  NodeId node = 0;
  uint16_t slot = 0;  // the first key's, if there is one
};

// A value.
class RouteTable {
 public:
  // Of a node in no cluster.
  RouteTable() = default;
  // As the node sees it.
  RouteTable(const ClusterMap& map, const NodeRun& self);

  // What has no keys is served here. For the redirect port: the proxy splits what lies in several
  // slots, and asks for each.
  Route RouteOf(const KeySlots& slots) const;
  Route RouteOf(uint16_t slot) const;
  // 0: nobody is.
  NodeId PrimaryOf(uint16_t slot) const {
    return primaries_.empty() ? 0 : primaries_[PartitionOf(slot)];
  }
  // Whether this process has all that was acknowledged in the slot, as primary or as replica.
  bool IsInSync(uint16_t slot) const { return !in_sync_.empty() && in_sync_[PartitionOf(slot)]; }
  // Whether the map has this node, in this run.
  bool is_member() const { return !primaries_.empty(); }

 private:
  size_t PartitionOf(uint16_t slot) const { return slot >> slot_bits_; }

  NodeId self_ = 0;
  int slot_bits_ = 0;              // of a partition's slots
  std::vector<NodeId> primaries_;  // by partition; 0: nobody is
  std::vector<bool> in_sync_;      // by partition
};

}  // namespace strata
