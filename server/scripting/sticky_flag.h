#pragma once

#include <atomic>

namespace strata {

// Set once, by any thread, and then set for good. A script has one that says that it once touched
// keys which it did not declare: then it starts with the world stopped (docs/adr/0005).
class StickyFlag {
 public:
  StickyFlag() = default;
  StickyFlag(const StickyFlag& other) : set_(other.is_set()) {}
  StickyFlag& operator=(const StickyFlag&) = delete;

  void Set() const { set_.store(true, std::memory_order_relaxed); }
  bool is_set() const { return set_.load(std::memory_order_relaxed); }

 private:
  mutable std::atomic<bool> set_{false};
};

}  // namespace strata
