#pragma once

// The table `redis` (and `server`, its name in Valkey) of scripts: commands, replies, the log.

#include "server/scripting/lua.h"

namespace strata {

// Pushes the table that scripts and functions see when they run.
void PushRedisLibrary(lua_State* lua);

// Adds what every `redis` has, to the table at the top: log, its levels, the versions.
void AddCommonFields(lua_State* lua);

}  // namespace strata
