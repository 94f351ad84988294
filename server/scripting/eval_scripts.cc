#include "server/scripting/eval_scripts.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/sha1.h"
#include "base/text.h"
#include "server/scripting/shebang.h"

namespace strata {
namespace {

constexpr size_t kShaDigits = 40;
constexpr char kChunkName[] = "@user_script";
// Scripts that are dropped from the cache are forgotten when there are so many.
constexpr size_t kMostDropped = ScriptCache::kMostEvalScripts;

bool IsUsable(const EvalScripts::Compiled& compiled) {
  return !compiled.script->is_dropped.load(std::memory_order_relaxed);
}

}  // namespace

EvalScripts::EvalScripts(ScriptCache& cache, size_t most_memory_bytes)
    : cache_(cache), interpreter_(most_memory_bytes), seed_(strata::RandomSeed()) {}

Result<const EvalScripts::Compiled*> EvalScripts::ForBody(std::string_view body, int64_t now_ms) {
  const auto known = by_body_.find(Hash64(body, seed_));
  if (known != by_body_.end() && IsUsable(*known->second) && known->second->script->body == body) {
    known->second->script->Touch(now_ms);
    return known->second;
  }
  std::string sha = HexDigits(Sha1(body));
  if (const Compiled* compiled = ForSha(sha, now_ms)) return compiled;
  const Result<ScriptSource> source = ReadScriptSource(body);
  if (!source) return source.error();
  const Result<Interpreter::Function> function = interpreter_.Compile(source->code, kChunkName);
  if (!function) return Error{"Error compiling script (new function): " + function.error().message};
  return &Insert(cache_.Add(std::move(sha), body, source->flags, now_ms), *function);
}

const EvalScripts::Compiled* EvalScripts::ForSha(std::string_view sha, int64_t now_ms) {
  if (sha.size() != kShaDigits) return nullptr;
  char digits[kShaDigits];
  std::transform(sha.begin(), sha.end(), digits, [](char c) { return ToLower(c); });
  const std::string_view name(digits, kShaDigits);
  const auto known = by_sha_.find(name);
  if (known != by_sha_.end() && IsUsable(known->second)) {
    known->second.script->Touch(now_ms);
    return &known->second;
  }
  std::shared_ptr<Script> script = cache_.Find(name);
  if (script == nullptr) return nullptr;
  script->Touch(now_ms);
  // Another thread has compiled it, or it would not be there.
  const Result<ScriptSource> source = ReadScriptSource(script->body);
  const Result<Interpreter::Function> function = interpreter_.Compile(source->code, kChunkName);
  CHECK(function);
  return &Insert(std::move(script), *function);
}

const EvalScripts::Compiled& EvalScripts::Insert(std::shared_ptr<Script> script,
                                                 Interpreter::Function function) {
  if (by_sha_.size() >= cache_.size() + kMostDropped) ForgetDropped();
  const uint64_t body_hash = Hash64(script->body, seed_);
  const auto [place, is_new] = by_sha_.try_emplace(script->sha);
  if (!is_new) interpreter_.Forget(place->second.function);  // of a script that was dropped
  place->second = {std::move(script), function, body_hash};
  by_body_[body_hash] = &place->second;
  return place->second;
}

void EvalScripts::ForgetDropped() {
  for (auto it = by_sha_.begin(); it != by_sha_.end();) {
    if (IsUsable(it->second)) {
      ++it;
      continue;
    }
    const auto by_body = by_body_.find(it->second.body_hash);
    if (by_body != by_body_.end() && by_body->second == &it->second) by_body_.erase(by_body);
    interpreter_.Forget(it->second.function);
    it = by_sha_.erase(it);
  }
}

void EvalScripts::Run(const Compiled& compiled, const ScriptArguments& arguments, ScriptHost& host,
                      ReplyBuilder& reply) {
  lua_State* lua = interpreter_.lua();
  interpreter_.PushGlobals();
  PushTexts(lua, arguments.keys);
  lua_setfield(lua, -2, "KEYS");
  PushTexts(lua, arguments.values);
  lua_setfield(lua, -2, "ARGV");
  interpreter_.Execute({host, compiled.script->sha, compiled.function}, 0, reply);
  // What may be big must not stay until the next script.
  lua_pushnil(lua);
  lua_setfield(lua, -2, "KEYS");
  lua_pushnil(lua);
  lua_setfield(lua, -2, "ARGV");
  lua_pop(lua, 1);
  interpreter_.CollectGarbage();
}

}  // namespace strata
