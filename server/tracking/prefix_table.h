#pragma once

// The prefixes of keys that clients in broadcast mode want to be told of, over all threads.
//
// A writer looks here under its shard's lock, so looking must be cheap and must not make writers
// wait for each other: for each length that a prefix has, the start of the key is sought in a
// table; under one of several locks, chosen by the key. Who changes the table takes all of them.

#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "server/pubsub/local_topics.h"
#include "server/pubsub/message.h"
#include "server/pubsub/thread_counts.h"

namespace strata {

// Thread-safe.
class PrefixTable {
 public:
  explicit PrefixTable(uint64_t hash_seed) : hash_seed_(hash_seed) {}

  // A client of this thread wants to be told, or no longer.
  void Add(std::string_view prefix, size_t thread);
  void Remove(std::string_view prefix, size_t thread);
  size_t size() const { return size_.load(std::memory_order_relaxed); }

  TopicName NameOf(std::string_view prefix) const;

  struct Match {
    SharedPattern prefix;
    uint64_t hash;
  };
  struct Matches {
    std::vector<Match> prefixes;
    std::vector<size_t> threads;  // each once
  };
  // Those that the key begins with. `hash` is the key's.
  Matches Find(std::string_view key, uint64_t hash);

 private:
  static constexpr size_t kLocks = 16;
  struct alignas(64) Lock {
    SpinMutex mutex;
  };
  struct Prefix {
    SharedPattern text;
    ThreadCounts counts;
  };

  void LockAll();
  void UnlockAll();

  const uint64_t hash_seed_;
  std::array<Lock, kLocks> locks_;
  // Read under any one lock, changed under all.
  std::unordered_map<TopicName, Prefix, TopicNameHash> prefixes_;  // named by their own text
  std::map<size_t, size_t> lengths_;  // how many prefixes there are of each
  std::atomic<size_t> size_{0};
};

}  // namespace strata
