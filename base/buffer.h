#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace strata {

// A growable run of bytes that never zero-fills: like std::string, for data that is about to be
// overwritten. Owned by one thread.
class ByteBuffer {
 public:
  ByteBuffer() = default;
  ~ByteBuffer() { std::free(data_); }
  ByteBuffer(ByteBuffer&& other) noexcept { Swap(other); }
  ByteBuffer& operator=(ByteBuffer&& other) noexcept {
    Swap(other);
    return *this;
  }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {data_, size_}; }

  // Room for `bytes` more behind the end; the caller fills it and then calls Commit.
  char* Prepare(size_t bytes) {
    if (capacity_ - size_ < bytes) Grow(size_ + bytes);
    return data_ + size_;
  }
  void Commit(size_t bytes) { size_ += bytes; }

  void Append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(Prepare(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  void Clear() { size_ = 0; }
  // Drops the first `bytes`; the rest moves to the front.
  void RemovePrefix(size_t bytes) {
    size_ -= bytes;
    if (size_ > 0) std::memmove(data_, data_ + bytes, size_);
  }
  // Gives the memory back.
  void Release() {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

 private:
  void Swap(ByteBuffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  void Grow(size_t needed) {
    size_t grown = capacity_ + capacity_ / 2;
    if (grown < needed) grown = needed;
    if (grown < 256) grown = 256;
    void* moved = std::realloc(data_, grown);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(moved);
    capacity_ = grown;
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace strata
