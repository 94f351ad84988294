#include "server/commands/hash_operations.h"

#include <limits>
#include <string>
#include <vector>

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
  const int64_t due_ms = c.database.due_ms();
  if (!next_ms || *next_ms > due_ms) [[likely]] {
    return opened;
  }
  if (!c.services.keyspace.MayExpire(c.database.index(), key.bytes)) return opened;
  std::vector<std::string> fields;
  size_t erased = opened.hash->EraseDue(due_ms, std::numeric_limits<size_t>::max(),
                                        c.tells_effects() ? &fields : nullptr);
  c.database.CountExpiredFields(key, erased);
  c.FieldsExpired(key, fields);
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
