#pragma once

// Where an interpreter's memory comes from: counted, and bounded while a script runs, which sees
// what would exceed the bound as the error "not enough memory". What the server does with the
// interpreter meanwhile is not bounded, since it could not go on after such an error.

#include <atomic>
#include <cstddef>
#include <cstdlib>

namespace strata {

// Changed by one thread, read by any.
class LuaMemory {
 public:
  explicit LuaMemory(size_t most_bytes) : most_bytes_(most_bytes) {}

  enum class Mode { kFree, kBounded };

  // In Lua's words: grows, shrinks or frees (to size 0) a block; null if it cannot. A block that
  // shrinks is never refused.
  void* Resize(void* block, size_t old_size, size_t new_size) {
    const size_t used = used_.load(std::memory_order_relaxed);
    if (new_size == 0) {
      std::free(block);
      used_.store(used - old_size, std::memory_order_relaxed);
      return nullptr;
    }
    const bool exceeds = new_size > old_size && used - old_size + new_size > most_bytes_;
    if (exceeds && mode_ == Mode::kBounded) return nullptr;
    void* moved = std::realloc(block, new_size);
    if (moved != nullptr) used_.store(used - old_size + new_size, std::memory_order_relaxed);
    return moved;
  }

  size_t used_bytes() const { return used_.load(std::memory_order_relaxed); }
  size_t most_bytes() const { return most_bytes_; }
  // A bound below what is used lets nothing grow.
  void set_most_bytes(size_t most_bytes) { most_bytes_ = most_bytes; }
  void set_mode(Mode mode) { mode_ = mode; }

 private:
  Mode mode_ = Mode::kFree;
  size_t most_bytes_;
  std::atomic<size_t> used_{0};
};

}  // namespace strata
