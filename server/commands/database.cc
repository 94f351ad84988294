// Commands on whole databases.

#include <string>

#include "base/text.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/nested_calls.h"

namespace strata {
namespace {

void DbSize(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.services.keyspace.Size(c.client.database)));
}

// ASYNC and SYNC make no difference: detaching is quick, freeing is the reclaimer's work.
bool ReadFlushMode(CommandContext& c) {
  ArgumentReader reader(c.arguments, 1);
  if (!reader.Take("async")) reader.Take("sync");
  if (reader.done()) return true;
  c.reply.Error(errors::kSyntax);
  return false;
}

// Who waits is served where the command ran.
void NoteReady(CommandContext& c, int database) {
  if (!c.client.repeats_effects) c.ready_keys.NoteAll(c.services.wait_queues, database);
}

void Flush(CommandContext& c, int database) {
  c.services.watches.SpoilAll(database, {database}, c.now_ms());
  c.statistics.writes.Add(c.services.keyspace.Size(database));
  c.services.reclaimer.Free(c.services.keyspace.Flush(database));
  NoteReady(c, database);
}

void FlushDb(CommandContext& c) {
  if (!ReadFlushMode(c)) return;
  c.SayOwnWords();
  Flush(c, c.client.database);
  c.services.tracking.InvalidateAll();
  c.reply.Ok();
}

void FlushAll(CommandContext& c) {
  if (!ReadFlushMode(c)) return;
  c.SayOwnWords();
  for (int i = 0; i < c.services.keyspace.databases(); ++i) Flush(c, i);
  c.services.tracking.InvalidateAll();
  c.reply.Ok();
}

void SwapDb(CommandContext& c) {
  if (c.client.in_cluster_mode()) {
    return c.reply.Error("ERR SWAPDB is not allowed in cluster mode");
  }
  constexpr int64_t kMaxIndex = INT32_MAX;  // beyond it, Redis says that it is no index at all
  auto read = [&](size_t position, std::string_view error) -> std::optional<int64_t> {
    std::optional<int64_t> index = ParseInt64(c.argument(position));
    if (index && *index <= kMaxIndex && *index >= -kMaxIndex - 1) return index;
    c.reply.Error(error);
    return std::nullopt;
  };
  std::optional<int64_t> first = read(1, "ERR invalid first DB index");
  if (!first) return;
  std::optional<int64_t> second = read(2, "ERR invalid second DB index");
  if (!second) return;
  int64_t databases = c.services.keyspace.databases();
  if (*first < 0 || *first >= databases || *second < 0 || *second >= databases) {
    return c.reply.Error(errors::kDatabaseIndex);
  }
  if (*first == *second) {
    c.statistics.writes.Add(1);
    return c.reply.Ok();
  }
  const std::initializer_list<int> both = {static_cast<int>(*first), static_cast<int>(*second)};
  for (int swapped : both) c.services.watches.SpoilAll(swapped, both, c.now_ms());
  c.services.keyspace.Swap(*both.begin(), *(both.begin() + 1));
  // At once, since what is found to be over behind it is told by the numbers that are valid then.
  c.SayOwnWords();
  c.nested.isolation().effects().Deliver();
  for (int swapped : both) NoteReady(c, swapped);
  c.services.tracking.InvalidateAll();
  c.statistics.writes.Add(1);
  c.reply.Ok();
}

constexpr Command kRows[] = {
    {.name = "dbsize",
     .arity = 1,
     .flags = kReadonly | kFast | kWalksKeyspace,
     .acl = kAclKeyspace,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Counts the keys of the database.",
     .handler = DbSize,
     .tips = tips::kShardsSum},
    {.name = "flushdb",
     .arity = -1,
     .flags = kWrite | kExclusive,
     .acl = kAclKeyspace | kAclDangerous,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(1); the memory is freed in the background",
     .summary = "Removes all keys of the database.",
     .grammar = "[flush-type=ASYNC|SYNC]",
     .handler = FlushDb,
     .tips = tips::kShardsSucceed,
     .effect = EffectForm::kOwnWords},
    {.name = "flushall",
     .arity = -1,
     .flags = kWrite | kExclusive,
     .acl = kAclKeyspace | kAclDangerous,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(1); the memory is freed in the background",
     .summary = "Removes all keys of all databases.",
     .grammar = "[flush-type=ASYNC|SYNC]",
     .handler = FlushAll,
     .tips = tips::kShardsSucceed,
     .effect = EffectForm::kOwnWords},
    {.name = "swapdb",
     .arity = 3,
     .flags = kWrite | kFast | kExclusive,
     .acl = kAclKeyspace | kAclDangerous,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Exchanges the contents of two databases.",
     .grammar = "index1:integer index2:integer",
     .handler = SwapDb,
     .effect = EffectForm::kOwnWords},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> DatabaseCommands() {
  return kRows;
}

}  // namespace strata
