#include "server/scripting/library_api.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "server/scripting/function_scripts.h"
#include "server/scripting/protected_table.h"
#include "server/scripting/redis_library.h"
#include "server/scripting/sandbox.h"
#include "server/scripting/script_error.h"
#include "server/scripting/shebang.h"

namespace strata {
namespace {

[[noreturn]] void Refuse(lua_State* lua, std::string_view reason) {
  PushScriptError(lua, "ERR " + std::string(reason));
  lua_error(lua);
  __builtin_unreachable();
}

// What the fields of register_function's table say.
struct NamedArguments {
  LibraryFunction function;
  bool has_name = false;
  int callback = 0;  // its slot on the stack: nil until it is known
};

// The names in the array at the top, as flags.
uint32_t ReadFlags(lua_State* lua) {
  uint32_t flags = 0;
  for (int i = 1;; ++i) {
    lua_rawgeti(lua, -1, i);
    if (lua_isnil(lua, -1)) break;
    const std::optional<ScriptFlag> flag = FindScriptFlag(ToLower(TextAt(lua, -1)));
    if (!flag) Refuse(lua, "unknown flag given");
    flags |= *flag;
    lua_pop(lua, 1);
  }
  lua_pop(lua, 1);
  return flags;
}

// The field whose key and value are at the top.
void ReadField(lua_State* lua, NamedArguments& arguments) {
  const int value = lua_gettop(lua);
  if (lua_isstring(lua, -2) == 0) {
    Refuse(lua, "named argument key given to redis.register_function is not a string");
  }
  lua_pushvalue(lua, -2);  // a number must stay one for lua_next
  const std::string key(TextAt(lua, -1));
  lua_pop(lua, 1);
  const auto require = [&](bool holds, std::string_view what) {
    if (!holds) Refuse(lua, what);
  };
  if (EqualsIgnoreCase(key, "function_name")) {
    require(lua_isstring(lua, value) != 0,
            "function_name argument given to redis.register_function must be a string");
    arguments.function.name = TextAt(lua, value);
    arguments.has_name = true;
  } else if (EqualsIgnoreCase(key, "description")) {
    require(lua_isstring(lua, value) != 0,
            "description argument given to redis.register_function must be a string");
    arguments.function.description = std::string(TextAt(lua, value));
  } else if (EqualsIgnoreCase(key, "callback")) {
    require(lua_isfunction(lua, value),
            "callback argument given to redis.register_function must be a function");
    lua_pushvalue(lua, value);
    lua_replace(lua, arguments.callback);
  } else if (EqualsIgnoreCase(key, "flags")) {
    require(lua_istable(lua, value),
            "flags argument to redis.register_function must be a table representing function "
            "flags");
    arguments.function.flags = ReadFlags(lua);
  } else {
    Refuse(lua, "unknown argument given to redis.register_function");
  }
}

// From the one table; leaves the callback at the top.
LibraryFunction ReadNamedArguments(lua_State* lua) {
  if (!lua_istable(lua, 1)) {
    Refuse(lua,
           "calling redis.register_function with a single argument is only applicable to Lua table "
           "(representing named arguments).");
  }
  lua_pushnil(lua);
  NamedArguments arguments;
  arguments.callback = lua_gettop(lua);
  lua_pushnil(lua);
  while (lua_next(lua, 1) != 0) {
    ReadField(lua, arguments);
    lua_pop(lua, 1);
  }
  if (!arguments.has_name) Refuse(lua, "redis.register_function must get a function name argument");
  if (lua_isnil(lua, -1)) Refuse(lua, "redis.register_function must get a callback argument");
  return std::move(arguments.function);
}

// From a name and a function; leaves the function at the top.
LibraryFunction ReadPositionalArguments(lua_State* lua) {
  if (lua_isstring(lua, 1) == 0) {
    Refuse(lua, "first argument to redis.register_function must be a string");
  }
  if (!lua_isfunction(lua, 2)) {
    Refuse(lua, "second argument to redis.register_function must be a function");
  }
  return {std::string(TextAt(lua, 1)), std::nullopt, 0};
}

int RegisterFunction(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count != 1 && count != 2) {
    Refuse(lua, "wrong number of arguments to redis.register_function");
  }
  LibraryRegistrations* registrations = Interpreter::Of(lua).registrations();
  if (registrations == nullptr) {
    Refuse(lua, "redis.register_function can only be called on FUNCTION LOAD command");
  }
  LibraryFunction function = count == 1 ? ReadNamedArguments(lua) : ReadPositionalArguments(lua);
  if (!IsScriptName(function.name)) Refuse(lua, kBadScriptName);
  for (const auto& other : registrations->registered) {
    if (EqualsIgnoreCase(other.function.name, function.name)) {
      Refuse(lua, "Function already exists in the library");
    }
  }
  registrations->registered.push_back({std::move(function), Interpreter::Of(lua).Keep()});
  return 0;
}

}  // namespace

void PushLoadGlobals(lua_State* lua) {
  lua_newtable(lua);
  lua_newtable(lua);
  AddCommonFields(lua);
  SetFunction(lua, "register_function", RegisterFunction);
  ProtectTable(lua, lua_gettop(lua));
  PushStrictMetatable(lua);
  lua_setmetatable(lua, -2);
  lua_pop(lua, 1);
  lua_pushvalue(lua, -1);
  lua_setfield(lua, -3, "server");
  lua_setfield(lua, -2, "redis");
  PushStrictMetatable(lua);
  lua_setmetatable(lua, -2);
}

}  // namespace strata
