#pragma once

// The first gates of a request, in common for clients and scripts: which command is meant, and
// whether its arguments can be as many.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "server/command_table.h"

namespace strata {

struct Resolution {
  const Command* command = nullptr;  // null: unknown
  uint32_t row = 0;                  // the command's index, if known
  // Then the command is null, but its container is not.
  bool unknown_subcommand = false;
};

// The command, or subcommand, that the arguments call. REQUIRES: there is an argument.
Resolution ResolveCommand(const CommandTable& table, std::span<const std::string_view> arguments);

// False for a container, too, that does not run alone.
inline bool TakesArguments(const Command& command, size_t count) {
  const auto given = static_cast<int>(count);
  const bool fits = command.arity > 0 ? given == command.arity : given >= -command.arity;
  return fits && command.handler != nullptr;
}

// The replies where these fail.
std::string UnknownCommandError(std::span<const std::string_view> arguments,
                                bool unknown_subcommand);
std::string WrongArityError(std::string_view full_name);

// Whether a client that has subscribed to something may run it in RESP2, where it could not tell
// the reply from a message; and the reply if not.
bool MayRunSubscribed(const Command& command);
std::string SubscriberError(std::string_view full_name);

}  // namespace strata
