#include "server/command_context.h"

namespace strata {

void CommandContext::TellListeners(int database_index, const KeyRef& key, const KeyEvent& event,
                                   uint64_t writer) {
  if (!services.watches.empty()) services.watches.Spoil(database_index, key);
  if (!services.wait_queues.empty()) ready_keys.Note(services.wait_queues, database_index, key);
  if (services.tracking.active()) services.tracking.Invalidate(key, writer);
  services.key_events.Tell(database_index, key.bytes, event);
}

}  // namespace strata
