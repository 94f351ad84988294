#include "server/scripting/random_functions.h"

#include <cmath>
#include <cstdint>

#include "server/scripting/interpreter.h"

namespace strata {
namespace {

// In [0, 1).
lua_Number NextFraction(lua_State* lua) {
  const int32_t number = Interpreter::Of(lua).random().Next();
  return static_cast<lua_Number>(number % INT32_MAX) / static_cast<lua_Number>(INT32_MAX);
}

int Random(lua_State* lua) {
  const lua_Number fraction = NextFraction(lua);
  switch (lua_gettop(lua)) {
    case 0:
      lua_pushnumber(lua, fraction);
      return 1;
    case 1: {
      const int upper = luaL_checkint(lua, 1);
      luaL_argcheck(lua, 1 <= upper, 1, "interval is empty");
      lua_pushnumber(lua, std::floor(fraction * upper) + 1);
      return 1;
    }
    case 2: {
      const int lower = luaL_checkint(lua, 1);
      const int upper = luaL_checkint(lua, 2);
      luaL_argcheck(lua, lower <= upper, 2, "interval is empty");
      const lua_Number width = static_cast<lua_Number>(upper) - lower + 1;
      lua_pushnumber(lua, std::floor(fraction * width) + lower);
      return 1;
    }
    default:
      return luaL_error(lua, "wrong number of arguments");
  }
}

int RandomSeed(lua_State* lua) {
  Interpreter::Of(lua).random().Seed(static_cast<int32_t>(luaL_checkinteger(lua, 1)));
  return 0;
}

}  // namespace

void ReplaceRandomFunctions(lua_State* lua) {
  lua_getfield(lua, -1, "math");
  SetFunction(lua, "random", Random);
  SetFunction(lua, "randomseed", RandomSeed);
  lua_pop(lua, 1);
}

}  // namespace strata
