#include "server/scripting/long_strings.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "base/hash.h"

// Of Lua's insides.
struct TString;
void luaS_resize(lua_State* lua, int chains);
void* luaM_realloc_(lua_State* lua, void* block, size_t old_size, size_t new_size);

namespace strata {
namespace {

static_assert(std::string_view(LUA_RELEASE) == "Lua 5.1.5");

constexpr size_t kLongSize = 32;
// The order of `pairs` depends on it, which is the same in every thread and every run.
constexpr uint64_t kSeed = 0;

struct String {
  String* next;  // in its chain
  uint8_t type;
  uint8_t mark;  // has one of two whites, which take turns: what has the other one is dead
  uint8_t reserved_word;
  uint32_t hash;
  size_t size;  // of the bytes, which follow, and a zero

  std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), size}; }
};
static_assert(offsetof(String, hash) == 12 && sizeof(String) == 24);

// How global_State begins: what the coroutines of an interpreter have in common.
struct Global {
  String** chains;
  uint32_t string_count;
  int chain_count;  // a power of two
  lua_Alloc allocate;
  void* allocator_data;
  uint8_t mark;  // has the white of what is alive

  String*& ChainOf(uint32_t hash) const {
    return chains[hash & (static_cast<uint32_t>(chain_count) - 1)];
  }
};
static_assert(offsetof(Global, mark) == 32);

// How lua_State begins.
struct Thread {
  void* next;
  uint8_t type;
  uint8_t mark;
  uint8_t status;
  void* top;
  void* base;
  Global* global;
};
static_assert(offsetof(Thread, global) == 32);

constexpr uint8_t kWhites = 3;

Global& GlobalOf(lua_State* lua) {
  return *reinterpret_cast<Thread*>(lua)->global;
}

bool IsDead(const Global& global, const String& string) {
  return (string.mark & (global.mark ^ kWhites) & kWhites) != 0;
}

String* Find(const Global& global, std::string_view text, uint32_t hash) {
  String* string = global.ChainOf(hash);
  while (string != nullptr && (string->hash != hash || string->text() != text)) {
    string = string->next;
  }
  return string;
}

// May raise for want of memory; collects nothing.
String* Insert(lua_State* lua, std::string_view text, uint32_t hash) {
  void* block = luaM_realloc_(lua, nullptr, 0, sizeof(String) + text.size() + 1);
  Global& global = GlobalOf(lua);
  String*& chain = global.ChainOf(hash);
  const auto white = static_cast<uint8_t>(global.mark & kWhites);
  chain = new (block) String{chain, LUA_TSTRING, white, 0, hash, text.size()};
  String* string = chain;
  char* bytes = reinterpret_cast<char*>(string + 1);
  std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = '\0';
  ++global.string_count;
  const bool is_crowded = global.string_count > static_cast<uint32_t>(global.chain_count);
  if (is_crowded && global.chain_count <= INT_MAX / 2) luaS_resize(lua, global.chain_count * 2);
  return string;
}

}  // namespace

// Lua's own luaS_newlstr, and what all of Lua calls instead: the linker's names for them.
TString* NewStringOfLua(lua_State* lua, const char* bytes,
                        size_t size) asm("__real__Z12luaS_newlstrP9lua_StatePKcm");
TString* NewString(lua_State* lua, const char* bytes,
                   size_t size) asm("__wrap__Z12luaS_newlstrP9lua_StatePKcm");

TString* NewString(lua_State* lua, const char* bytes, size_t size) {
  if (size < kLongSize) [[likely]] {
    return NewStringOfLua(lua, bytes, size);
  }
  const std::string_view text(bytes, size);
  const auto hash = static_cast<uint32_t>(Hash64(text, kSeed));
  const Global& global = GlobalOf(lua);
  String* string = Find(global, text, hash);
  if (string == nullptr) {
    string = Insert(lua, text, hash);
  } else if (IsDead(global, *string)) {
    string->mark ^= kWhites;  // the sweep has not come to it: it lives on
  }
  return reinterpret_cast<TString*>(string);
}

bool KnowsStringLayout(lua_State* lua) {
  void* allocator_data = nullptr;
  const lua_Alloc allocate = lua_getallocf(lua, &allocator_data);
  const Global& global = GlobalOf(lua);
  if (global.allocate != allocate || global.allocator_data != allocator_data) return false;
  if (!std::has_single_bit(static_cast<uint32_t>(global.chain_count))) return false;
  lua_pushliteral(lua, "a short string");
  const std::string_view text = TextAt(lua, -1);
  const String* string = reinterpret_cast<const String*>(text.data()) - 1;
  const bool is_known = string->type == LUA_TSTRING && !IsDead(global, *string) &&
                        Find(global, text, string->hash) == string;
  lua_pop(lua, 1);
  return is_known;
}

StringTableShape ReadStringTable(lua_State* lua) {
  const Global& global = GlobalOf(lua);
  StringTableShape shape;
  shape.chains = static_cast<size_t>(global.chain_count);
  for (size_t i = 0; i < shape.chains; ++i) {
    size_t length = 0;
    for (const String* string = global.chains[i]; string != nullptr; string = string->next) {
      ++length;
    }
    shape.strings += length;
    shape.longest_chain = std::max(shape.longest_chain, length);
  }
  return shape;
}

}  // namespace strata
