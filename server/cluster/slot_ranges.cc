#include "server/cluster/slot_ranges.h"

#include <numeric>
#include <utility>

namespace strata {
namespace {

SlotRange SlotsOfPartition(size_t partition, size_t partitions) {
  const uint16_t first = FirstSlotOf(partition, partitions);
  return {first, static_cast<uint16_t>(first + SlotsPerPartition(partitions) - 1)};
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
    SlotCopies copies = CopiesOf(map.partitions[i], map);
    const bool goes_on =
        !all.empty() && all.back().slots.last + 1 == slots.first && all.back().copies == copies;
    if (goes_on) {
      all.back().slots.last = slots.last;
    } else {
      all.push_back({slots, std::move(copies)});
    }
  }
  return all;
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

size_t CountSlots(const std::vector<SlotRange>& ranges) {
  return std::accumulate(ranges.begin(), ranges.end(), size_t{0},
                         [](size_t sum, const SlotRange& range) { return sum + range.size(); });
}

}  // namespace strata
