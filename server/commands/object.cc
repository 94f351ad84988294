// OBJECT: how a value is kept. Looking at it here does not count as a use of it.

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"
#include "server/commands/object_encoding.h"

namespace strata {
namespace {

// The live entry, or null after a null reply. Counted as a hit or a miss, but not touched.
const Entry* Look(CommandContext& c) {
  const Entry* entry = c.database.Find(c.keys[0]);
  (entry != nullptr ? c.statistics.keyspace_hits : c.statistics.keyspace_misses).Add(1);
  if (entry == nullptr) c.reply.Null();
  return entry;
}

void ObjectEncoding(CommandContext& c) {
  if (const Entry* entry = Look(c)) c.reply.Bulk(EncodingName(*entry));
}

// Answered whatever the policy is, where Redis answers only under an LFU policy: redis-cli
// --hotkeys stops at the first error.
void ObjectFreq(CommandContext& c) {
  const Entry* entry = Look(c);
  if (entry == nullptr) return;
  c.reply.Integer(DecayedFrequency(entry->use().frequency(), IdleSeconds(*entry, c.now_ms()),
                                   FrequencyScaleOf(c.options())));
}

void ObjectIdleTime(CommandContext& c) {
  if (const Entry* entry = Look(c)) c.reply.Integer(IdleSeconds(*entry, c.now_ms()));
}

void ObjectRefCount(CommandContext& c) {
  if (Look(c) != nullptr) c.reply.Integer(1);  // no values are shared between keys
}

// That of the value: a key that has its value here may have a copy below besides.
void ObjectTier(CommandContext& c) {
  const auto& tiers = c.options().tiers.tiers;
  if (tiers.empty()) return c.reply.Error(errors::kNoTier);
  if (const Entry* entry = Look(c)) c.reply.Bulk(entry->is_stub() ? tiers.front().name : "memory");
}

constexpr KeySpec kOneKey[] = {{kKeyReadOnly, 2, 2, 1}};

constexpr Command kObjectRows[] = {
    {.name = "encoding",
     .arity = 3,
     .flags = kReadonly,
     .acl = kAclKeyspace,
     .keys = kOneKey,
     .group = CommandGroup::kGeneric,
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Names the form in which a key's value is kept.",
     .grammar = "key",
     .handler = ObjectEncoding,
     .tips = tips::kVaries},
    {.name = "freq",
     .arity = 3,
     .flags = kReadonly | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kOneKey,
     .group = CommandGroup::kGeneric,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Tells how often a key is used, on a logarithmic scale.",
     .grammar = "key",
     .handler = ObjectFreq,
     .tips = tips::kVaries},
    {.name = "idletime",
     .arity = 3,
     .flags = kReadonly | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kOneKey,
     .group = CommandGroup::kGeneric,
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Tells how many seconds ago a key was last used.",
     .grammar = "key",
     .handler = ObjectIdleTime,
     .tips = tips::kVaries},
    {.name = "refcount",
     .arity = 3,
     .flags = kReadonly | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kOneKey,
     .group = CommandGroup::kGeneric,
     .since = "2.2.3",
     .complexity = "O(1)",
     .summary = "Tells how many references a key's value has.",
     .grammar = "key",
     .handler = ObjectRefCount,
     .tips = tips::kVaries},
    {.name = "tier",
     .arity = 3,
     .flags = kReadonly | kNeedsNoValue,
     .acl = kAclKeyspace,
     .keys = kOneKey,
     .group = CommandGroup::kGeneric,
     .since = "7.4.0",
     .complexity = "O(1)",
     .summary = "Tells where a key's value lies: memory, or the name of the tier below.",
     .grammar = "key",
     .handler = ObjectTier,
     .tips = tips::kVaries},
    HelpRow(CommandGroup::kGeneric, "6.2.0", kAclKeyspace),
};

constexpr Command kRows[] = {
    {.name = "object",
     .arity = -2,
     .group = CommandGroup::kGeneric,
     .since = "2.2.3",
     .complexity = "Depends on the subcommand",
     .summary = "Tells how keys' values are kept.",
     .subcommands = kObjectRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ObjectCommands() {
  return kRows;
}

}  // namespace strata
