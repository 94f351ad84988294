#include "server/command_context.h"

#include "server/tiers/write_through.h"

namespace strata {

void CommandContext::ForgetCopy(int database_index, const KeyRef& key) {
  ShardDatabase* part = services.keyspace.Part(database_index, key.hash);
  if (part != nullptr) part->ForgetCopy(key);
  if (write_through.active()) write_through.Note(database_index, key);
}

void CommandContext::TellListeners(int database_index, const KeyRef& key, const KeyEvent& event,
                                   uint64_t writer) {
  if (!services.watches.empty()) services.watches.Spoil(database_index, key);
  if (!services.wait_queues.empty()) ready_keys.Note(services.wait_queues, database_index, key);
  if (services.tracking.active()) services.tracking.Invalidate(key, writer);
  services.key_events.Tell(database_index, key.bytes, event);
  if (services.keyspace.keeps_copies()) ForgetCopy(database_index, key);
}

std::optional<int64_t> CommandContext::ClassExpiryMs(ClassNumber number) {
  if (number == kNoClass || services.keyspace.classes().at(number).ttl_ms == 0) return std::nullopt;
  return Jittered(number, now_ms() + services.keyspace.classes().at(number).ttl_ms);
}

// Earlier, never later than was asked for.
int64_t CommandContext::Jittered(ClassNumber number, int64_t expiry_ms) {
  if (number == kNoClass) return expiry_ms;
  const double share = services.keyspace.classes().at(number).ttl_jitter;
  const double left_ms = static_cast<double>(expiry_ms - now_ms());
  const auto most = static_cast<int64_t>(left_ms * share);
  if (most <= 0) return expiry_ms;
  return expiry_ms - static_cast<int64_t>(client.random.Below(static_cast<uint64_t>(most) + 1));
}

}  // namespace strata
