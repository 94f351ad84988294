#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace strata {

// Values of this size and more are kept as SharedBytes, so that replies refer to them; smaller ones
// are copied.
inline constexpr size_t kSharedValueBytes = 16 * 1024;

// Reference-counted bytes: a big value that the store and any number of replies share. Immutable
// while it is shared; its only owner may change it in place. The count is atomic, the bytes are not
// guarded: sharing begins under the shard lock that guards the owner.
class SharedBytes {
 public:
  SharedBytes() = default;
  // Uninitialised bytes with room to grow to `capacity`. REQUIRES: size <= capacity.
  static SharedBytes Allocate(size_t size, size_t capacity);

  SharedBytes(const SharedBytes& other) : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() { Drop(); }

  explicit operator bool() const { return block_ != nullptr; }
  std::string_view view() const { return {block_->data(), block_->size}; }
  size_t capacity() const { return block_->capacity; }
  bool IsUnique() const { return block_->references.load(std::memory_order_acquire) == 1; }
  // REQUIRES: IsUnique().
  char* mutable_data() { return block_->data(); }
  // REQUIRES: IsUnique() and size <= capacity().
  void Resize(size_t size) { block_->size = size; }

  // For an owner that keeps the pointer in raw memory (an entry's value): exactly one Adopt for
  // each Leak.
  void* Leak() && { return std::exchange(block_, nullptr); }
  static SharedBytes Adopt(void* leaked) { return SharedBytes(static_cast<Block*>(leaked)); }

 private:
  struct Block {
    std::atomic<uint32_t> references;
    size_t size;
    size_t capacity;

    // The bytes follow the block.
    char* data() { return reinterpret_cast<char*>(this + 1); }
  };

  explicit SharedBytes(Block* block) : block_(block) {}
  void Drop();

  Block* block_ = nullptr;
};

}  // namespace strata
