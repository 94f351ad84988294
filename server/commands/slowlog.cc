// SLOWLOG. The dispatcher fills the log.

#include <cstdint>
#include <limits>

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

void SlowlogGet(CommandContext& c) {
  constexpr int64_t kDefaultCount = 10;
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  int64_t count = kDefaultCount;
  if (c.arguments.size() == 3) {
    std::optional<int64_t> asked = ParseInt64(c.argument(2));
    if (!asked || *asked < -1) {
      return c.reply.Error("ERR count should be greater than or equal to -1");
    }
    count = *asked == -1 ? std::numeric_limits<int64_t>::max() : *asked;
  }
  std::vector<SlowLogEntry> entries = c.services.slow_log.Latest(static_cast<size_t>(count));
  c.reply.Array(entries.size());
  for (const SlowLogEntry& entry : entries) {
    c.reply.Array(6);
    c.reply.Integer(entry.id);
    c.reply.Integer(entry.at_s);
    c.reply.Integer(entry.duration_us);
    c.reply.Array(entry.arguments.size());
    for (const std::string& argument : entry.arguments) c.reply.Bulk(argument);
    c.reply.Bulk(entry.client_address);
    c.reply.Bulk(entry.client_name);
  }
}

void SlowlogLen(CommandContext& c) {
  c.reply.Integer(static_cast<int64_t>(c.services.slow_log.size()));
}

void SlowlogReset(CommandContext& c) {
  c.services.slow_log.Reset();
  c.reply.Ok();
}

constexpr uint32_t kFlags = kAdmin | kLoading | kStale;

constexpr Command kSlowlogRows[] = {
    {.name = "get",
     .arity = -2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.2.12",
     .complexity = "O(N), N being the number of entries",
     .summary = "Shows the latest slow commands, the newest first.",
     .grammar = "[count:integer]",
     .handler = SlowlogGet,
     .tips = tips::kNodesVary},
    {.name = "len",
     .arity = 2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.2.12",
     .complexity = "O(1)",
     .summary = "Counts the entries of the slow log.",
     .handler = SlowlogLen,
     .tips = tips::kNodesSum},
    {.name = "reset",
     .arity = 2,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = "2.2.12",
     .complexity = "O(N), N being the number of entries",
     .summary = "Empties the slow log.",
     .handler = SlowlogReset,
     .tips = tips::kNodesSucceed},
    HelpRow(CommandGroup::kServer, "6.2.0"),
};

constexpr Command kRows[] = {
    {.name = "slowlog",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "2.2.12",
     .complexity = "Depends on the subcommand",
     .summary = "Tells which commands were slow.",
     .subcommands = kSlowlogRows},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> SlowlogCommands() {
  return kRows;
}

}  // namespace strata
