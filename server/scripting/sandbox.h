#pragma once

#include "server/scripting/lua.h"

namespace strata {

// Makes the globals of scripts, with all libraries but `redis`, and pushes them: a table that is
// still open to changes.
void PushOpenGlobals(lua_State* lua);

// Protects the libraries in the globals at the top, and the globals themselves, which the
// interpreter uses from then on. The table at the top is replaced by the hidden one.
void CloseGlobals(lua_State* lua);

// Pushes a metatable that makes it an error to ask for a field that is not there.
void PushStrictMetatable(lua_State* lua);

}  // namespace strata
