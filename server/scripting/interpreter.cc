#include "server/scripting/interpreter.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "server/scripting/guarded_functions.h"
#include "server/scripting/long_strings.h"
#include "server/scripting/lua_to_reply.h"
#include "server/scripting/redis_library.h"
#include "server/scripting/sandbox.h"
#include "server/scripting/script_error.h"

namespace strata {
namespace {

// How often the host is asked whether to go on.
constexpr int kInstructionsPerHook = 100'000;
constexpr size_t kKeptFlatReplyBytes = 64 * 1024;

// Runs on an empty stack what may fail for want of memory only, which at this place is our bug.
void CallSafely(lua_State* lua, lua_CFunction function, void* argument) {
  const int status = lua_cpcall(lua, function, argument);
  CHECK(status == 0);
}

}  // namespace

Interpreter::Interpreter(size_t most_memory_bytes)
    : memory_(most_memory_bytes), lua_(lua_newstate(Allocate, this)) {
  CHECK(lua_ != nullptr);
  CallSafely(
      lua_.get(),
      [](lua_State* lua) {
        auto& self = *static_cast<Interpreter*>(lua_touserdata(lua, 1));
        CHECK(KnowsStringLayout(lua));
        PushOpenGlobals(lua);
        self.json_.Guard(lua);
        PushRedisLibrary(lua);
        lua_pushvalue(lua, -1);
        lua_setfield(lua, -3, "server");
        lua_setfield(lua, -2, "redis");
        lua_pushcfunction(lua, CompleteError);
        lua_pushvalue(lua, -1);
        lua_setfield(lua, -3, "__redis__err__handler");
        self.error_handler_ = luaL_ref(lua, LUA_REGISTRYINDEX);
        CloseGlobals(lua);
        self.globals_ = luaL_ref(lua, LUA_REGISTRYINDEX);
        return 0;
      },
      this);
}

Interpreter::~Interpreter() = default;

Interpreter& Interpreter::Of(lua_State* lua) {
  void* interpreter = nullptr;
  lua_getallocf(lua, &interpreter);
  return *static_cast<Interpreter*>(interpreter);
}

void* Interpreter::Allocate(void* interpreter, void* block, size_t old_size, size_t new_size) {
  auto& self = *static_cast<Interpreter*>(interpreter);
  void* resized = self.memory_.Resize(block, old_size, new_size);
  if (resized == nullptr && new_size > 0) [[unlikely]] {
    self.NoteMemoryFailure();
  }
  return resized;
}

// Handlers of errors are not called for this one, so where it was is seen here. In a coroutine, it
// is where that was resumed.
void Interpreter::NoteMemoryFailure() {
  if (host_ == nullptr) return;
  lua_Debug place{};
  for (int level = 0; lua_getstack(lua_.get(), level, &place) != 0; ++level) {
    lua_getinfo(lua_.get(), "Sl", &place);
    if (place.currentline < 0) continue;  // C
    memory_failure_ = {place.source, place.currentline};
    return;
  }
}

Result<Interpreter::Function> Interpreter::Compile(std::string_view source, const char* name) {
  lua_State* lua = lua_.get();
  const int status = LoadSource(lua, source, name);
  if (status == 0) return Keep();
  Error error{std::string(TextAt(lua, -1))};
  lua_pop(lua, 1);
  return error;
}

Interpreter::Function Interpreter::Keep() {
  return luaL_ref(lua_.get(), LUA_REGISTRYINDEX);
}

void Interpreter::Forget(Function function) {
  luaL_unref(lua_.get(), LUA_REGISTRYINDEX, function);
}

void Interpreter::PushGlobals() {
  lua_rawgeti(lua_.get(), LUA_REGISTRYINDEX, globals_);
}

void Interpreter::ShowGlobals() {
  lua_State* lua = lua_.get();
  if (lua_isnil(lua, -1)) {
    lua_pop(lua, 1);
    PushGlobals();
  }
  lua_getmetatable(lua, LUA_GLOBALSINDEX);
  lua_insert(lua, -2);
  lua_setfield(lua, -2, "__index");
  lua_pop(lua, 1);
}

bool Interpreter::CallFunction(ScriptHost& host, Function function, int arguments) {
  lua_State* lua = lua_.get();
  if (json_settings_ != nullptr) json_.Follow(lua, *json_settings_);
  host_ = &host;
  is_ending_ = false;
  response_version_ = RespVersion::kResp2;
  lua_sethook(lua, OnHook, LUA_MASKCOUNT, kInstructionsPerHook);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, error_handler_);
  lua_insert(lua, -1 - arguments);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, function);
  lua_insert(lua, -1 - arguments);
  memory_.set_mode(LuaMemory::Mode::kBounded);
  const int status = lua_pcall(lua, arguments, 1, -2 - arguments);
  memory_.set_mode(LuaMemory::Mode::kFree);
  CHECK(status >= 0);  // an exception that is none of Lua's
  lua_remove(lua, -2);
  if (status == LUA_ERRMEM) {
    lua_pop(lua, 1);
    PushScriptError(lua, std::string("ERR ") + kNotEnoughMemory);
    SetErrorPlace(lua, memory_failure_.source.c_str(), memory_failure_.line);
  }
  if (json_settings_ != nullptr) json_.Publish(lua, *json_settings_);
  return status == 0;
}

