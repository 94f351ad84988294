#pragma once

// What the commands of scripts and of functions have in common.

#include <optional>
#include <string_view>

#include "server/command_context.h"
#include "server/scripting/interpreter.h"
#include "server/scripting/scripting.h"

namespace strata {

// The keys and values behind `numkeys`, which is argument 2; nothing after an error reply, which is
// `not_a_number` if that is none.
std::optional<ScriptArguments> ReadScriptArguments(CommandContext& c,
                                                   std::string_view not_a_number);

// The optional ASYNC or SYNC behind FLUSH, which make no difference: interpreters are dropped by
// their threads. False after an error reply.
bool ReadScriptFlushMode(CommandContext& c, std::string_view error);

// Ends the script that takes long, and answers.
void KillScript(CommandContext& c, ScriptKind kind);

}  // namespace strata
