#pragma once

// Tables that scripts can read but not change, so that no script can lay a trap for the next: the
// globals and the libraries. Redis patches its copy of Lua for this; Debian's knows no read-only
// tables. So what a script sees is an empty table, whose content is a hidden one:
//
//   _G (empty) ── metatable ── __index ──► hidden globals   { redis = redis, string = string, … }
//                     └─────── __newindex ► "Attempt to modify a readonly table"
//
// What reaches past metatables is replaced by functions that know such tables: rawget, rawset,
// next, pairs, getmetatable, setmetatable, table.insert, table.foreach. There is no debug library.

#include "server/scripting/lua.h"

namespace strata {

// Makes the table at `index` empty and protected; all that it held moves into a hidden table, which
// is pushed.
void ProtectTable(lua_State* lua, int index);

// The table at the top is what getmetatable shows of the metatable at `index`; pops it. Without
// this, nobody sees the metatable of a protected table.
void ShowAsMetatable(lua_State* lua, int index);

// Pushes the content of a protected table; pushes nothing and returns false if it is none.
bool PushProtectedContent(lua_State* lua, int index);

// Replaces the functions above, in the globals that the table at the top is, and in its `table`.
void ReplaceTableFunctions(lua_State* lua);

}  // namespace strata
