#include "server/commands/hash_operations.h"

#include <limits>

#include "server/value_limits.h"

namespace strata {

HashLimits HashLimitsOf(const CommandContext& c) {
  return HashLimitsOf(c.options(), c.services.keyspace.hash_seed());
}

OpenedHash OpenHash(CommandContext& c, const KeyRef& key, HashAccess access) {
  OpenedHash opened;
  Entry* entry = access == HashAccess::kRead ? c.FindForRead(key) : c.FindForWrite(key);
  opened.wrong_type = c.WrongType(entry, ValueType::kHash);
  if (entry == nullptr || opened.wrong_type) return opened;
  opened.hash.emplace(*entry, HashLimitsOf(c));
  std::optional<int64_t> next_ms = opened.hash->NextExpiryMs();
  if (!next_ms || *next_ms > c.now_ms()) [[likely]] {
    return opened;
  }
  size_t erased = opened.hash->EraseDue(c.now_ms(), std::numeric_limits<size_t>::max());
  c.database.CountExpiredFields(key, erased);
  c.ChangedByTime(key, events::kHExpired);
  EraseIfEmpty(c, key, *opened.hash);
  if (c.database.Find(key) == nullptr) opened.hash.reset();
  return opened;
}

HashValue CreateHash(CommandContext& c, const KeyRef& key) {
  Entry* entry = c.PutNew(key, HashValue::NewEntry(key.bytes));
  return HashValue(*entry, HashLimitsOf(c));
}

std::optional<HashValue> OpenOrCreateHash(CommandContext& c, const KeyRef& key) {
  OpenedHash opened = OpenHash(c, key, HashAccess::kWrite);
  if (opened.wrong_type) return std::nullopt;
  return opened.hash ? *opened.hash : CreateHash(c, key);
}

}  // namespace strata
