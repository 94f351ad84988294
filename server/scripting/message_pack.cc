#include "server/scripting/message_pack.h"

#include "server/scripting/interpreter.h"

namespace strata {
namespace {

int Pack(lua_State* lua) {
  const int count = lua_gettop(lua);
  if (count == 0) return luaL_argerror(lua, 0, "MessagePack pack needs input.");
  const size_t most_bytes = Interpreter::Of(lua).most_memory_bytes();
  std::string out;
  for (int i = 1; i <= count; ++i) {
    luaL_checkstack(lua, 1, "in cmsgpack.pack");
    lua_pushvalue(lua, i);
    PackMessage(lua, out, most_bytes);
  }
  PushText(lua, out);
  return 1;
}

// Pushes the next of several values.
void UnpackOrRaise(lua_State* lua, std::string_view& bytes) {
  constexpr int kSlots = 4;  // of a value, and what unpacking it takes
  luaL_checkstack(lua, kSlots,
                  "too many return values at once; use unpack_one or unpack_limit instead.");
  switch (UnpackMessage(lua, bytes)) {
    case MessageStatus::kOk:
      return;
    case MessageStatus::kMissingBytes:
      luaL_error(lua, "Missing bytes in input.");
      return;
    case MessageStatus::kBadFormat:
      luaL_error(lua, "Bad data format in input.");
  }
}

// The first argument's values from `offset` on, at most so many. Behind where it went on.
int UnpackSome(lua_State* lua, int limit, int offset) {
  size_t size = 0;
  const char* data = luaL_checklstring(lua, 1, &size);
  if (offset < 0 || limit < 0) {
    return luaL_error(lua, "Invalid request to unpack with offset of %d and limit of %d.", offset,
                      static_cast<int>(size));
  }
  const auto start = static_cast<size_t>(offset);
  if (start > size) {
    return luaL_error(lua, "Start offset %d greater than input length %d.", offset,
                      static_cast<int>(size));
  }
  std::string_view left(data + start, size - start);
  lua_settop(lua, 1);
  lua_pushnil(lua);  // to be where it went on
  int values = 0;
  for (; !left.empty() && values < limit; ++values) {
    UnpackOrRaise(lua, left);
  }
  lua_pushnumber(lua, left.empty() ? -1 : static_cast<lua_Number>(size - left.size()));
  lua_replace(lua, 2);
  return values + 1;
}

int UnpackAll(lua_State* lua) {
  size_t size = 0;
  const char* data = luaL_checklstring(lua, 1, &size);
  std::string_view left(data, size);
  lua_settop(lua, 1);
  int values = 0;
  for (; !left.empty(); ++values) {
    UnpackOrRaise(lua, left);
  }
  return values;
}

int UnpackOne(lua_State* lua) {
  const int offset = luaL_optint(lua, 2, 0);
  return UnpackSome(lua, 1, offset);
}

int UnpackLimit(lua_State* lua) {
  const int limit = luaL_checkint(lua, 2);
  const int offset = luaL_optint(lua, 3, 0);
  if (limit == 0 && offset == 0) return UnpackAll(lua);  // as Redis's
  return UnpackSome(lua, limit, offset);
}

void SetText(lua_State* lua, const char* field, const char* text) {
  lua_pushstring(lua, text);
  lua_setfield(lua, -2, field);
}

}  // namespace

void PushMessagePackLibrary(lua_State* lua) {
  lua_newtable(lua);
  SetFunction(lua, "pack", Pack);
  SetFunction(lua, "unpack", UnpackAll);
  SetFunction(lua, "unpack_one", UnpackOne);
  SetFunction(lua, "unpack_limit", UnpackLimit);
  // What scripts may look at to know which library it is.
  SetText(lua, "_NAME", "cmsgpack");
  SetText(lua, "_VERSION", "lua-cmsgpack 0.4.0");
  SetText(lua, "_COPYRIGHT", "Copyright (C) 2012, Salvatore Sanfilippo");
  SetText(lua, "_DESCRIPTION", "MessagePack C implementation for Lua");
}

}  // namespace strata
