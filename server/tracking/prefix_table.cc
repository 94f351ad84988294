#include "server/tracking/prefix_table.h"

#include <algorithm>

#include "base/check.h"
#include "base/hash.h"

namespace strata {

TopicName PrefixTable::NameOf(std::string_view prefix) const {
  return {prefix, Hash64(prefix, hash_seed_)};
}

void PrefixTable::LockAll() NO_THREAD_SAFETY_ANALYSIS {
  for (Lock& lock : locks_) lock.mutex.Lock();
}

void PrefixTable::UnlockAll() NO_THREAD_SAFETY_ANALYSIS {
  for (Lock& lock : locks_) lock.mutex.Unlock();
}

void PrefixTable::Add(std::string_view prefix, size_t thread) {
  const TopicName name = NameOf(prefix);
  LockAll();
  auto found = prefixes_.find(name);
  if (found == prefixes_.end()) {
    auto text = std::make_shared<const std::string>(prefix);
    const TopicName own{*text, name.hash};
    found = prefixes_.emplace(own, Prefix{std::move(text), {}}).first;
    ++lengths_[prefix.size()];
  }
  found->second.counts.Add(thread);
  size_.store(prefixes_.size(), std::memory_order_relaxed);
  UnlockAll();
}

void PrefixTable::Remove(std::string_view prefix, size_t thread) {
  LockAll();
  auto found = prefixes_.find(NameOf(prefix));
  CHECK(found != prefixes_.end());
  found->second.counts.Remove(thread);
  if (found->second.counts.empty()) {
    const SharedPattern text = found->second.text;  // the key of the table looks into it
    prefixes_.erase(found);
    if (--lengths_[text->size()] == 0) lengths_.erase(text->size());
  }
  size_.store(prefixes_.size(), std::memory_order_relaxed);
  UnlockAll();
}

PrefixTable::Matches PrefixTable::Find(std::string_view key, uint64_t hash) {
  Matches matches;
  SpinLock lock(locks_[hash % kLocks].mutex);
  for (const auto& [length, prefixes] : lengths_) {
    if (length > key.size()) break;
    const TopicName name = NameOf(key.substr(0, length));
    auto found = prefixes_.find(name);
    if (found == prefixes_.end()) continue;
    matches.prefixes.push_back({found->second.text, name.hash});
    for (const auto& entry : found->second.counts) {
      const bool known = std::find(matches.threads.begin(), matches.threads.end(), entry.thread) !=
                         matches.threads.end();
      if (!known) matches.threads.push_back(entry.thread);
    }
  }
  return matches;
}

}  // namespace strata
