#pragma once

#include <atomic>
#include <cstddef>

namespace strata {

// How many there are that want to know of changed keys, of any kind: clients that wait for keys or
// watch or track them, and notifications. So a change that nobody listens to costs one test.
//
// Who comes says so before it looks at a key, or under the lock of the key's shard: then with that
// lock, a writer that sees nobody has nobody to tell.
class KeyListeners {
 public:
  void Add() { count_.fetch_add(1, std::memory_order_relaxed); }
  void Remove() { count_.fetch_sub(1, std::memory_order_relaxed); }
  bool any() const { return count_.load(std::memory_order_relaxed) != 0; }

 private:
  std::atomic<size_t> count_{0};
};

}  // namespace strata
