#include "server/commands/cluster_keys.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "cluster/hash_slot.h"
#include "server/cluster/slot_ranges.h"
#include "server/commands/cluster_calls.h"
#include "server/commands/element_scan.h"
#include "server/commands/help.h"

namespace strata {
namespace {

constexpr auto kSlots = static_cast<int64_t>(kHashSlots);

bool IsSlot(int64_t number) {
  return number >= 0 && number < kSlots;
}

// Of all slots. A cluster has one database.
std::vector<uint64_t> CountKeys(Keyspace& keyspace) {
  std::vector<uint64_t> keys(kHashSlots);
  keyspace.ForEach(0, [&](const Entry& entry) { ++keys[HashSlotOf(entry.key())]; });
  return keys;
}

struct SlotKeys {
  uint16_t slot;
  uint64_t keys;
};

// Of the slots in the range that this node is primary for, in their order.
std::vector<SlotKeys> CountOwnKeys(CommandContext& c, const ClusterReading& reading,
                                   const SlotRange& range) {
  const std::vector<uint64_t> keys = CountKeys(c.services.keyspace);
  std::vector<SlotKeys> own;
  for (const SlotRange& slots : SlotsOfPrimary(reading.members_map(), reading.self().id)) {
    const uint16_t last = std::min(slots.last, range.last);
    for (uint32_t slot = std::max(slots.first, range.first); slot <= last; ++slot) {
      own.push_back({static_cast<uint16_t>(slot), keys[slot]});
    }
  }
  return own;
}

void Reply(CommandContext& c, std::span<const SlotKeys> slots) {
  c.reply.Array(slots.size());
  for (const SlotKeys& slot : slots) {
    c.reply.Array(2);
    c.reply.Integer(slot.slot);
    c.reply.Map(1);
    c.reply.Bulk("key-count");
    c.reply.Integer(static_cast<int64_t>(slot.keys));
  }
}

std::optional<uint16_t> SlotArgument(CommandContext& c, size_t index) {
  const auto slot = ParseInt64(c.argument(index));
  if (slot && IsSlot(*slot)) return static_cast<uint16_t>(*slot);
  c.reply.Error("ERR Invalid or out of range slot");
  return std::nullopt;
}

void SlotStatsByRange(CommandContext& c, const ClusterReading& reading) {
  const auto first = SlotArgument(c, 3);
  if (!first) return;
  const auto last = SlotArgument(c, 4);
  if (!last) return;
  if (*first > *last) {
    return c.reply.Error("ERR Start slot number " + std::to_string(*first) +
                         " is greater than end slot number " + std::to_string(*last));
  }
  Reply(c, CountOwnKeys(c, reading, {*first, *last}));
}

struct SlotOrder {
  int64_t limit = kSlots;
  bool ascending = false;
};

// Nothing after an error reply.
std::optional<SlotOrder> ParseSlotOrder(CommandContext& c) {
  if (!EqualsIgnoreCase(c.argument(3), "key-count")) {
    c.reply.Error("ERR Unrecognized sort metric for ORDERBY.");
    return std::nullopt;
  }
  SlotOrder order;
  ArgumentReader reader(c.arguments, 4);
  while (!reader.done()) {
    if (reader.Take("limit", 1)) {
      const auto limit = c.Integer(reader.position());
      if (!limit) return std::nullopt;
      if (*limit < 1 || *limit > kSlots) {
        c.reply.Error("ERR Limit has to lie in between 1 and 16384 (maximum number of slots).");
        return std::nullopt;
      }
      reader.Next();
      order.limit = *limit;
    } else if (reader.Take("asc")) {
      order.ascending = true;
    } else if (reader.Take("desc")) {
      order.ascending = false;
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return order;
}

void SlotStatsByKeys(CommandContext& c, const ClusterReading& reading) {
  const auto order = ParseSlotOrder(c);
  if (!order) return;
  std::vector<SlotKeys> slots = CountOwnKeys(c, reading, {0, kHashSlots - 1});
  std::stable_sort(slots.begin(), slots.end(), [&](const SlotKeys& a, const SlotKeys& b) {
    return order->ascending ? a.keys < b.keys : a.keys > b.keys;
  });
  const size_t shown = std::min(slots.size(), static_cast<size_t>(order->limit));
  Reply(c, std::span(slots).first(shown));
}

}  // namespace

void ClusterCountKeysInSlot(CommandContext& c) {
  if (ControlPlaneOf(c) == nullptr) return;
  const auto slot = c.Integer(2);
  if (!slot) return;
  if (!IsSlot(*slot)) return c.reply.Error("ERR Invalid slot");
  int64_t keys = 0;
  c.services.keyspace.ForEach(
      0, [&](const Entry& entry) { keys += HashSlotOf(entry.key()) == *slot ? 1 : 0; });
  c.reply.Integer(keys);
}

void ClusterGetKeysInSlot(CommandContext& c) {
  if (ControlPlaneOf(c) == nullptr) return;
  const auto slot = c.Integer(2);
  if (!slot) return;
  const auto most = c.Integer(3);
  if (!most) return;
  if (!IsSlot(*slot) || *most < 0) return c.reply.Error("ERR Invalid slot or number of keys");
  constexpr size_t kStep = 256;
  ElementPage keys;  // collected under the locks, answered behind them
  uint64_t cursor = 0;
  int64_t left = *most;
  while (left > 0) {
    cursor = c.services.keyspace.Scan(0, cursor, kStep, [&](const Entry& entry) {
      if (left == 0 || HashSlotOf(entry.key()) != *slot) return;
      keys.Add(entry.key());
      --left;
    });
    if (cursor == 0) break;
  }
  keys.Reply(c.reply);
}

void ClusterSlotStats(CommandContext& c) {
  const auto reading = ReadCluster(c);
  if (!reading) return;
  if (c.arguments.size() == 5 && EqualsIgnoreCase(c.argument(2), "slotsrange")) {
    return SlotStatsByRange(c, *reading);
  }
  if (EqualsIgnoreCase(c.argument(2), "orderby")) return SlotStatsByKeys(c, *reading);
  SubcommandSyntaxError(c);
}

}  // namespace strata
