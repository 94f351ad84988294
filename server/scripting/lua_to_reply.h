#pragma once

// What a script returns, as a reply, in Redis's conversion: see server/scripting/reply_to_lua.h for
// the tables that are more than arrays. Numbers lose their fractions; an array ends before its
// first nil; what has no counterpart (a function) is null.

#include "protocol/reply_builder.h"
#include "server/scripting/lua.h"

namespace strata {

// Pops the value at the top and writes it. `script_version` is what the script chose by
// redis.setresp: it says whether its booleans are such, or 1 and null.
void ReplyValue(lua_State* lua, RespVersion script_version, ReplyBuilder& reply);

}  // namespace strata
