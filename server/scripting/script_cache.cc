#include "server/scripting/script_cache.h"

#include <algorithm>
#include <utility>

namespace strata {
namespace {

size_t BytesOf(const Script& script) {
  return sizeof(Script) + script.sha.size() + script.body.size();
}

}  // namespace

std::shared_ptr<Script> ScriptCache::Find(std::string_view sha) const {
  MutexLock lock(mutex_);
  const auto found = scripts_.find(sha);
  return found == scripts_.end() ? nullptr : found->second;
}

std::shared_ptr<Script> ScriptCache::Add(std::string sha, std::string_view body, uint32_t flags,
                                         int64_t now_ms) {
  MutexLock lock(mutex_);
  std::shared_ptr<Script>& place = scripts_[sha];
  if (place != nullptr) return place;
  place = std::make_shared<Script>();
  std::shared_ptr<Script> script = place;
  script->sha = std::move(sha);
  script->body = body;
  script->flags = flags;
  script->Touch(now_ms);
  bytes_ += BytesOf(*script);
  if (eval_scripts_.size() == kMostEvalScripts) EvictOldestOfEval();
  eval_scripts_.push_back(script.get());
  return script;
}

void ScriptCache::KeepLoaded(Script& script) {
  MutexLock lock(mutex_);
  if (script.is_dropped.load(std::memory_order_relaxed)) return;
  if (std::erase(eval_scripts_, &script) == 0) return;  // it is already
  loaded_scripts_.push_back(&script);
  loaded_bytes_ += BytesOf(script);
  if (loaded_bytes_ > kMostLoadedBytes) EvictOldestLoaded();
}

void ScriptCache::Flush() {
  MutexLock lock(mutex_);
  for (auto& [sha, script] : scripts_) script->is_dropped.store(true, std::memory_order_relaxed);
  scripts_.clear();
  eval_scripts_.clear();
  loaded_scripts_.clear();
  bytes_ = loaded_bytes_ = 0;
}

// A walk that only a new script pays, and only when there are too many. Of those last used in the
// same millisecond, the one that came first goes.
void ScriptCache::EvictOldestOfEval() {
  const auto oldest = std::min_element(eval_scripts_.begin(), eval_scripts_.end(),
                                       [](const Script* a, const Script* b) {
                                         return a->last_used_ms.load(std::memory_order_relaxed) <
                                                b->last_used_ms.load(std::memory_order_relaxed);
                                       });
  Script& script = **oldest;
  eval_scripts_.erase(oldest);
  Drop(script);
}

// An eighth of their bytes at once, so that the walk over all of them is not paid by each new one.
void ScriptCache::EvictOldestLoaded() {
  using Use = std::pair<int64_t, Script*>;
  std::vector<Use> uses;  // a copy: others use scripts meanwhile
  for (Script* script : loaded_scripts_) {
    uses.emplace_back(script->last_used_ms.load(std::memory_order_relaxed), script);
  }
  std::stable_sort(uses.begin(), uses.end(),
                   [](const Use& a, const Use& b) { return a.first < b.first; });
  loaded_scripts_.clear();
  for (const auto& [used_ms, script] : uses) {
    const bool is_last = script == uses.back().second;
    if (loaded_bytes_ <= kMostLoadedBytes - kMostLoadedBytes / 8 || is_last) {
      loaded_scripts_.push_back(script);
    } else {
      loaded_bytes_ -= BytesOf(*script);
      Drop(*script);
    }
  }
}

void ScriptCache::Drop(Script& script) {
  bytes_ -= BytesOf(script);
  ++evicted_;
  script.is_dropped.store(true, std::memory_order_relaxed);
  scripts_.erase(std::string(script.sha));
}

size_t ScriptCache::size() const {
  MutexLock lock(mutex_);
  return scripts_.size();
}

size_t ScriptCache::bytes() const {
  MutexLock lock(mutex_);
  return bytes_;
}

uint64_t ScriptCache::evicted() const {
  MutexLock lock(mutex_);
  return evicted_;
}

}  // namespace strata
