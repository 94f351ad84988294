// SLOWLOG, and COMMANDLOG, which is Valkey's name for it and for the logs of large requests and
// replies. CommandAccounts fills them.

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/text.h"
#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

// The argument that says how many entries; nothing after an error reply.
std::optional<size_t> ReadCount(CommandContext& c, std::string_view text) {
  const std::optional<int64_t> count = ParseInt64(text);
  if (!count || *count < -1) {
    c.reply.Error("ERR count should be greater than or equal to -1");
    return std::nullopt;
  }
  return *count == -1 ? std::numeric_limits<size_t>::max() : static_cast<size_t>(*count);
}

void ReplyLatest(ReplyBuilder& reply, CommandLog& log, size_t count) {
  const std::vector<CommandLogEntry> entries = log.Latest(count);
  reply.Array(entries.size());
  for (const CommandLogEntry& entry : entries) {
    reply.Array(6);
    reply.Integer(entry.id);
    reply.Integer(entry.at_s);
    reply.Integer(entry.value);
    reply.Array(entry.arguments.size());
    for (const std::string& argument : entry.arguments) reply.Bulk(argument);
    reply.Bulk(entry.client_address);
    reply.Bulk(entry.client_name);
  }
}

void ReplySize(CommandContext& c, CommandLog& log) {
  c.reply.Integer(static_cast<int64_t>(log.size()));
}

void ResetLog(CommandContext& c, CommandLog& log) {
  log.Reset();
  c.reply.Ok();
}

void SlowlogGet(CommandContext& c) {
  constexpr size_t kDefaultCount = 10;
  if (c.arguments.size() > 3) return SubcommandSyntaxError(c);
  const std::optional<size_t> count =
      c.arguments.size() == 3 ? ReadCount(c, c.argument(2)) : kDefaultCount;
  if (count) ReplyLatest(c.reply, c.services.command_logs.slow, *count);
}

void SlowlogLen(CommandContext& c) {
  ReplySize(c, c.services.command_logs.slow);
}

void SlowlogReset(CommandContext& c) {
  ResetLog(c, c.services.command_logs.slow);
}

// By its name; null after an error reply.
CommandLog* FindLog(CommandContext& c, std::string_view name) {
  CommandLogs& logs = c.services.command_logs;
  if (EqualsIgnoreCase(name, "slow")) return &logs.slow;
  if (EqualsIgnoreCase(name, "large-request")) return &logs.large_requests;
  if (EqualsIgnoreCase(name, "large-reply")) return &logs.large_replies;
  c.reply.Error("ERR type should be one of the following: slow, large-request, large-reply");
  return nullptr;
}

void CommandlogGet(CommandContext& c) {
  const std::optional<size_t> count = ReadCount(c, c.argument(2));
  CommandLog* log = count ? FindLog(c, c.argument(3)) : nullptr;
  if (log != nullptr) ReplyLatest(c.reply, *log, *count);
}

void CommandlogLen(CommandContext& c) {
  if (CommandLog* log = FindLog(c, c.argument(2))) ReplySize(c, *log);
}

void CommandlogReset(CommandContext& c) {
  if (CommandLog* log = FindLog(c, c.argument(2))) ResetLog(c, *log);
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

constexpr std::string_view kCommandlogSince = "8.1.0";

constexpr Command kCommandlogRows[] = {
    {.name = "get",
     .arity = 4,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = kCommandlogSince,
     .complexity = "O(N), N being the number of entries",
     .summary = "Shows the latest entries of a command log, the newest first.",
     .grammar = "count:integer (type=SLOW|LARGE-REQUEST|LARGE-REPLY)",
     .handler = CommandlogGet,
     .tips = tips::kNodesVary},
    {.name = "len",
     .arity = 3,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = kCommandlogSince,
     .complexity = "O(1)",
     .summary = "Counts the entries of a command log.",
     .grammar = "(type=SLOW|LARGE-REQUEST|LARGE-REPLY)",
     .handler = CommandlogLen,
     .tips = tips::kNodesSum},
    {.name = "reset",
     .arity = 3,
     .flags = kFlags,
     .group = CommandGroup::kServer,
     .since = kCommandlogSince,
     .complexity = "O(N), N being the number of entries",
     .summary = "Empties a command log.",
     .grammar = "(type=SLOW|LARGE-REQUEST|LARGE-REPLY)",
     .handler = CommandlogReset,
     .tips = tips::kNodesSucceed},
    HelpRow(CommandGroup::kServer, kCommandlogSince),
};

constexpr Command kRows[] = {
    {.name = "commandlog",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = kCommandlogSince,
     .complexity = "Depends on the subcommand",
     .summary =
         "Tells which commands were slow, or had large requests or replies (as Valkey does).",
     .subcommands = kCommandlogRows},
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

std::span<const Command> CommandLogCommands() {
  return kRows;
}

}  // namespace strata
