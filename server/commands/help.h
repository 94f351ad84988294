#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/command_context.h"

namespace strata {

// The handler of every container's HELP subcommand: a line with the syntax of each subcommand and
// one with its summary, from the rows.
void ContainerHelp(CommandContext& c);

// Its row.
constexpr Command HelpRow(CommandGroup group, std::string_view since, uint32_t acl = 0) {
  return {.name = "help",
          .arity = 2,
          .flags = kLoading | kStale,
          .acl = acl,
          .group = group,
          .since = since,
          .complexity = "O(1)",
          .summary = "Explains the subcommands.",
          .handler = ContainerHelp};
}

// The same reply from lines made elsewhere; `name` is the container's.
void ReplyHelp(CommandContext& c, std::string_view name, const std::vector<std::string>& lines);

// "ERR unknown subcommand or wrong number of arguments for 'x'. Try Y HELP."
void SubcommandSyntaxError(CommandContext& c);

}  // namespace strata
