#include <cmath>
#include <cstdint>
#include <cstring>

#include "server/scripting/message_pack.h"

namespace strata {
namespace {

constexpr int kMostNesting = 16;

// How many of something there are, in front of it: within the type's byte up to `fixed_limit`, else
// in one, two or four bytes behind another. No byte form if `byte_type` is 0.
struct CountForms {
  uint8_t fixed_type;
  size_t fixed_limit;
  uint8_t byte_type;
  uint8_t short_type;
  uint8_t long_type;
};

constexpr CountForms kString = {0xa0, 32, 0xd9, 0xda, 0xdb};
constexpr CountForms kArray = {0x90, 16, 0, 0xdc, 0xdd};
constexpr CountForms kMap = {0x80, 16, 0, 0xde, 0xdf};

class Packer {
 public:
  Packer(lua_State* lua, std::string& out, size_t most_bytes)
      : lua_(lua), out_(out), most_bytes_(most_bytes) {}

  // The value at the top; pops it.
  void Value(int nesting) {
    luaL_checkstack(lua_, 4, "in cmsgpack.pack");
    switch (lua_type(lua_, -1)) {
      case LUA_TSTRING:
        String(TextAt(lua_, -1));
        break;
      case LUA_TBOOLEAN:
        Byte(lua_toboolean(lua_, -1) != 0 ? 0xc3 : 0xc2);
        break;
      case LUA_TNUMBER:
        Number(lua_tonumber(lua_, -1));
        break;
      case LUA_TTABLE:
        if (nesting == kMostNesting) {
          Byte(0xc0);
        } else {
          Table(nesting + 1);
        }
        break;
      default:
        Byte(0xc0);
    }
    lua_pop(lua_, 1);
    if (out_.size() > most_bytes_) luaL_error(lua_, "not enough memory");
  }

 private:
  void Byte(uint8_t byte) { out_ += static_cast<char>(byte); }

  // The type, and the lower `size` bytes of a value, the highest first.
  void Typed(uint8_t type, uint64_t value, size_t size) {
    Byte(type);
    for (size_t shift = size * 8; shift > 0; shift -= 8)
      Byte(static_cast<uint8_t>(value >> (shift - 8)));
  }

  void Count(const CountForms& forms, size_t count) {
    if (count < forms.fixed_limit) return Byte(static_cast<uint8_t>(forms.fixed_type | count));
    if (count <= UINT8_MAX && forms.byte_type != 0) return Typed(forms.byte_type, count, 1);
    if (count <= UINT16_MAX) return Typed(forms.short_type, count, 2);
    Typed(forms.long_type, count, 4);
  }

  void String(std::string_view text) {
    Count(kString, text.size());
    if (text.size() > most_bytes_) luaL_error(lua_, "not enough memory");
    out_.append(text);
  }

  void Number(lua_Number number) {
    constexpr lua_Number kLimit = 9223372036854775808.0;  // 2^63
    const bool fits = number >= -kLimit && number < kLimit;
    if (fits && std::floor(number) == number) return Integer(static_cast<int64_t>(number));
    const auto narrow = static_cast<float>(number);
    if (static_cast<lua_Number>(narrow) == number) {
      uint32_t bits;
      std::memcpy(&bits, &narrow, sizeof(bits));
      return Typed(0xca, bits, 4);
    }
    uint64_t bits;
    std::memcpy(&bits, &number, sizeof(bits));
    Typed(0xcb, bits, 8);
  }

  void Integer(int64_t value) {
    const auto bits = static_cast<uint64_t>(value);
    if (value >= 0) {
      if (value <= INT8_MAX) return Byte(static_cast<uint8_t>(value));
      if (value <= UINT8_MAX) return Typed(0xcc, bits, 1);
      if (value <= UINT16_MAX) return Typed(0xcd, bits, 2);
      if (value <= UINT32_MAX) return Typed(0xce, bits, 4);
      return Typed(0xcf, bits, 8);
    }
    if (value >= -32) return Byte(static_cast<uint8_t>(value));
    if (value >= INT8_MIN) return Typed(0xd0, bits, 1);
    if (value >= INT16_MIN) return Typed(0xd1, bits, 2);
    if (value >= INT32_MIN) return Typed(0xd2, bits, 4);
    Typed(0xd3, bits, 8);
  }

  void Table(int nesting) {
    size_t fields = 0;
    lua_Number highest = 0;
    if (IsArray(fields, highest)) {
      Count(kArray, fields);
      for (size_t i = 1; i <= fields; ++i) {
        lua_rawgeti(lua_, -1, static_cast<int>(i));
        Value(nesting);
      }
      return;
    }
    Count(kMap, fields);
    lua_pushnil(lua_);
    while (lua_next(lua_, -2) != 0) {
      lua_pushvalue(lua_, -2);
      Value(nesting);  // the key
      Value(nesting);
    }
  }

  // Whether the keys are 1 to n, and no other; counts them all in any case.
  bool IsArray(size_t& fields, lua_Number& highest) {
    bool positions = true;
    lua_pushnil(lua_);
    while (lua_next(lua_, -2) != 0) {
      lua_pop(lua_, 1);
      ++fields;
      const bool is_number = lua_type(lua_, -1) == LUA_TNUMBER;
      const lua_Number key = is_number ? lua_tonumber(lua_, -1) : 0;
      positions = positions && key >= 1 && std::floor(key) == key;
      highest = std::max(highest, key);
    }
    return positions && highest == static_cast<lua_Number>(fields);
  }

  lua_State* lua_;
  std::string& out_;
  const size_t most_bytes_;
};

}  // namespace

void PackMessage(lua_State* lua, std::string& out, size_t most_bytes) {
  Packer(lua, out, most_bytes).Value(0);
}

}  // namespace strata
