#include "server/cluster/slot_ranges.h"

#include <set>
#include <utility>

namespace strata {
namespace {

SlotRange SlotsOfPartition(size_t partition, size_t partitions) {
  const uint16_t first = FirstSlotOf(partition, partitions);
  return {first, static_cast<uint16_t>(first + SlotsPerPartition(partitions) - 1)};
}

// To the last ones, if these go on.
void Append(SlotsAndCopies next, std::vector<SlotsAndCopies>& all) {
  const bool goes_on = !all.empty() && all.back().slots.last + 1 == next.slots.first &&
                       all.back().copies == next.copies;
  if (goes_on) {
    all.back().slots.last = next.slots.last;
  } else {
    all.push_back(std::move(next));
  }
}

}  // namespace

std::string FormatSlots(const SlotRange& range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + "-" + std::to_string(range.last);
}

SlotCopies CopiesOf(const PartitionState& partition, const ClusterMap& map) {
  SlotCopies copies{.primary = partition.primary};
  for (const NodeId replica : partition.replicas) {
    const InSyncCopy* copy = partition.InSync(replica);
    const auto node = map.nodes.find(replica);
    // A process that started anew has lost what made it one of them.
    const bool in_sync =
        copy != nullptr && node != map.nodes.end() && node->second.incarnation == copy->incarnation;
    (in_sync ? copies.in_sync : copies.behind).push_back(replica);
  }
  return copies;
}

std::vector<SlotsAndCopies> SlotsByCopies(const ClusterMap& map) {
  std::vector<SlotsAndCopies> all;
  for (size_t i = 0; i < map.partitions.size(); ++i) {
    if (map.partitions[i].primary == 0) continue;
    const SlotRange slots = SlotsOfPartition(i, map.partitions.size());
    Append({slots, CopiesOf(map.partitions[i], map)}, all);
  }
  return all;
}

std::vector<SlotsAndCopies> SlotsForClients(const ClusterMap& map, ShowReplicas show) {
  std::vector<SlotsAndCopies> first;
  std::vector<SlotsAndCopies> rest;
  std::set<NodeId> named;
  for (auto& [slots, copies] : SlotsByCopies(map)) {
    copies.behind.clear();
    if (show == ShowReplicas::kNo) copies.in_sync.clear();
    if (show == ShowReplicas::kYes && named.insert(copies.primary).second) {
      first.push_back({{slots.first, slots.first}, {copies.primary}});
      ++slots.first;  // a partition has more
    }
    Append({slots, copies}, rest);
  }
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

std::vector<SlotRange> SlotsOfPrimary(const ClusterMap& map, NodeId node) {
  std::vector<SlotRange> ranges;
  for (size_t i = 0; i < map.partitions.size(); ++i) {
    if (map.partitions[i].primary != node) continue;
    const SlotRange slots = SlotsOfPartition(i, map.partitions.size());
    if (!ranges.empty() && ranges.back().last + 1 == slots.first) {
      ranges.back().last = slots.last;
    } else {
      ranges.push_back(slots);
    }
  }
  return ranges;
}

}  // namespace strata
