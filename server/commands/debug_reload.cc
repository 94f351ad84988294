#include "server/commands/debug_reload.h"

#include <string>
#include <vector>

#include "server/value_limits.h"
#include "storage/rdb_save.h"

namespace strata {
namespace {

// Null if what was saved cannot be loaded.
OwnedEntry Reloaded(const Entry& entry, const ValueLimits& limits) {
  RdbWriter writer(Compression::kLzf);
  SaveValue(entry, writer);
  RdbReader reader(writer.bytes());
  std::optional<int64_t> expiry_ms;
  if (entry.has_expiry()) expiry_ms = entry.expiry_ms();
  OwnedEntry loaded = LoadValue(RdbTypeOf(entry), reader, entry.key(), expiry_ms, limits);
  if (loaded != nullptr) loaded->use() = entry.use();
  return loaded;
}

bool ReloadKey(CommandContext& c, const Database& database, const KeyRef& key) {
  SpinLock lock(c.services.keyspace.shard(c.services.keyspace.ShardIndex(key.hash)).mutex);
  const Entry* entry = database.Find(key);
  if (entry == nullptr) return true;  // it has expired meanwhile
  if (entry->is_stub()) return true;  // its value lies in a lower tier, saved already
  OwnedEntry loaded = Reloaded(*entry, ValueLimitsOf(c.options(), c.services.keyspace.hash_seed()));
  if (loaded == nullptr) return false;
  database.Put(key, loaded.release());
  return true;
}

bool ReloadDatabase(CommandContext& c, int index) {
  Keyspace& keyspace = c.services.keyspace;
  std::vector<std::string> names;
  keyspace.ForEach(index, [&](const Entry& entry) { names.emplace_back(entry.key()); });
  const Database database(keyspace, index, c.now_ms());
  for (const std::string& name : names) {
    if (!ReloadKey(c, database, keyspace.Ref(name))) return false;
  }
  return true;
}

}  // namespace

void DebugReload(CommandContext& c) {
  for (int index = 0; index < c.services.keyspace.databases(); ++index) {
    if (!ReloadDatabase(c, index)) {
      return c.reply.Error("ERR Error trying to load the RDB dump, check server logs");
    }
  }
  c.reply.Ok();
}

}  // namespace strata
