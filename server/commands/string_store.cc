#include "server/commands/string_store.h"

namespace strata {

void StoreString(CommandContext& c, const KeyRef& key, std::string_view value,
                 std::optional<int64_t> expiry_ms, ExpiryIs told) {
  const bool is_past = expiry_ms && *expiry_ms <= c.now_ms();
  c.PutString(key, value, is_past ? std::nullopt : expiry_ms);
  if (is_past) {
    c.Say({"DEL", key});
  } else if (told == ExpiryIs::kNew) {
    c.Say({"SET", key, value, "PXAT", *expiry_ms});
  }
  c.Changed(key, events::kSet);
  if (told == ExpiryIs::kNew) c.Notify(key, events::kExpire);
  if (!is_past) return;
  c.database.Erase(key);
  c.Notify(key, events::kExpired);
}

}  // namespace strata
