#include "server/observability/info.h"

#include "server/command_context.h"
#include "server/command_tips.h"
#include "server/commands/families.h"

namespace strata {
namespace {

void Info(CommandContext& c) {
  c.reply.Verbatim("txt", BuildInfo(c.services, c.client, c.arguments.subspan(1)));
}

constexpr Command kRows[] = {
    {.name = "info",
     .arity = -1,
     .flags = kLoading | kStale | kWalksKeyspace,
     .acl = kAclDangerous,
     .group = CommandGroup::kServer,
     .since = "1.0.0",
     .complexity = "O(1)",
     .summary = "Tells the state of the server, by section.",
     .grammar = "[section...]",
     .handler = Info,
     .tips = tips::kShardsReport},
};
static_assert(AreWellFormed(kRows));

}  // namespace

std::span<const Command> InfoCommands() {
  return kRows;
}

}  // namespace strata
