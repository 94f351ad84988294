#include "server/scripting/script_error.h"

#include "server/scripting/protected_table.h"

namespace strata {
namespace {

// Pushes a field as it is, whatever the metatable says.
void PushField(lua_State* lua, int index, const char* name) {
  lua_pushvalue(lua, index);
  lua_pushstring(lua, name);
  lua_rawget(lua, -2);
  lua_remove(lua, -2);
}

// Good as long as the table is.
std::string_view TextField(lua_State* lua, int index, const char* name) {
  PushField(lua, index, name);
  const bool is_text = lua_type(lua, -1) == LUA_TSTRING;
  const std::string_view text = is_text ? TextAt(lua, -1) : std::string_view();
  lua_pop(lua, 1);
  return text;
}

std::string LineField(lua_State* lua, int index) {
  PushField(lua, index, "line");
  std::string line(lua_isstring(lua, -1) != 0 ? TextAt(lua, -1) : std::string_view());
  lua_pop(lua, 1);
  return line;
}

// The function of Lua that raised the error: that at level 1, or what called it if that is C.
bool FindPlace(lua_State* lua, lua_Debug& place) {
  for (int level = 1; level <= 2; ++level) {
    if (lua_getstack(lua, level, &place) == 0) return level > 1;
    lua_getinfo(lua, "Sl", &place);
    if (std::string_view(place.what) != "C") return true;
  }
  return true;
}

// Pushes what tostring says of the first value, which is no table.
void PushDescription(lua_State* lua) {
  switch (lua_type(lua, 1)) {
    case LUA_TSTRING:
    case LUA_TNUMBER:
      return PushText(lua, TextAt(lua, 1));
    case LUA_TBOOLEAN:
      return lua_pushstring(lua, lua_toboolean(lua, 1) != 0 ? "true" : "false");
    case LUA_TNIL:
      return lua_pushliteral(lua, "nil");
    default:
      lua_pushfstring(lua, "%s: %p", luaL_typename(lua, 1), lua_topointer(lua, 1));
  }
}

}  // namespace

ScriptError ReadScriptError(lua_State* lua, int index) {
  constexpr std::string_view kUnknown = "ERR unknown error";
  if (!lua_istable(lua, index)) {
    // Only what could not be handled: "error in error handling".
    PushText(lua, "ERR " + std::string(TextAt(lua, index)));
    lua_replace(lua, index < 0 ? index - 1 : index);
    return {TextAt(lua, index), {}, {}, false};
  }
  ScriptError error;
  error.text = TextField(lua, index, "err");
  if (error.text.empty()) error.text = kUnknown;
  error.source = TextField(lua, index, "source");
  error.line = LineField(lua, index);
  PushField(lua, index, "ignore_error_stats_update");
  error.is_counted = lua_toboolean(lua, -1) != 0;
  lua_pop(lua, 1);
  return error;
}

void PushScriptError(lua_State* lua, std::string_view text) {
  lua_createtable(lua, 0, 3);
  PushText(lua, text);
  lua_setfield(lua, -2, "err");
}

void SetErrorPlace(lua_State* lua, const char* source, int line) {
  lua_pushliteral(lua, "source");
  lua_pushstring(lua, source);
  lua_rawset(lua, -3);
  lua_pushliteral(lua, "line");
  lua_pushinteger(lua, line);
  lua_rawset(lua, -3);
}

int CompleteError(lua_State* lua) {
  lua_settop(lua, 1);
  if (PushProtectedContent(lua, 1)) return lua_settop(lua, 1), 1;
  if (!lua_istable(lua, 1)) {
    PushDescription(lua);
    PushScriptError(lua, "ERR " + std::string(TextAt(lua, -1)));
    lua_replace(lua, 1);
  }
  lua_Debug place;
  lua_settop(lua, 1);
  if (FindPlace(lua, place)) SetErrorPlace(lua, place.source, place.currentline);
  return 1;
}

}  // namespace strata
