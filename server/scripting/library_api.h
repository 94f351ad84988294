#pragma once

#include "server/scripting/lua.h"

namespace strata {

// Pushes the globals that the code of a library sees while it is loaded: `redis`, and `server`,
// with register_function, log and the versions.
void PushLoadGlobals(lua_State* lua);

}  // namespace strata
