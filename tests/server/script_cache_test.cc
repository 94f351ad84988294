#include "server/scripting/script_cache.h"

#include <catch2/catch.hpp>
#include <string>

namespace strata {
namespace {

std::string Name(size_t i) {
  return "sha" + std::to_string(i);
}

std::shared_ptr<Script> Add(ScriptCache& cache, size_t i, int64_t now_ms) {
  return cache.Add(Name(i), "return " + std::to_string(i), 0, now_ms);
}

}  // namespace

TEST_CASE("a script is found by its name, and is one however often it comes") {
  ScriptCache cache;
  CHECK(cache.Find("sha1") == nullptr);
  const std::shared_ptr<Script> script = cache.Add("sha1", "return 1", 4, 0);
  CHECK(script->sha == "sha1");
  CHECK(script->body == "return 1");
  CHECK(script->flags == 4);
  CHECK(cache.Find("sha1") == script);
  CHECK(cache.Add("sha1", "return 1", 4, 0) == script);
  CHECK(cache.size() == 1);
  CHECK(cache.bytes() > 8);
}

TEST_CASE("of the scripts of EVAL, those used last stay") {
  ScriptCache cache;
  for (size_t i = 0; i < ScriptCache::kMostEvalScripts; ++i) Add(cache, i, 100);
  CHECK(cache.size() == ScriptCache::kMostEvalScripts);
  CHECK(cache.evicted() == 0);
  const std::shared_ptr<Script> first = cache.Find(Name(0));
  first->Touch(200);
  const std::shared_ptr<Script> second = cache.Find(Name(1));
  Add(cache, 1000, 200);
  CHECK(cache.size() == ScriptCache::kMostEvalScripts);
  CHECK(cache.evicted() == 1);
  CHECK(cache.Find(Name(0)) == first);
  CHECK(cache.Find(Name(1)) == nullptr);
  CHECK(second->is_dropped);
  CHECK_FALSE(first->is_dropped);
}

TEST_CASE("what SCRIPT LOAD brought is not pushed out by EVAL") {
  ScriptCache cache;
  const std::shared_ptr<Script> loaded = Add(cache, 0, 0);
  cache.KeepLoaded(*loaded);
  cache.KeepLoaded(*loaded);
  for (size_t i = 1; i <= 2 * ScriptCache::kMostEvalScripts; ++i) Add(cache, i, 100);
  CHECK(cache.Find(Name(0)) == loaded);
  CHECK(cache.size() == ScriptCache::kMostEvalScripts + 1);
  CHECK(cache.evicted() == ScriptCache::kMostEvalScripts);
}

TEST_CASE("of what SCRIPT LOAD brought, as much as was used last stays as there is room for") {
  constexpr size_t kScripts = 64;
  const std::string text(ScriptCache::kMostLoadedBytes / kScripts - 200, 'x');
  ScriptCache cache;
  const auto load = [&](size_t i, int64_t now_ms) {
    const std::shared_ptr<Script> script = cache.Add(Name(i), text, 0, now_ms);
    cache.KeepLoaded(*script);
    return script;
  };
  const std::shared_ptr<Script> of_eval = Add(cache, 1000, 0);
  for (size_t i = 0; i < kScripts; ++i) load(i, 100);
  CHECK(cache.evicted() == 0);
  CHECK(cache.size() == kScripts + 1);
  cache.Find(Name(0))->Touch(200);
  const std::shared_ptr<Script> second = cache.Find(Name(1));
  load(kScripts, 200);
  load(kScripts + 1, 200);
  CHECK(cache.evicted() > 0);
  CHECK(cache.evicted() < kScripts / 4);
  CHECK(cache.bytes() <= ScriptCache::kMostLoadedBytes);
  CHECK(second->is_dropped);
  CHECK(cache.Find(Name(1)) == nullptr);
  CHECK(cache.Find(Name(0)) != nullptr);
  CHECK(cache.Find(Name(kScripts)) != nullptr);
  CHECK_FALSE(of_eval->is_dropped);
  // One alone is never too big.
  const std::string big(2 * ScriptCache::kMostLoadedBytes, 'x');
  const std::shared_ptr<Script> alone = cache.Add("big", big, 0, 300);
  cache.KeepLoaded(*alone);
  CHECK_FALSE(alone->is_dropped);
  CHECK(cache.size() == 2);
  load(0, 400);
  CHECK(alone->is_dropped);
  CHECK(cache.size() == 2);
}

TEST_CASE("a flush drops all of them, and their bytes") {
  ScriptCache cache;
  const std::shared_ptr<Script> script = Add(cache, 0, 0);
  cache.KeepLoaded(*Add(cache, 1, 0));
  cache.Flush();
  CHECK(script->is_dropped);
  CHECK(cache.size() == 0);
  CHECK(cache.bytes() == 0);
  CHECK(cache.Find(Name(1)) == nullptr);
  cache.KeepLoaded(*script);  // too late
  CHECK(cache.size() == 0);
  for (size_t i = 0; i <= ScriptCache::kMostEvalScripts; ++i) Add(cache, i, 0);
  CHECK(cache.size() == ScriptCache::kMostEvalScripts);
}

}  // namespace strata
