#include "server/scripting/guarded_functions.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "base/check.h"
#include "server/scripting/interpreter.h"
#include "server/scripting/script_error.h"

namespace strata {
namespace {

// Each of these characters may cost the matcher one level of recursion, some hundred bytes.
constexpr std::string_view kRecursiveCharacters = "*+-?()";
constexpr ptrdiff_t kMostRecursiveCharacters = 8000;

// The function that a replacement stands for, in its own place, so that errors name the same one.
int CallOriginal(lua_State* lua) {
  return lua_tocfunction(lua, lua_upvalueindex(1))(lua);
}

// Raises the error at the top again if it is the one that ends the script.
void PassEnd(lua_State* lua) {
  if (Interpreter::Of(lua).ending()) lua_error(lua);
}

bool IsBytecode(std::string_view piece) {
  return !piece.empty() && piece[0] == LUA_SIGNATURE[0];
}

// A text on its way into lua_load. Bytecode is told by its first byte: behind a space it is source
// like any other, and bad source at that.
struct SourcePiece {
  std::string_view text;
  bool first = true;
};

const char* ReadSource(lua_State*, void* data, size_t* size) {
  auto& piece = *static_cast<SourcePiece*>(data);
  const bool shield = piece.first && IsBytecode(piece.text);
  piece.first = false;
  if (shield) {
    *size = 1;
    return " ";
  }
  *size = piece.text.size();
  const char* text = piece.text.data();
  piece.text = {};
  return *size == 0 ? nullptr : text;
}

constexpr int kPieceSlot = 3;  // where load keeps the piece that the parser reads

struct PieceReader {
  bool first = true;
  bool held_back = false;  // the piece is in its slot, and not yet read
};

const char* ReadPiece(lua_State* lua, void* data, size_t* size) {
  auto& reader = *static_cast<PieceReader*>(data);
  if (!reader.held_back) {
    luaL_checkstack(lua, 2, "too many nested functions");
    lua_pushvalue(lua, 1);
    lua_call(lua, 0, 1);
    if (lua_isnil(lua, -1)) return *size = 0, nullptr;
    if (lua_isstring(lua, -1) == 0) luaL_error(lua, "reader function must return a string");
    lua_replace(lua, kPieceSlot);
  }
  const std::string_view piece = TextAt(lua, kPieceSlot);
  reader.held_back = reader.first && IsBytecode(piece);
  reader.first = false;
  if (reader.held_back) return *size = 1, " ";
  *size = piece.size();
  return piece.data();
}

int ReplyLoaded(lua_State* lua, int status) {
  if (status == 0) return 1;
  PassEnd(lua);
  lua_pushnil(lua);
  lua_insert(lua, -2);
  return 2;
}

int LoadString(lua_State* lua) {
  size_t size = 0;
  const char* source = luaL_checklstring(lua, 1, &size);
  const char* name = luaL_optstring(lua, 2, source);
  return ReplyLoaded(lua, LoadSource(lua, {source, size}, name));
}

int Load(lua_State* lua) {
  const char* name = luaL_optstring(lua, 2, "=(load)");
  luaL_checktype(lua, 1, LUA_TFUNCTION);
  lua_settop(lua, kPieceSlot);
  lua_pushstring(lua, name);  // an anchor for the parser's copy
  PieceReader reader;
  return ReplyLoaded(lua, lua_load(lua, ReadPiece, &reader, lua_tostring(lua, -1)));
}

// lua_pcall for a script, which goes on if memory was what failed.
int CallProtected(lua_State* lua, int arguments, int handler) {
  const int status = lua_pcall(lua, arguments, LUA_MULTRET, handler);
  CHECK(status >= 0);  // an exception that is none of Lua's
  if (status != 0) PassEnd(lua);
  if (status == LUA_ERRMEM) {
    lua_pop(lua, 1);
    // Lua 5.1 does not do so when an allocation fails.
    lua_gc(lua, LUA_GCCOLLECT, 0);
    lua_pushstring(lua, kNotEnoughMemory);
  }
  return status;
}

int ProtectedCall(lua_State* lua) {
  luaL_checkany(lua, 1);
  const int status = CallProtected(lua, lua_gettop(lua) - 1, 0);
  if (status != 0 && lua_istable(lua, -1)) {
    lua_getfield(lua, -1, "err");
    if (lua_isstring(lua, -1) != 0) {
      lua_replace(lua, -2);
    } else {
      lua_pop(lua, 1);
    }
  }
  luaL_checkstack(lua, 1, "too many results");
  lua_pushboolean(lua, status == 0 ? 1 : 0);
  lua_insert(lua, 1);
  return lua_gettop(lua);
}

// Lua calls handlers where the error was raised: within the hook, if that did it, which would see
// nothing of a handler that loops.
int HandleError(lua_State* lua) {
  lua_settop(lua, 1);
  if (Interpreter::Of(lua).ending()) return 1;
  lua_pushvalue(lua, lua_upvalueindex(1));
  lua_insert(lua, 1);
  lua_call(lua, 1, 1);
  return 1;
}

int ProtectedCallWithHandler(lua_State* lua) {
  luaL_checkany(lua, 2);
  lua_settop(lua, 2);
  if (lua_isfunction(lua, 2)) lua_pushcclosure(lua, HandleError, 1);
  lua_insert(lua, 1);
  const int status = CallProtected(lua, 0, 1);
  lua_pushboolean(lua, status == 0 ? 1 : 0);
  lua_replace(lua, 1);
  return lua_gettop(lua);
}

int Resume(lua_State* lua) {
  const int results = CallOriginal(lua);
  if (lua_toboolean(lua, -results) == 0) PassEnd(lua);
  return results;
}

int Unpack(lua_State* lua) {
  luaL_checktype(lua, 1, LUA_TTABLE);
  const int64_t first = luaL_optint(lua, 2, 1);
  const int64_t last =
      lua_isnoneornil(lua, 3) ? static_cast<int64_t>(lua_objlen(lua, 1)) : luaL_checkint(lua, 3);
  if (first > last) return 0;
  const int64_t count = last - first + 1;
  const bool fits = count < std::numeric_limits<int>::max() && last <= INT32_MAX;
  if (!fits || lua_checkstack(lua, static_cast<int>(count)) == 0) {
    return luaL_error(lua, "too many results to unpack");
  }
  for (int64_t i = first; i <= last; ++i) lua_rawgeti(lua, 1, static_cast<int>(i));
  return static_cast<int>(count);
}

int Repeat(lua_State* lua) {
  const bool is_call = lua_isstring(lua, 1) != 0 && lua_isnumber(lua, 2) != 0;
  if (!is_call) return CallOriginal(lua);
  const size_t size = TextAt(lua, 1).size();
  const auto times = static_cast<size_t>(std::max(0, luaL_checkint(lua, 2)));
  if (size == 0 || times == 0) return lua_pushliteral(lua, ""), 1;
  if (times > Interpreter::Of(lua).most_memory_bytes() / size) {
    return luaL_error(lua, "%s", kNotEnoughMemory);
  }
  return CallOriginal(lua);
}

// match, gmatch, gsub: the second argument is the pattern.
int Match(lua_State* lua) {
  if (lua_type(lua, 2) == LUA_TSTRING) {
    const std::string_view pattern = TextAt(lua, 2);
    const auto recursive = [](char c) {
      return kRecursiveCharacters.find(c) != std::string_view::npos;
    };
    const bool is_long = static_cast<ptrdiff_t>(pattern.size()) > kMostRecursiveCharacters;
    if (is_long &&
        std::count_if(pattern.begin(), pattern.end(), recursive) > kMostRecursiveCharacters) {
      return luaL_error(lua, "pattern too complex");
    }
  }
  return CallOriginal(lua);
}

int Find(lua_State* lua) {
  const bool is_plain = lua_toboolean(lua, 4) != 0;
  return is_plain ? CallOriginal(lua) : Match(lua);
}

int ToHex(lua_State* lua) {
  constexpr lua_Number kMostDigits = 8;
  if (lua_isnumber(lua, 2) != 0) {
    const lua_Number digits = lua_tonumber(lua, 2);
    lua_pushnumber(lua, std::isnan(digits) ? 0 : std::clamp(digits, -kMostDigits, kMostDigits));
    lua_replace(lua, 2);
  }
  return CallOriginal(lua);
}

// Puts a function that gets the old one as its upvalue into the library of that name.
void Replace(lua_State* lua, const char* library, const char* name, lua_CFunction function) {
  lua_getfield(lua, -1, library);
  lua_getfield(lua, -1, name);
  lua_pushcclosure(lua, function, 1);
  lua_setfield(lua, -2, name);
  lua_pop(lua, 1);
}

}  // namespace

int LoadSource(lua_State* lua, std::string_view source, const char* name) {
  lua_pushstring(lua, name);  // an anchor for the parser's copy
  SourcePiece piece{source};
  const int status = lua_load(lua, ReadSource, &piece, lua_tostring(lua, -1));
  lua_remove(lua, -2);
  return status;
}

void GuardFunctions(lua_State* lua) {
  SetFunction(lua, "load", Load);
  SetFunction(lua, "loadstring", LoadString);
  SetFunction(lua, "pcall", ProtectedCall);
  SetFunction(lua, "xpcall", ProtectedCallWithHandler);
  SetFunction(lua, "unpack", Unpack);
  Replace(lua, "string", "rep", Repeat);
  Replace(lua, "string", "find", Find);
  for (const char* name : {"match", "gmatch", "gfind", "gsub"}) {
    Replace(lua, "string", name, Match);
  }
  Replace(lua, "bit", "tohex", ToHex);
  Replace(lua, "coroutine", "resume", Resume);
}

}  // namespace strata
