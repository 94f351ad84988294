#pragma once

// The library `cmsgpack`: values of Lua in MessagePack (https://msgpack.org), in the dialect of
// Redis's (Salvatore Sanfilippo's lua-cmsgpack 0.4.0).
//
//   pack(value…)                          each value behind the other, in the shortest form
//   unpack(bytes)                         all values
//   unpack_one(bytes, offset = 0)         where it went on (-1: the end), and the value there
//   unpack_limit(bytes, limit, offset)    the same for at most so many values
//
// A table whose keys are 1 to n is an array; tables are packed sixteen deep, below they are nil, as
// is what the format does not know. Binary and extension types are not read.

#include <string>
#include <string_view>

#include "server/scripting/lua.h"

namespace strata {

// Pushes the library's table.
void PushMessagePackLibrary(lua_State* lua);

// Appends the value at the top and pops it. An error if `out` would exceed `most_bytes`.
void PackMessage(lua_State* lua, std::string& out, size_t most_bytes);

enum class MessageStatus { kOk, kMissingBytes, kBadFormat };

// Pushes the value at the start of `bytes`, which is cut off; nothing unless kOk is returned. Deep
// nesting ends in an error of Lua.
MessageStatus UnpackMessage(lua_State* lua, std::string_view& bytes);

}  // namespace strata
