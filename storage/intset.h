#pragma once

// A sorted set of integers in one allocation, byte for byte Redis's intset:
//
//   width of an integer (2, 4 or 8), u32 | count, u32 | integers, little-endian, ascending
//
// The form of small sets of nothing but integers. All integers have the width that the widest one
// needed; it never shrinks. Not thread-safe: guarded by whatever guards its owner.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace strata {

// Reads an intset that someone else owns. REQUIRES: the bytes are valid (ours, or IsValid).
class IntSetView {
 public:
  explicit IntSetView(const void* bytes) : bytes_(static_cast<const char*>(bytes)) {}

  // A complete check of untrusted bytes: the width, the size, the order.
  static bool IsValid(std::string_view bytes);

  std::string_view bytes() const { return {bytes_, ByteSize(width(), size())}; }
  // What the allocator sets aside for it.
  size_t AllocatedBytes() const;
  size_t size() const { return ReadWord(bytes_ + 4); }
  bool empty() const { return size() == 0; }

  // The index-th smallest. REQUIRES: index < size().
  int64_t At(size_t index) const;
  // REQUIRES: not empty.
  int64_t Minimum() const { return At(0); }
  int64_t Maximum() const { return At(size() - 1); }
  // The index of the first integer that is not below `value`; size() if there is none.
  size_t LowerBound(int64_t value) const;
  // Where the integer is, if it is there.
  std::optional<size_t> Find(int64_t value) const;
  bool Contains(int64_t value) const { return Find(value).has_value(); }

 protected:
  static constexpr size_t kHeaderBytes = 8;

  static size_t ByteSize(size_t width, size_t count) { return kHeaderBytes + width * count; }
  static uint32_t ReadWord(const char* from) {
    uint32_t word;
    std::memcpy(&word, from, sizeof(word));
    return word;
  }
  size_t width() const { return ReadWord(bytes_); }

  const char* bytes_;
};

// An intset with its memory: as with a listpack (storage/listpack.h), a pointer to the bytes is all
// there is to keep.
class IntSet : public IntSetView {
 public:
  // Empty.
  IntSet();
  // A copy of valid bytes.
  explicit IntSet(IntSetView source);
  IntSet(IntSet&& other) noexcept : IntSetView(std::exchange(other.bytes_, nullptr)) {}
  IntSet& operator=(IntSet&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  // After a move or Leak there is nothing here: only destruction and assignment are left.
  ~IntSet();

  // For an owner that keeps the pointer in raw memory: exactly one Adopt for each Leak.
  void* Leak() && { return const_cast<char*>(std::exchange(bytes_, nullptr)); }
  static IntSet Adopt(void* leaked) { return IntSet(static_cast<char*>(leaked)); }

  // False if it was there already.
  bool Add(int64_t value);
  // False if it was not there.
  bool Remove(int64_t value);

 private:
  explicit IntSet(char* bytes) : IntSetView(bytes) {}

  void SetHeader(size_t width, size_t count);
  void Set(size_t index, int64_t value);
  // Makes place for `count` integers of the present width, keeping those that fit.
  void Resize(size_t count);
  // Rewrites all integers with more bytes each.
  void Widen(size_t width);

  char* data() { return const_cast<char*>(bytes_); }
};

}  // namespace strata
