#include "server/routing/route.h"

namespace strata {
namespace {

// Whether the node's present process has the partition's data.
bool HasData(const ClusterMap& map, const PartitionState& partition, NodeId node) {
  const InSyncCopy* copy = partition.InSync(node);
  return copy != nullptr && map.IsCurrent(*copy);
}

NodeId ServingPrimary(const ClusterMap& map, const PartitionState& partition, NodeId self) {
  if (!HasData(map, partition, partition.primary)) return 0;
  // Whoever is taken for down may know better of itself.
  const bool is_down = map.nodes.at(partition.primary).state == NodeState::kDown;
  return is_down && partition.primary != self ? 0 : partition.primary;
}

}  // namespace

RouteTable::RouteTable(const ClusterMap& map, const NodeRun& self) : self_(self.node) {
  const auto own = map.nodes.find(self.node);
  if (own == map.nodes.end() || own->second.incarnation != self.incarnation) return;
  slot_bits_ = std::countr_zero(SlotsPerPartition(map.partitions.size()));
  primaries_.reserve(map.partitions.size());
  in_sync_.reserve(map.partitions.size());
  for (const PartitionState& partition : map.partitions) {
    primaries_.push_back(ServingPrimary(map, partition, self.node));
    in_sync_.push_back(HasData(map, partition, self.node));
  }
}

Route RouteTable::RouteOf(uint16_t slot) const {
  const NodeId primary = PrimaryOf(slot);
  if (primary == 0) return {Route::Kind::kNobody, 0, slot};
  return {primary == self_ ? Route::Kind::kHere : Route::Kind::kElsewhere, primary, slot};
}

Route RouteTable::RouteOf(const KeySlots& slots) const {
  if (slots.spread == KeySlots::Spread::kNoKeys) return {};
  const Route route = RouteOf(slots.slot);
  // As in Redis, that nobody serves the first key's slot is found first.
  if (slots.spread == KeySlots::Spread::kOneSlot || route.kind == Route::Kind::kNobody) {
    return route;
  }
  return {Route::Kind::kCrossSlot, 0, slots.slot};
}

}  // namespace strata
