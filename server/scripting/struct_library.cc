#include "server/scripting/struct_library.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <cstdint>
#include <cstring>
#include <string>

#include "server/scripting/interpreter.h"

namespace strata {
namespace {

constexpr size_t kMostIntegerBytes = 32;
constexpr size_t kNaturalAlignment = 8;

enum class Endian : uint8_t { kLittle, kBig };

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsLetterOrDigit(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Walks a format, which ends at a zero.
class Format {
 public:
  struct Option {
    char letter;
    size_t size;     // of the value; 0 for what has none
    size_t padding;  // before it
  };

  Format(lua_State* lua, const char* text) : lua_(lua), next_(text) {}

  bool done() const { return *next_ == '\0'; }
  Endian endian() const { return endian_; }

  // The next option, of a value that is to stand at `offset`, or a little behind.
  Option Next(size_t offset) {
    const char letter = *next_++;
    const size_t size = SizeOf(letter);
    const bool is_aligned = size > 0 && letter != 'c';
    const size_t unit = std::min(size, alignment_);
    return {letter, size, is_aligned ? (unit - (offset & (unit - 1))) & (unit - 1) : 0};
  }

  // An option that has no value: of the format itself, or an error.
  void Control(char letter) {
    switch (letter) {
      case ' ':
        return;
      case '>':
        endian_ = Endian::kBig;
        return;
      case '<':
        endian_ = Endian::kLittle;
        return;
      case '!':
        alignment_ = Number(kNaturalAlignment);
        if (!std::has_single_bit(alignment_)) {
          luaL_error(lua_, "alignment %d is not a power of 2", static_cast<int>(alignment_));
        }
        return;
      default:
        luaL_argerror(lua_, 1, lua_pushfstring(lua_, "invalid format option '%c'", letter));
    }
  }

 private:
  size_t Number(size_t if_none) {
    if (!IsDigit(*next_)) return if_none;
    int64_t number = 0;
    for (; IsDigit(*next_); ++next_) {
      number = number * 10 + (*next_ - '0');
      if (number > INT_MAX) luaL_error(lua_, "integral size overflow");
    }
    return static_cast<size_t>(number);
  }

  size_t SizeOf(char letter) {
    switch (letter) {
      case 'b':
      case 'B':
      case 'x':
        return 1;
      case 'h':
      case 'H':
        return sizeof(short);
      case 'l':
      case 'L':
      case 'T':
        return sizeof(long);
      case 'f':
        return sizeof(float);
      case 'd':
        return sizeof(double);
      case 'c':
        return Number(1);
      case 'i':
      case 'I': {
        const size_t size = Number(sizeof(int));
        if (size > kMostIntegerBytes) {
          luaL_error(lua_, "integral size %d is larger than limit of %d", static_cast<int>(size),
                     static_cast<int>(kMostIntegerBytes));
        }
        return size;
      }
      default:
        return 0;
    }
  }

  lua_State* lua_;
  const char* next_;
  Endian endian_ = Endian::kLittle;
  size_t alignment_ = 1;
};

// As C converts on the machines that Redis runs on: the lower bits of what a long can hold.
uint64_t ToInteger(lua_Number number) {
  constexpr lua_Number kLongEnd = 9223372036854775808.0;  // 2^63
  if (number < 0) {
    return number >= -kLongEnd ? static_cast<uint64_t>(static_cast<int64_t>(number))
                               : uint64_t{1} << 63;
  }
  if (number < kLongEnd) return static_cast<uint64_t>(number);
  return number < 2 * kLongEnd ? static_cast<uint64_t>(number) : 0;
}

void PackInteger(std::string& out, lua_Number number, size_t size, Endian endian) {
  uint64_t value = ToInteger(number);
  char bytes[kMostIntegerBytes];
  for (size_t i = 0; i < size; ++i, value >>= 8) {
    bytes[endian == Endian::kLittle ? i : size - 1 - i] = static_cast<char>(value);
  }
  out.append(bytes, size);
}

lua_Number UnpackInteger(std::string_view bytes, Endian endian, bool is_signed) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t index = endian == Endian::kBig ? i : bytes.size() - 1 - i;
    value = value << 8 | static_cast<unsigned char>(bytes[index]);
  }
  if (!is_signed) return static_cast<lua_Number>(value);
  if (bytes.empty()) return 0;
  const size_t unused = bytes.size() < 8 ? 64 - 8 * bytes.size() : 0;
  return static_cast<lua_Number>(static_cast<int64_t>(value << unused) >> unused);
}

template <class Float>
void PackFloat(std::string& out, lua_Number number, Endian endian) {
  const auto value = static_cast<Float>(number);
  char bytes[sizeof(value)];
  std::memcpy(bytes, &value, sizeof(value));
  if (endian == Endian::kBig) std::reverse(bytes, bytes + sizeof(value));
  out.append(bytes, sizeof(value));
}

template <class Float>
lua_Number UnpackFloat(std::string_view from, Endian endian) {
  char bytes[sizeof(Float)];
  std::memcpy(bytes, from.data(), sizeof(bytes));
  if (endian == Endian::kBig) std::reverse(bytes, bytes + sizeof(bytes));
  Float value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// Appends the value of one option; returns how many arguments it took.
int PackOption(lua_State* lua, Format& format, const Format::Option& option, int argument,
               std::string& out) {
  switch (option.letter) {
    case 'b':
    case 'B':
    case 'h':
    case 'H':
    case 'l':
    case 'L':
    case 'T':
    case 'i':
    case 'I':
      PackInteger(out, luaL_checknumber(lua, argument), option.size, format.endian());
      return 1;
    case 'x':
      out += '\0';
      return 0;
    case 'f':
      PackFloat<float>(out, luaL_checknumber(lua, argument), format.endian());
      return 1;
    case 'd':
      PackFloat<double>(out, luaL_checknumber(lua, argument), format.endian());
      return 1;
    case 'c':
    case 's': {
      size_t length = 0;
      const char* text = luaL_checklstring(lua, argument, &length);
      const size_t size = option.size == 0 ? length : option.size;
      luaL_argcheck(lua, length >= size, argument + 1, "string too short");
      out.append(text, size);
      if (option.letter == 's') out += '\0';
      return 1;
    }
    default:
      format.Control(option.letter);
      return 0;
  }
}

int Pack(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  lua_pushnil(lua);  // what a missing argument is
  const size_t most_bytes = Interpreter::Of(lua).most_memory_bytes();
  std::string out;
  int argument = 2;
  while (!format.done()) {
    const Format::Option option = format.Next(out.size());
    out.append(option.padding, '\0');
    argument += PackOption(lua, format, option, argument, out);
    if (out.size() > most_bytes) return luaL_error(lua, "not enough memory");
  }
  PushText(lua, out);
  return 1;
}

// The bytes of "c0": as many as the value before it says, which is popped.
size_t SizeBefore(lua_State* lua, int values) {
  if (values == 0 || lua_type(lua, -1) != LUA_TNUMBER) {
    luaL_error(lua, "format 'c0' needs a previous size");
  }
  const lua_Number size = lua_tonumber(lua, -1);
  lua_pop(lua, 1);
  return size >= 0 && size <= INT_MAX ? static_cast<size_t>(size) : SIZE_MAX;
}

struct Cursor {
  std::string_view data;
  size_t position;
  int values = 0;  // pushed

  bool Holds(size_t size) const {
    return position <= data.size() && size <= data.size() - position;
  }
  std::string_view Take(size_t size) {
    std::string_view bytes = data.substr(position, size);
    position += size;
    return bytes;
  }
};

void UnpackText(lua_State* lua, const Format::Option& option, Cursor& cursor) {
  size_t size = option.size;
  if (option.letter == 's') {
    const size_t end = cursor.data.find('\0', cursor.position);
    if (end == std::string_view::npos) luaL_error(lua, "unfinished string in data");
    size = end - cursor.position;
  } else if (size == 0) {
    size = SizeBefore(lua, cursor.values);
    --cursor.values;
    luaL_argcheck(lua, cursor.Holds(size), 2, "data string too short");
  }
  PushText(lua, cursor.Take(size));
  ++cursor.values;
  if (option.letter == 's') ++cursor.position;
}

void UnpackOption(lua_State* lua, Format& format, const Format::Option& option, Cursor& cursor) {
  switch (option.letter) {
    case 'b':
    case 'h':
    case 'l':
    case 'i':
    case 'B':
    case 'H':
    case 'L':
    case 'T':
    case 'I': {
      const bool is_signed = option.letter >= 'a';
      lua_pushnumber(lua, UnpackInteger(cursor.Take(option.size), format.endian(), is_signed));
      break;
    }
    case 'x':
      cursor.Take(1);
      return;
    case 'f':
      lua_pushnumber(lua, UnpackFloat<float>(cursor.Take(option.size), format.endian()));
      break;
    case 'd':
      lua_pushnumber(lua, UnpackFloat<double>(cursor.Take(option.size), format.endian()));
      break;
    case 'c':
    case 's':
      return UnpackText(lua, option, cursor);
    default:
      return format.Control(option.letter);
  }
  ++cursor.values;
}

int Unpack(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  size_t size = 0;
  const char* data = luaL_checklstring(lua, 2, &size);
  const lua_Integer start = luaL_optinteger(lua, 3, 1);
  luaL_argcheck(lua, start != 0, 3, "offset must be 1 or greater");
  Cursor cursor{{data, size}, static_cast<size_t>(start) - 1};
  lua_settop(lua, 2);
  while (!format.done()) {
    const Format::Option option = format.Next(cursor.position);
    cursor.position += option.padding;
    luaL_argcheck(lua, cursor.Holds(option.size), 2, "data string too short");
    luaL_checkstack(lua, 2, "too many results");
    UnpackOption(lua, format, option, cursor);
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(cursor.position) + 1);
  return cursor.values + 1;
}

int Size(lua_State* lua) {
  Format format(lua, luaL_checkstring(lua, 1));
  size_t total = 0;
  while (!format.done()) {
    const Format::Option option = format.Next(total);
    total += option.padding + option.size;
    if (option.letter == 's') luaL_argerror(lua, 1, "option 's' has no fixed size");
    if (option.letter == 'c' && option.size == 0) {
      luaL_argerror(lua, 1, "option 'c0' has no fixed size");
    }
    if (!IsLetterOrDigit(option.letter)) format.Control(option.letter);
  }
  lua_pushinteger(lua, static_cast<lua_Integer>(total));
  return 1;
}

}  // namespace

void PushStructLibrary(lua_State* lua) {
  lua_newtable(lua);
  SetFunction(lua, "pack", Pack);
  SetFunction(lua, "unpack", Unpack);
  SetFunction(lua, "size", Size);
}

}  // namespace strata
