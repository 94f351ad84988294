#pragma once

// Errors of scripts as Redis makes tables of them: {err = "CODE text", source = "@user_script",
// line = number, ignore_error_stats_update = whether the code is counted already}.

#include <string>
#include <string_view>

#include "server/scripting/lua.h"

namespace strata {

// What a script is told that reaches the limit of that name.
inline constexpr char kNotEnoughMemory[] = "not enough memory (script-memory-limit)";

// What such a table says; empty where it says nothing. Views into the table.
struct ScriptError {
  std::string_view text;
  std::string_view source;
  std::string line;
  bool is_counted = false;
};

// What an error that ended a script says, whatever value it is.
ScriptError ReadScriptError(lua_State* lua, int index);

// Pushes {err = text}.
void PushScriptError(lua_State* lua, std::string_view text);
// Says in the table at the top where it was: "@user_script", and the line.
void SetErrorPlace(lua_State* lua, const char* source, int line);

// The handler of the errors that end a script, a function of Lua: makes a table of what is none,
// and says where it was.
int CompleteError(lua_State* lua);

}  // namespace strata
