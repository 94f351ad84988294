#include <cstdint>
#include <cstring>

#include "server/scripting/message_pack.h"

namespace strata {
namespace {

using Status = MessageStatus;

// As in cjson. Each level is a few frames of the thread's stack, which Lua knows nothing of.
constexpr int kMostNesting = 1000;

class Unpacker {
 public:
  Unpacker(lua_State* lua, std::string_view& bytes) : lua_(lua), bytes_(bytes) {}

  Status Value() {
    if (nesting_ == kMostNesting) luaL_error(lua_, "stack overflow (in cmsgpack.unpack)");
    luaL_checkstack(lua_, 3, "in cmsgpack.unpack");
    ++nesting_;
    const Status status = OneOf();
    --nesting_;
    return status;
  }

 private:
  Status OneOf() {
    uint64_t type = 0;
    if (!Take(1, type)) return Status::kMissingBytes;
    if (type <= 0x7f) return Push(static_cast<lua_Number>(type));
    if (type <= 0x8f) return Map(type & 0x0f);
    if (type <= 0x9f) return Array(type & 0x0f);
    if (type <= 0xbf) return String(type & 0x1f);
    if (type >= 0xe0) return Push(static_cast<int8_t>(type));
    return Long(static_cast<uint8_t>(type));
  }

  // The types of which a byte says all.
  Status Long(uint8_t type) {
    switch (type) {
      case 0xc0:
        lua_pushnil(lua_);
        return Status::kOk;
      case 0xc2:
      case 0xc3:
        lua_pushboolean(lua_, type & 1);
        return Status::kOk;
      case 0xca:
        return Float<float, uint32_t>();
      case 0xcb:
        return Float<double, uint64_t>();
      case 0xcc:
        return Integer<uint8_t>();
      case 0xcd:
        return Integer<uint16_t>();
      case 0xce:
        return Integer<uint32_t>();
      case 0xd0:
        return Integer<int8_t>();
      case 0xd1:
        return Integer<int16_t>();
      case 0xd2:
        return Integer<int32_t>();
      case 0xcf:  // as Redis reads it, into a signed number
      case 0xd3:
        return Integer<int64_t>();
      case 0xd9:
        return Counted(1, &Unpacker::String);
      case 0xda:
        return Counted(2, &Unpacker::String);
      case 0xdb:
        return Counted(4, &Unpacker::String);
      case 0xdc:
        return Counted(2, &Unpacker::Array);
      case 0xdd:
        return Counted(4, &Unpacker::Array);
      case 0xde:
        return Counted(2, &Unpacker::Map);
      case 0xdf:
        return Counted(4, &Unpacker::Map);
      default:
        return Status::kBadFormat;
    }
  }

  // The next bytes as a number, the highest first; false if they are not all there.
  bool Take(size_t size, uint64_t& value) {
    if (bytes_.size() < size) return false;
    value = 0;
    for (char byte : bytes_.substr(0, size)) value = value << 8 | static_cast<unsigned char>(byte);
    bytes_.remove_prefix(size);
    return true;
  }

  Status Push(lua_Number number) {
    lua_pushnumber(lua_, number);
    return Status::kOk;
  }

  template <class Number>
  Status Integer() {
    uint64_t bits = 0;
    if (!Take(sizeof(Number), bits)) return Status::kMissingBytes;
    return Push(static_cast<lua_Number>(static_cast<Number>(bits)));
  }

  template <class Number, class Bits>
  Status Float() {
    uint64_t wide = 0;
    if (!Take(sizeof(Bits), wide)) return Status::kMissingBytes;
    const auto bits = static_cast<Bits>(wide);
    Number number;
    std::memcpy(&number, &bits, sizeof(number));
    return Push(number);
  }

  Status Counted(size_t size, Status (Unpacker::*read)(uint64_t)) {
    uint64_t count = 0;
    if (!Take(size, count)) return Status::kMissingBytes;
    return (this->*read)(count);
  }

  Status String(uint64_t size) {
    if (bytes_.size() < size) return Status::kMissingBytes;
    PushText(lua_, bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return Status::kOk;
  }

  // Room is made only for what comes: a count costs an attacker nothing.
  Status Array(uint64_t count) {
    lua_newtable(lua_);
    for (uint64_t i = 1; i <= count; ++i) {
      lua_pushnumber(lua_, static_cast<lua_Number>(i));
      if (Status status = Value(); status != Status::kOk) return lua_pop(lua_, 2), status;
      lua_settable(lua_, -3);
    }
    return Status::kOk;
  }

  Status Map(uint64_t count) {
    lua_newtable(lua_);
    for (uint64_t i = 0; i < count; ++i) {
      if (Status status = Value(); status != Status::kOk) return lua_pop(lua_, 1), status;
      if (Status status = Value(); status != Status::kOk) return lua_pop(lua_, 2), status;
      lua_settable(lua_, -3);  // an error if the key is nil or no number
    }
    return Status::kOk;
  }

  lua_State* lua_;
  std::string_view& bytes_;
  int nesting_ = 0;
};

}  // namespace

MessageStatus UnpackMessage(lua_State* lua, std::string_view& bytes) {
  return Unpacker(lua, bytes).Value();
}

}  // namespace strata
