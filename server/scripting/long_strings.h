#pragma once

// How Lua finds a string of 32 bytes or more among those it has: by a hash of all its bytes.
//
// Lua keeps each string once, in one table per interpreter, and looks there whenever it makes one.
// Stock Lua 5.1 takes only every (size / 32 + 1)th byte into the hash, so that long strings which
// differ in few places (the JSON of one application, a number before a long text) land in one
// chain, which each new one walks and compares: a hundred thousand of them take seconds. Redis's
// copy of Lua hashes all bytes. Debian's is as it always was, so the linker (--wrap in
// server/CMakeLists.txt) lets all of Lua call NewString here in place of its own function; short
// strings, of which all bytes count anyhow, go on to that.
//
// There is no way in through Lua's API: this knows the layout of what Lua keeps of strings, which
// has not changed since 5.1's first version, nor will. KnowsStringLayout looks whether it is so.

#include <cstddef>

#include "server/scripting/lua.h"

namespace strata {

// Whether the interpreter's memory is laid out as NewString takes it to be. May raise.
bool KnowsStringLayout(lua_State* lua);

// How an interpreter's strings lie, by a walk over all of them.
struct StringTableShape {
  size_t strings = 0;
  size_t chains = 0;  // there is room for: about as many as strings
  size_t longest_chain = 0;
};
StringTableShape ReadStringTable(lua_State* lua);

}  // namespace strata