void Interpreter::Execute(const Run& run, int arguments, ReplyBuilder& reply) {
  if (CallFunction(run.host, run.function, arguments)) {
    ReplyValue(lua_.get(), response_version_, reply);
  } else {
    ReplyError(run.name, reply);
  }
  host_ = nullptr;
}

Result<void> Interpreter::ExecuteQuietly(ScriptHost& host, Function function) {
  const bool succeeded = CallFunction(host, function, 0);
  host_ = nullptr;
  Result<void> result;
  if (!succeeded) result = Error{std::string(ReadScriptError(lua_.get(), -1).text)};
  lua_pop(lua_.get(), 1);
  return result;
}

void Interpreter::ReplyError(std::string_view name, ReplyBuilder& reply) {
  const ScriptError error = ReadScriptError(lua_.get(), -1);
  std::string text(error.text);
  if (!error.source.empty() && !error.line.empty()) {
    text.append(" script: ").append(name).append(", on ").append(error.source);
    text.append(":").append(error.line).append(".");
  }
  if (error.is_counted) {
    reply.CountedError(text);
  } else {
    reply.Error(text);
  }
  lua_pop(lua_.get(), 1);
}

// A little after every so many runs, as Redis does, besides what Lua does by itself; all of it when
// memory runs short, so that one script's garbage is no reason for the next one to fail.
void Interpreter::CollectGarbage() {
  constexpr int kRunsPerStep = 50;
  if (memory_.used_bytes() > memory_.most_bytes() / 2) {
    lua_gc(lua_.get(), LUA_GCCOLLECT, 0);
  } else if (++runs_since_collection_ >= kRunsPerStep) {
    lua_gc(lua_.get(), LUA_GCSTEP, kRunsPerStep);
    runs_since_collection_ = 0;
  }
}

std::string_view Interpreter::Call(std::span<const std::string_view> arguments) {
  output_.Clear();
  reply_.set_version(response_version_);
  host_->Call(arguments, reply_);
  const std::string_view bytes = output_.bytes().view();
  if (bytes.size() == output_.size()) [[likely]] {
    return bytes;
  }
  if (flat_reply_.capacity() > kKeptFlatReplyBytes) flat_reply_ = std::string();
  flat_reply_.clear();
  output_.CopyTo(flat_reply_);
  return flat_reply_;
}

void Interpreter::OnHook(lua_State* lua, lua_Debug*) {
  Interpreter& self = Of(lua);
  if (self.host_ == nullptr) return;
  const std::string_view reason = self.host_->ReasonToEnd();
  if (reason.empty()) return;
  self.is_ending_ = true;
  PushScriptError(lua, reason);
  lua_error(lua);
}

}  // namespace strata
