#include "server/scripting/json_library.h"

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"
#include "server/scripting/interpreter.h"
#include "server/scripting/script_error.h"

namespace strata {
namespace {

// cjson counts the room it needs in an int, and doubles it.
constexpr size_t kMostEncodedRoom = size_t{1} << 30;
constexpr size_t kEscapedBytes = 6;  // of a byte in JSON: "\u0000"

// What encoding takes at most, as far as it exceeds no bound.
struct EncodedSize {
  size_t text = 0;  // if nothing has to be escaped
  size_t room = 0;  // if everything has
  const size_t most_text;

  bool exceeded() const { return text > most_text || room > kMostEncodedRoom; }
  void Add(size_t bytes) {
    text += bytes;
    room += bytes * kEscapedBytes;
  }
};

// Adds the value at the top. Shared tables are walked as often as they would be written.
void Measure(lua_State* lua, EncodedSize& size) {
  constexpr size_t kPunctuation = 2;
  constexpr size_t kDigits = 24;
  if (size.exceeded()) return;
  size.Add(lua_type(lua, -1) == LUA_TNUMBER ? kDigits : kPunctuation);
  if (lua_type(lua, -1) == LUA_TSTRING) size.Add(TextAt(lua, -1).size());
  // Where the stack ends, the encoder will end too.
  if (!lua_istable(lua, -1) || lua_checkstack(lua, 3) == 0) return;
  lua_pushnil(lua);
  while (lua_next(lua, -2) != 0) {
    if (lua_type(lua, -2) == LUA_TSTRING) size.Add(TextAt(lua, -2).size());
    Measure(lua, size);
    lua_pop(lua, 1);
    if (!size.exceeded()) continue;
    lua_pop(lua, 1);
    return;
  }
}

// cjson's functions find their settings in their first upvalue; these keep the function itself in
// the second, which they run in their own place, so that errors name the same one.
int RunOriginal(lua_State* lua) {
  return lua_tocfunction(lua, lua_upvalueindex(2))(lua);
}

int Encode(lua_State* lua) {
  if (lua_gettop(lua) == 1) {
    EncodedSize size{.most_text = Interpreter::Of(lua).most_memory_bytes()};
    Measure(lua, size);
    if (size.exceeded()) return luaL_error(lua, "%s", kNotEnoughMemory);
  }
  return RunOriginal(lua);
}

int Set(lua_State* lua) {
  const auto setter = static_cast<size_t>(lua_tointeger(lua, lua_upvalueindex(3)));
  if (lua_gettop(lua) > 0) Interpreter::Of(lua).json().NoteSet(setter);
  return RunOriginal(lua);
}

// Pushes what the function of that name needs as its first upvalues, from the library at the top.
void PushOriginal(lua_State* lua, const char* name) {
  lua_getfield(lua, -1, name);
  const char* settings = lua_getupvalue(lua, -1, 1);
  CHECK(settings != nullptr);
  lua_insert(lua, -2);
}

void GuardEncoder(lua_State* lua) {
  PushOriginal(lua, "encode");
  lua_pushcclosure(lua, Encode, 2);
  lua_setfield(lua, -2, "encode");
}

int New(lua_State* lua) {
  lua_settop(lua, 0);
  const int results = RunOriginal(lua);
  GuardEncoder(lua);
  return results;
}

}  // namespace

void JsonLibrary::Guard(lua_State* lua) {
  lua_createtable(lua, static_cast<int>(kJsonSetters.size()), 0);
  lua_getfield(lua, -2, "cjson");
  for (size_t i = 0; i < kJsonSetters.size(); ++i) {
    lua_getfield(lua, -1, kJsonSetters[i]);
    lua_rawseti(lua, -3, static_cast<int>(i) + 1);
    PushOriginal(lua, kJsonSetters[i]);
    lua_pushinteger(lua, static_cast<lua_Integer>(i));
    lua_pushcclosure(lua, Set, 3);
    lua_setfield(lua, -2, kJsonSetters[i]);
  }
  GuardEncoder(lua);
  PushOriginal(lua, "new");
  lua_pushcclosure(lua, New, 2);
  lua_setfield(lua, -2, "new");
  lua_pop(lua, 1);
  setters_ = luaL_ref(lua, LUA_REGISTRYINDEX);
}

void JsonLibrary::TakeOver(lua_State* lua, const JsonSettings& settings) {
  seen_version_ = settings.version();
  const JsonSettings::All all = settings.Read();
  lua_rawgeti(lua, LUA_REGISTRYINDEX, setters_);
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i].empty()) continue;
    lua_rawgeti(lua, -1, static_cast<int>(i) + 1);
    for (const auto& value : all[i]) {
      if (const bool* flag = std::get_if<bool>(&value)) {
        lua_pushboolean(lua, *flag ? 1 : 0);
      } else if (const double* number = std::get_if<double>(&value)) {
        lua_pushnumber(lua, *number);
      } else {
        PushText(lua, std::get<std::string>(value));
      }
    }
    const int status = lua_pcall(lua, static_cast<int>(all[i].size()), 0, 0);
    CHECK(status == 0);  // it has answered this itself
  }
  lua_pop(lua, 1);
}

void JsonLibrary::PublishChanged(lua_State* lua, JsonSettings& settings) {
  const uint32_t changed = std::exchange(changed_, 0);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, setters_);
  const int top = lua_gettop(lua);
  for (size_t i = 0; i < kJsonSetters.size(); ++i) {
    if ((changed >> i & 1) == 0) continue;
    lua_rawgeti(lua, top, static_cast<int>(i) + 1);
    const int status = lua_pcall(lua, 0, LUA_MULTRET, 0);
    CHECK(status == 0);
    JsonSetting setting;
    for (int at = top + 1; at <= lua_gettop(lua); ++at) {
      if (lua_isboolean(lua, at)) {
        setting.emplace_back(lua_toboolean(lua, at) != 0);
      } else if (lua_type(lua, at) == LUA_TNUMBER) {
        setting.emplace_back(static_cast<double>(lua_tonumber(lua, at)));
      } else {
        setting.emplace_back(std::string(TextAt(lua, at)));
      }
    }
    lua_settop(lua, top);
    settings.Set(i, std::move(setting));
  }
  lua_pop(lua, 1);
}

}  // namespace strata
