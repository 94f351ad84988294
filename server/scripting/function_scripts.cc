#include "server/scripting/function_scripts.h"

#include <utility>

#include "server/scripting/library_api.h"
#include "server/scripting/shebang.h"

namespace strata {
namespace {

constexpr char kChunkName[] = "@user_function";

// What the code of a library may do while it is loaded: nothing to the server, and not for long.
class LoadHost final : public ScriptHost {
 public:
  explicit LoadHost(const Clock& clock) : clock_(clock), end_ms_(clock.MonotonicMs() + kMostMs) {}

  void Call(std::span<const std::string_view>, ReplyBuilder& reply) override {
    reply.Error("ERR redis.call can not be used while a library is loaded");
  }
  CommandPermission Check(std::span<const std::string_view>) override {
    return CommandPermission::kDenied;
  }
  std::string_view ReasonToEnd() override {
    return clock_.MonotonicMs() > end_ms_ ? "ERR FUNCTION LOAD timeout" : std::string_view();
  }

 private:
  static constexpr int64_t kMostMs = 500;

  const Clock& clock_;
  const int64_t end_ms_;
};

}  // namespace

FunctionScripts::FunctionScripts(const Clock& clock, size_t most_memory_bytes)
    : clock_(clock), interpreter_(most_memory_bytes) {
  PushLoadGlobals(interpreter_.lua());
  load_globals_ = interpreter_.Keep();
}

Result<LibraryRegistrations> FunctionScripts::Register(std::string_view code) {
  lua_State* lua = interpreter_.lua();
  const Result<Interpreter::Function> compiled = interpreter_.Compile(code, kChunkName);
  if (!compiled) return Error{"Error compiling function: " + compiled.error().message};
  LibraryRegistrations registrations;
  LoadHost host(clock_);
  interpreter_.set_registrations(&registrations);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, load_globals_);
  interpreter_.ShowGlobals();
  const Result<void> ran = interpreter_.ExecuteQuietly(host, *compiled);
  lua_pushnil(lua);
  interpreter_.ShowGlobals();
  interpreter_.set_registrations(nullptr);
  interpreter_.Forget(*compiled);
  if (ran) return registrations;
  Forget(registrations);
  return Error{"Error registering functions: " + ran.error().message};
}

void FunctionScripts::Forget(const LibraryRegistrations& registrations) {
  for (const auto& registration : registrations.registered) {
    interpreter_.Forget(registration.callback);
  }
}

Result<LibraryPointer> FunctionScripts::Load(std::string_view body) {
  const Result<LibrarySource> source = ReadLibrarySource(body);
  if (!source) return source.error();
  const Result<LibraryRegistrations> registrations = Register(source->code);
  if (!registrations) return registrations.error();
  if (registrations->registered.empty()) return Error{"No functions registered"};
  auto library = std::make_shared<FunctionLibrary>();
  library->name = source->name;
  library->body = body;
  for (const auto& registration : registrations->registered) {
    library->functions.push_back(registration.function);
  }
  // Whether it comes into the registry is not decided yet: here, too, it is loaded when it is
  // called.
  Forget(*registrations);
  interpreter_.CollectGarbage();
  return LibraryPointer(library);
}

const FunctionScripts::Callbacks* FunctionScripts::CallbacksOf(const LibraryPointer& library,
                                                               ReplyBuilder& reply) {
  const auto known = loaded_.find(library);
  if (known != loaded_.end()) return &known->second;
  const Result<LibrarySource> source = ReadLibrarySource(library->body);
  const Result<LibraryRegistrations> registrations = Register(source->code);
  if (!registrations) {
    reply.Error("ERR " + registrations.error().message);
    return nullptr;
  }
  Callbacks callbacks;
  for (const auto& [function, callback] : registrations->registered) {
    callbacks.emplace(function.name, callback);
  }
  return &loaded_.emplace(library, std::move(callbacks)).first->second;
}

void FunctionScripts::Run(const FunctionLibraries::Found& found, const ScriptArguments& arguments,
                          ScriptHost& host, ReplyBuilder& reply) {
  const LibraryPointer library = found.library;  // the registry may change while others are let in
  const Callbacks* callbacks = CallbacksOf(library, reply);
  if (callbacks == nullptr) return;
  const auto callback = callbacks->find(found.function->name);
  if (callback == callbacks->end()) return reply.Error("ERR Function not found");
  lua_State* lua = interpreter_.lua();
  PushTexts(lua, arguments.keys);
  PushTexts(lua, arguments.values);
  interpreter_.Execute({host, found.function->name, callback->second}, 2, reply);
  interpreter_.CollectGarbage();
}

void FunctionScripts::ForgetOthers(const FunctionLibraries& libraries) {
  if (libraries.generation() == seen_generation_) return;
  seen_generation_ = libraries.generation();
  for (auto it = loaded_.begin(); it != loaded_.end();) {
    const auto stays = libraries.all().find(it->first->name);
    if (stays != libraries.all().end() && stays->second == it->first) {
      ++it;
      continue;
    }
    for (const auto& [name, function] : it->second) interpreter_.Forget(function);
    it = loaded_.erase(it);
  }
}

}  // namespace strata
