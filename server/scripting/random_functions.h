#pragma once

#include "server/scripting/lua.h"

namespace strata {

// Replaces math.random and math.randomseed, in the globals that the table at the top is, by
// Redis's: the same numbers on every machine.
void ReplaceRandomFunctions(lua_State* lua);

}  // namespace strata
