// DUMP and RESTORE: a value as bytes (storage/rdb_format.h), to be kept elsewhere or carried to
// another server, Redis among them.

#include <algorithm>

#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/hash_operations.h"
#include "server/value_limits.h"
#include "storage/rdb_save.h"

namespace strata {
namespace {

constexpr std::string_view kBusyKey = "BUSYKEY Target key name already exists.";
constexpr std::string_view kBadFooter = "ERR DUMP payload version or checksum are wrong";
constexpr std::string_view kBadFormat = "ERR Bad data format";

void Dump(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  const Entry* entry = c.FindForRead(key);
  if (entry != nullptr && entry->type() == ValueType::kHash) {
    OpenHash(c, key, HashAccess::kWrite);  // fields that are due go
    entry = c.database.Find(key);
  }
  if (entry == nullptr) return c.reply.Null();
  const bool packed = c.services.config.options().rdbcompression;
  c.reply.Bulk(DumpValue(*entry, packed ? Compression::kLzf : Compression::kNone));
}

struct RestoreOptions {
  bool replace = false;
  bool absolute_ttl = false;
  std::optional<int64_t> idle_s;
  std::optional<int64_t> frequency;
};

// A number of an option within bounds; nothing after an error reply.
std::optional<int64_t> OptionNumber(CommandContext& c, size_t index, int64_t most,
                                    std::string_view error) {
  std::optional<int64_t> value = c.Integer(index);
  if (!value) return std::nullopt;
  if (*value >= 0 && *value <= most) return value;
  c.reply.Error(error);
  return std::nullopt;
}

std::optional<RestoreOptions> ReadOptions(CommandContext& c) {
  RestoreOptions options;
  ArgumentReader reader(c.arguments, 4);
  while (!reader.done()) {
    if (reader.Take("replace")) {
      options.replace = true;
    } else if (reader.Take("absttl")) {
      options.absolute_ttl = true;
    } else if (!options.frequency && reader.Take("idletime", 1)) {
      options.idle_s =
          OptionNumber(c, reader.position(), INT64_MAX, "ERR Invalid IDLETIME value, must be >= 0");
      if (!options.idle_s) return std::nullopt;
      reader.Next();
    } else if (!options.idle_s && reader.Take("freq", 1)) {
      options.frequency = OptionNumber(c, reader.position(), 255,
                                       "ERR Invalid FREQ value, must be >= 0 and <= 255");
      if (!options.frequency) return std::nullopt;
      reader.Next();
    } else {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return options;
}

// The value of the payload; null after an error reply.
OwnedEntry LoadPayload(CommandContext& c, std::optional<int64_t> expiry_ms) {
  std::optional<std::string_view> payload = OpenDump(c.argument(3));
  if (!payload) {
    c.reply.Error(kBadFooter);
    return nullptr;
  }
  RdbReader reader(*payload);
  auto type = static_cast<RdbType>(reader.Byte());
  OwnedEntry entry = reader.ok()
                         ? LoadValue(type, reader, c.keys[0].bytes, expiry_ms,
                                     ValueLimitsOf(c.options(), c.services.keyspace.hash_seed()))
                         : nullptr;
  if (entry == nullptr) c.reply.Error(kBadFormat);
  return entry;
}

void SetUse(const CommandContext& c, const RestoreOptions& options, Entry& entry) {
  if (options.frequency) entry.use().SetFrequency(static_cast<uint8_t>(*options.frequency));
  entry.use().SetIdle(c.now_ms() / 1000, options.idle_s.value_or(0));
}

void SayRestored(CommandContext& c, const RestoreOptions& options,
                 std::optional<int64_t> expiry_ms) {
  if (!c.tells_effects()) return;
  std::vector<std::string_view> words(c.arguments.begin() + 4, c.arguments.end());
  if (expiry_ms && !options.absolute_ttl) words.emplace_back("ABSTTL");
  c.Say({"RESTORE", c.keys[0], expiry_ms.value_or(0), c.argument(3)}, words);
}

void Restore(CommandContext& c) {
  const KeyRef& key = c.keys[0];
  std::optional<RestoreOptions> options = ReadOptions(c);
  if (!options) return;
  bool exists = c.database.Find(key) != nullptr;
  if (exists && !options->replace) return c.reply.Error(kBusyKey);
  std::optional<int64_t> ttl_ms = c.Integer(2);
  if (!ttl_ms) return;
  if (*ttl_ms < 0) return c.reply.Error("ERR Invalid TTL value, must be >= 0");
  std::optional<int64_t> expiry_ms;
  if (*ttl_ms > 0) {
    int64_t base_ms = options->absolute_ttl ? 0 : c.now_ms();
    expiry_ms = *ttl_ms > INT64_MAX - base_ms ? INT64_MAX : *ttl_ms + base_ms;
  }
  OwnedEntry entry = LoadPayload(c, expiry_ms);
  if (entry == nullptr) return;
  if (expiry_ms && *expiry_ms <= c.now_ms()) {
    if (c.database.Erase(key)) {
      c.Say({"DEL", key});
      c.Changed(key, events::kDel);
    }
    return c.reply.Ok();
  }
  SetUse(c, *options, *entry);
  c.database.Erase(key);
  c.database.Put(key, entry.release());
  SayRestored(c, *options, expiry_ms);
  c.Changed(key, events::kRestore);
  c.reply.Ok();
}

constexpr KeySpec kLook[] = {{kKeyReadOnly | kKeyAccess, 1, 1, 1}};
constexpr KeySpec kOverwrite[] = {{kKeyOverwrite | kKeyUpdate, 1, 1, 1}};

constexpr std::string_view kRestoreGrammar =
    "key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:integer] "
    "[FREQ frequency:integer]";

constexpr Command kRows[] = {
    {.name = "dump",
     .arity = 2,
     .flags = kReadonly,
     .acl = kAclKeyspace,
     .keys = kLook,
     .group = CommandGroup::kGeneric,
     .since = "2.6.0",
     .complexity = "O(N) with N the bytes of the value",
     .summary = "Answers a value as bytes that RESTORE makes a value of, here or in Redis.",
     .grammar = "key",
     .handler = Dump,
     .tips = tips::kVaries},
    {.name = "restore",
     .arity = -4,
     .flags = kWrite | kDenyOom,
     .acl = kAclKeyspace | kAclDangerous,
     .keys = kOverwrite,
     .group = CommandGroup::kGeneric,
     .since = "2.6.0",
     .complexity = "O(N) with N the bytes of the value; O(N*log(N)) for sorted sets",
     .summary = "Stores the value that DUMP made bytes of.",
     .grammar = kRestoreGrammar,
     .handler = Restore,
     .effect = EffectForm::kSaid},
    {.name = "restore-asking",
     .arity = -4,
     .flags = kWrite | kDenyOom | kAsking,
     .acl = kAclKeyspace | kAclDangerous,
     .keys = kOverwrite,
     .group = CommandGroup::kServer,
     .since = "3.0.0",
     .complexity = "O(N) with N the bytes of the value; O(N*log(N)) for sorted sets",
     .summary = "RESTORE into a slot that is being imported, for MIGRATE.",
     .grammar = kRestoreGrammar,
     .handler = Restore,
     .effect = EffectForm::kSaid},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> DumpCommands() {
  return kRows;
}

}  // namespace strata
