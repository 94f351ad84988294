// Looks over a whole database: KEYS, SCAN, RANDOMKEY. None has a key to be locked by, so each locks
// one shard at a time, for a bounded number of keys.

#include <algorithm>
#include <string>

#include "base/glob.h"
#include "base/random.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/element_scan.h"
#include "server/commands/families.h"
#include "server/commands/value_type.h"

namespace strata {
namespace {

struct ScanOptions {
  int64_t count = 10;
  std::string_view pattern = "*";
  std::optional<std::string_view> type;

  bool Match(const Entry& entry) const {
    if (type && !EqualsIgnoreCase(*type, ValueTypeName(entry.type()))) return false;
    return pattern == "*" || GlobMatch(pattern, entry.key());
  }
};

// Nothing after an error reply.
std::optional<ScanOptions> ParseScanOptions(CommandContext& c) {
  ScanOptions options;
  ArgumentReader reader(c.arguments, 2);
  while (!reader.done()) {
    if (reader.Take("count", 1)) {
      std::optional<int64_t> count = c.Integer(reader.position());
      if (!count) return std::nullopt;
      reader.Next();
      options.count = *count;
    } else if (reader.Take("match", 1)) {
      options.pattern = reader.Next();
    } else if (reader.Take("type", 1)) {
      options.type = reader.Next();
    } else {
      options.count = 0;
    }
    if (options.count < 1) {
      c.reply.Error(errors::kSyntax);
      return std::nullopt;
    }
  }
  return options;
}

void Scan(CommandContext& c) {
  std::optional<uint64_t> cursor = ParseCursor(c.argument(1));
  if (!cursor) return c.reply.Error("ERR invalid cursor");
  std::optional<ScanOptions> options = ParseScanOptions(c);
  if (!options) return;
  // A large COUNT is cut in steps, so that no shard is locked for long.
  constexpr int64_t kStep = 256;
  ElementPage keys;  // collected under the locks, answered behind them
  for (int64_t left = options->count; left > 0; left -= kStep) {
    auto step = static_cast<size_t>(std::min(left, kStep));
    cursor = c.database.keyspace().Scan(c.database.index(), *cursor, step, [&](const Entry& entry) {
      if (options->Match(entry)) keys.Add(entry.key());
    });
    if (*cursor == 0) break;
  }
  keys.Reply(c.reply, *cursor);
}

void Keys(CommandContext& c) {
  ScanOptions options;
  options.pattern = c.argument(1);
  ElementPage keys;  // collected under the locks, answered behind them
  c.database.keyspace().ForEach(c.database.index(), [&](const Entry& entry) {
    if (options.Match(entry)) keys.Add(entry.key());
  });
  keys.Reply(c.reply);
}

void RandomKey(CommandContext& c) {
  std::optional<std::string> key =
      c.database.keyspace().RandomKey(c.database.index(), RandomSeed(), c.now_ms());
  if (!key) return c.reply.Null();
  c.reply.Bulk(*key);
}

constexpr Command kRows[] = {
    {.name = "keys",
     .arity = 2,
     .flags = kReadonly | kWalksKeyspace,
     .acl = kAclKeyspace | kAclDangerous,
     .keys = {},
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(N) with N the number of keys in the database",
     .summary = "Answers with all keys that match a pattern.",
     .grammar = "pattern:pattern",
     .handler = Keys,
     .tips = tips::kShardsUnordered},
    {.name = "scan",
     .arity = -2,
     .flags = kReadonly | kWalksKeyspace,
     .acl = kAclKeyspace,
     .keys = {},
     .group = CommandGroup::kGeneric,
     .since = "2.8.0",
     .complexity = "O(1) per call, O(N) for all N keys of the database",
     .summary = "Goes through the keys of the database in steps.",
     .grammar = "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type]",
     .handler = Scan,
     .tips = tips::kCursor},
    {.name = "randomkey",
     .arity = 1,
     .flags = kReadonly | kWalksKeyspace,
     .acl = kAclKeyspace,
     .keys = {},
     .group = CommandGroup::kGeneric,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Answers with some key of the database.",
     .grammar = "",
     .handler = RandomKey,
     .tips = tips::kShardsVary},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> ScanCommands() {
  return kRows;
}

}  // namespace strata
