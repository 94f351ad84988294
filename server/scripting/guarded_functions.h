#pragma once

// Replacements for functions of Lua's and Debian's libraries that trust their caller too much, each
// with what it guards against:
//
//   pcall, xpcall, load, coroutine.resume
//                        that a script catches the error by which it is told to end, or goes on in
//                        the handler of that error
//   load, loadstring     bytecode, which nobody verifies; a chunk's name that the collector takes
//                        away from under the parser
//   pcall                as in Redis, an error that is a table with `err` comes out as that text
//   unpack               a count that overflows
//   string.rep           a length that overflows, and work for nothing
//   string.find …        patterns that recurse until the stack is full
//   bit.tohex            a count that overflows

#include "server/scripting/lua.h"

namespace strata {

// In the globals that the table at the top is. REQUIRES: its libraries are there.
void GuardFunctions(lua_State* lua);

// Pushes a function made of source text, or a message; returns lua_load's status. `name` is as
// lua_load takes it: "@file", "=name", or the source itself.
int LoadSource(lua_State* lua, std::string_view source, const char* name);

}  // namespace strata
