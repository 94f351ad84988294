#include "server/scripting/sandbox.h"

#include <ctime>

#include "server/scripting/guarded_functions.h"
#include "server/scripting/message_pack.h"
#include "server/scripting/protected_table.h"
#include "server/scripting/random_functions.h"
#include "server/scripting/struct_library.h"

extern "C" {
int luaopen_bit(lua_State* lua);    // lua-bitop
int luaopen_cjson(lua_State* lua);  // lua-cjson
}

namespace strata {
namespace {

// What scripts get of Lua's basic functions; print, dofile, loadfile, getfenv, setfenv and newproxy
// are not among them.
constexpr const char* kBasicFunctions[] = {
    "_VERSION", "assert", "collectgarbage", "coroutine", "error", "gcinfo",       "getmetatable",
    "ipairs",   "load",   "loadstring",     "next",      "pairs", "pcall",        "rawequal",
    "rawget",   "rawset", "select",         "string",    "table", "setmetatable", "tonumber",
    "tostring", "math",   "type",           "unpack",    "xpcall"};

constexpr const char* kLibraries[] = {"bit", "cjson", "cmsgpack", "coroutine", "math",
                                      "os",  "redis", "string",   "struct",    "table"};

void OpenLibrary(lua_State* lua, const char* name, lua_CFunction open) {
  lua_pushcfunction(lua, open);
  lua_pushstring(lua, name);
  lua_call(lua, 1, 0);
}

// The processor time that the process has used, in seconds.
int Clock(lua_State* lua) {
  lua_pushnumber(lua, static_cast<lua_Number>(std::clock()) / CLOCKS_PER_SEC);
  return 1;
}

void PushSystemLibrary(lua_State* lua) {
  lua_newtable(lua);
  SetFunction(lua, "clock", Clock);
}

int RefuseMissingGlobal(lua_State* lua) {
  const char* name = lua_tostring(lua, 2);
  return luaL_error(lua, "Script attempted to access nonexistent global variable '%s'",
                    name == nullptr ? "?" : name);
}

// Strings find their methods in what is hidden behind `string`, one step sooner.
void ProtectStringMetatable(lua_State* lua) {
  lua_pushliteral(lua, "");
  lua_getmetatable(lua, -1);
  lua_newtable(lua);
  lua_getfield(lua, -4, "string");
  lua_setfield(lua, -2, "__index");
  ProtectTable(lua, lua_gettop(lua));
  lua_pop(lua, 1);
  ShowAsMetatable(lua, lua_gettop(lua) - 1);
  lua_getfield(lua, -3, "string");
  PushProtectedContent(lua, lua_gettop(lua));
  lua_setfield(lua, -3, "__index");
  lua_pop(lua, 3);
}

}  // namespace

void PushStrictMetatable(lua_State* lua) {
  lua_newtable(lua);
  SetFunction(lua, "__index", RefuseMissingGlobal);
}

void PushOpenGlobals(lua_State* lua) {
  OpenLibrary(lua, "", luaopen_base);
  OpenLibrary(lua, LUA_TABLIBNAME, luaopen_table);
  OpenLibrary(lua, LUA_STRLIBNAME, luaopen_string);
  OpenLibrary(lua, LUA_MATHLIBNAME, luaopen_math);
  lua_newtable(lua);
  for (const char* name : kBasicFunctions) {
    lua_getfield(lua, LUA_GLOBALSINDEX, name);
    lua_setfield(lua, -2, name);
  }
  lua_pushcfunction(lua, luaopen_cjson);
  lua_call(lua, 0, 1);
  lua_setfield(lua, -2, "cjson");
  lua_pushcfunction(lua, luaopen_bit);
  lua_call(lua, 0, 1);
  lua_setfield(lua, -2, "bit");
  PushMessagePackLibrary(lua);
  lua_setfield(lua, -2, "cmsgpack");
  PushStructLibrary(lua);
  lua_setfield(lua, -2, "struct");
  PushSystemLibrary(lua);
  lua_setfield(lua, -2, "os");
  ReplaceRandomFunctions(lua);
  ReplaceTableFunctions(lua);
  GuardFunctions(lua);
}

void CloseGlobals(lua_State* lua) {
  for (const char* name : kLibraries) {
    lua_getfield(lua, -1, name);
    ProtectTable(lua, lua_gettop(lua));
    lua_pop(lua, 2);
  }
  ProtectStringMetatable(lua);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -2, "_G");
  const int globals = lua_gettop(lua);
  ProtectTable(lua, globals);
  PushStrictMetatable(lua);
  lua_setmetatable(lua, -2);
  lua_getmetatable(lua, globals);
  PushStrictMetatable(lua);
  ProtectTable(lua, lua_gettop(lua));
  lua_pop(lua, 1);
  ShowAsMetatable(lua, lua_gettop(lua) - 1);
  lua_pop(lua, 1);
  lua_pushvalue(lua, globals);
  lua_replace(lua, LUA_GLOBALSINDEX);
  lua_remove(lua, globals);
}

}  // namespace strata
