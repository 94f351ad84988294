// MONITOR, and MODULE for tools that ask which modules there are.

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"
#include "server/commands/help.h"

namespace strata {
namespace {

// The dispatcher feeds the lines.
void Monitor(CommandContext& c) {
  if (c.may_block == MayBlock::kNo) {
    return c.reply.Error("ERR MONITOR isn't allowed for DENY BLOCKING client");
  }
  c.client.monitoring = true;
  c.services.pubsub.Subscribe(c.client, TopicKind::kMonitor, "");
  c.reply.Ok();
}

void ModuleList(CommandContext& c) {
  c.reply.Array(0);
}

constexpr Command kModuleRows[] = {
    {.name = "list",
     .arity = 2,
     .flags = kAdmin | kNoScript,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "O(1)",
     .summary = "Lists the loaded modules: none, since there is no module interface.",
     .handler = ModuleList,
     .tips = tips::kUnordered},
    HelpRow(CommandGroup::kServer, "5.0.0"),
};

constexpr Command kRows[] = {
    {.name = "module",
     .arity = -2,
     .group = CommandGroup::kServer,
     .since = "4.0.0",
     .complexity = "Depends on the subcommand",
     .summary = "Tells about modules.",
     .subcommands = kModuleRows},
    {.name = "monitor",
     .arity = 1,
     .flags = kAdmin | kNoScript | kLoading | kStale,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(1), and O(N) in the length of every command from then on",
     .summary = "Sends every command that the server runs to this connection.",
     .handler = Monitor},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> IntrospectionCommands() {
  return kRows;
}

}  // namespace strata
