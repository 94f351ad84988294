#include "server/routing/key_slots.h"

#include "cluster/hash_slot.h"

namespace strata {
namespace {

// Those of SSUBSCRIBE and its like, which have key specs so that proxies find their slots.
std::span<const std::string_view> ShardChannels(const Call& call) {
  if (call.command.keys.empty()) return {};
  const KeySpec& spec = call.command.keys.front();
  if ((spec.flags & kKeyNotKey) == 0) return {};
  const auto channels = call.arguments.subspan(1);
  return spec.last < 0 ? channels : channels.first(1);
}

}  // namespace

void AddSlotsOf(const Call& call, KeySlots& slots) {
  for (const KeyRef& key : call.keys) slots.Add(HashSlotOf(key.bytes));
  for (const std::string_view channel : ShardChannels(call)) slots.Add(HashSlotOf(channel));
}

KeySlots SlotsOf(std::span<const Call> queue) {
  KeySlots slots;
  for (const Call& call : queue) AddSlotsOf(call, slots);
  return slots;
}

}  // namespace strata
