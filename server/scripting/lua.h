#pragma once

// Lua 5.1 as Debian builds it with a C++ compiler: an error is an exception, so it unwinds the C++
// functions between the one that raises it and lua_pcall, and their objects are destroyed. A
// function that Lua calls must let it pass: no catch (...), no noexcept.

extern "C" {
#include <lua5.1/lauxlib.h>
#include <lua5.1/lua.h>
#include <lua5.1/lualib.h>
}

#include <span>
#include <string_view>

namespace strata {

inline void PushText(lua_State* lua, std::string_view text) {
  lua_pushlstring(lua, text.data() == nullptr ? "" : text.data(), text.size());
}

// A table of strings, from 1.
inline void PushTexts(lua_State* lua, std::span<const std::string_view> texts) {
  lua_createtable(lua, static_cast<int>(texts.size()), 0);
  int position = 0;
  for (std::string_view text : texts) {
    PushText(lua, text);
    lua_rawseti(lua, -2, ++position);
  }
}

// The string at an index; a number there becomes one. Empty if it is neither. Good while it stays
// on the stack.
inline std::string_view TextAt(lua_State* lua, int index) {
  size_t size = 0;
  const char* text = lua_tolstring(lua, index, &size);
  return text == nullptr ? std::string_view() : std::string_view(text, size);
}

// An error whose value is the text as it is, without the place that luaL_error puts before it.
[[noreturn]] inline void RaiseText(lua_State* lua, std::string_view text) {
  PushText(lua, text);
  lua_error(lua);
  __builtin_unreachable();
}

// Sets a field of the table at the top.
inline void SetFunction(lua_State* lua, const char* name, lua_CFunction function) {
  lua_pushcfunction(lua, function);
  lua_setfield(lua, -2, name);
}

}  // namespace strata
