#include "server/scripting/protected_table.h"

namespace strata {
namespace {

constexpr char kReadonly[] = "Attempt to modify a readonly table";

// Keys of metatables that no script can make: addresses, as light userdata.
const char kContent = 0;
const char kShown = 0;

void PushKey(lua_State* lua, const char& key) {
  lua_pushlightuserdata(lua, const_cast<char*>(&key));
}

// The value that the metatable at `index` has under a key of ours, pushed; nil if it has none.
void PushOurField(lua_State* lua, int index, const char& key) {
  lua_pushvalue(lua, index);
  PushKey(lua, key);
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
}

// As the interpreter raises it where a script assigns.
int RefuseAssignment(lua_State* lua) {
  return luaL_error(lua, kReadonly);
}

// As a function of C raises it.
void RefuseIfProtected(lua_State* lua, int index) {
  if (PushProtectedContent(lua, index)) RaiseText(lua, kReadonly);
}

// The function that a replacement stands for, in its own place, so that errors name the same one.
int CallOriginal(lua_State* lua) {
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

int Next(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_settop(lua, 2);
  if (PushProtectedContent(lua, 1)) lua_replace(lua, 1);
  if (lua_next(lua, 1) != 0) return 2;
  lua_pushnil(lua);
  return 1;
}

int Pairs(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  lua_pushvalue(lua, lua_upvalueindex(1));  // Next: the content itself must not get out
  lua_pushvalue(lua, 1);
  lua_pushnil(lua);
  return 3;
}

int RawGet(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  if (PushProtectedContent(lua, 1)) lua_replace(lua, 1);
  lua_rawget(lua, 1);
  return 1;
}

// rawset and table.insert.
int ChangeTable(lua_State* lua) {
  if (lua_istable(lua, 1)) RefuseIfProtected(lua, 1);
  return CallOriginal(lua);
}

int SetMetatable(lua_State* lua) {
  const bool is_call = lua_istable(lua, 1) && (lua_isnil(lua, 2) || lua_istable(lua, 2));
  if (is_call) RefuseIfProtected(lua, 1);
  return CallOriginal(lua);
}

int GetMetatable(lua_State* lua) {
  luaL_checkany(lua, 1);
  if (lua_getmetatable(lua, 1) == 0) return lua_pushnil(lua), 1;
  PushOurField(lua, lua_gettop(lua), kShown);
  if (!lua_isnil(lua, -1)) return 1;
  PushOurField(lua, lua_gettop(lua) - 1, kContent);
  if (!lua_isnil(lua, -1)) return lua_pushnil(lua), 1;
  lua_settop(lua, 1);
  return CallOriginal(lua);
}

int ForEach(lua_State* lua) {
  if (lua_istable(lua, 1) && PushProtectedContent(lua, 1)) lua_replace(lua, 1);
  return CallOriginal(lua);
}

// Puts a function that gets the old one as its upvalue into the table at the top.
void Replace(lua_State* lua, const char* name, lua_CFunction function) {
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, function, 1);
  lua_setfield(lua, -2, name);
}

}  // namespace

void ProtectTable(lua_State* lua, int index) {
  lua_pushvalue(lua, index);
  const int shell = lua_gettop(lua);
  lua_newtable(lua);
  const int content = lua_gettop(lua);
  lua_pushnil(lua);
  while (lua_next(lua, shell) != 0) {
    lua_pushvalue(lua, -2);
    lua_insert(lua, -2);
    lua_rawset(lua, content);
  }
  lua_pushnil(lua);
  while (lua_next(lua, shell) != 0) {
    lua_pop(lua, 1);
    lua_pushvalue(lua, -1);
    lua_pushnil(lua);
    lua_rawset(lua, shell);  // clearing a field does not disturb the walk
  }
  lua_newtable(lua);
  lua_pushvalue(lua, content);
  lua_setfield(lua, -2, "__index");
  SetFunction(lua, "__newindex", RefuseAssignment);
  PushKey(lua, kContent);
  lua_pushvalue(lua, content);
  lua_rawset(lua, -3);
  lua_setmetatable(lua, shell);
  lua_remove(lua, shell);
}

void ShowAsMetatable(lua_State* lua, int index) {
  lua_pushvalue(lua, index);
  lua_insert(lua, -2);
  PushKey(lua, kShown);
  lua_insert(lua, -2);
  lua_rawset(lua, -3);
  lua_pop(lua, 1);
}

bool PushProtectedContent(lua_State* lua, int index) {
  if (lua_getmetatable(lua, index) == 0) return false;
  PushKey(lua, kContent);
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
  if (!lua_isnil(lua, -1)) return true;
  lua_pop(lua, 1);
  return false;
}

void ReplaceTableFunctions(lua_State* lua) {
  SetFunction(lua, "next", Next);
  lua_pushcfunction(lua, Next);
  lua_pushcclosure(lua, Pairs, 1);
  lua_setfield(lua, -2, "pairs");
  SetFunction(lua, "rawget", RawGet);
  Replace(lua, "rawset", ChangeTable);
  Replace(lua, "setmetatable", SetMetatable);
  Replace(lua, "getmetatable", GetMetatable);
  lua_getfield(lua, -1, "table");
  Replace(lua, "insert", ChangeTable);
  Replace(lua, "foreach", ForEach);
  lua_pop(lua, 1);
}

}  // namespace strata
