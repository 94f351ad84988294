#include "base/shared_bytes.h"

#include <new>

#include "base/allocator.h"

namespace strata {

SharedBytes SharedBytes::Allocate(size_t size, size_t capacity) {
  auto* block = new (AllocateBytes(sizeof(Block) + capacity)) Block;
  block->references.store(1, std::memory_order_relaxed);
  block->size = size;
  block->capacity = capacity;
  return SharedBytes(block);
}

void SharedBytes::Drop() {
  if (block_ == nullptr) return;
  if (block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    FreeBytes(block_, sizeof(Block) + block_->capacity);
  }
  block_ = nullptr;
}

}  // namespace strata
