#pragma once

// The library `struct`: values of Lua as the bytes of C's structures, and back.
//
//   format    option…          blanks between them are ignored
//   option    b B  char        h H  short       i I  int, or of so many bytes: i3
//             l L  long        T    size_t      f    float       d  double
//             cN   N characters; c0 to pack a whole string, or to unpack as many as the number
//             before s    a string that ends with a zero      x  a byte of padding > <  big or
//             little endian from here on   !N align to at most N bytes, a power of 2
//
// Capital letters are unsigned. As Redis has it (Roberto Ierusalimschy's struct 0.2), down to its
// error messages, but integers of nine and more bytes are read as what their lower eight say.

#include "server/scripting/lua.h"

namespace strata {

// Pushes the library's table.
void PushStructLibrary(lua_State* lua);

}  // namespace strata
