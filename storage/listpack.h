#pragma once

// A sequence of strings and integers in one allocation, laid out as Redis's listpack, so that a
// DUMP of one is a copy: https://github.com/antirez/listpack/blob/master/listpack.md
//
//   total bytes, u32 | count, u16 (0xffff: count them) | element ... | 0xff
//   element: encoding with length or value | bytes of a string | length of these two, backwards
//
// With one difference: what the allocation has to spare may stand before the first element as well
// as behind the last. The total's top bit says that there is such a gap, and its first two bytes
// how long it is. So a list that is used as a queue moves no bytes at either end, but when it
// reaches another size of allocation.
//
// The form of every small collection and of the blocks of lists and streams. An element that is
// the canonical spelling of an int64 is stored as that integer.
//
// Elements are named by position: an offset from the start, as if there were no gap. A change keeps
// the positions before the place it touches, and ends all views into the bytes. Forwards one goes
// from First() by ReadForward until End(), backwards from End() by Previous and Read until First().
//
// Not thread-safe: guarded by whatever guards its owner (a shard's lock).

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/number.h"

namespace strata {

// One element, read or to be written: an integer, or bytes. Borrowed bytes.
struct ListpackElement {
  std::string_view bytes;
  int64_t integer = 0;
  bool is_integer = false;

  ListpackElement() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): arguments are written as they come.
  ListpackElement(std::string_view text) : bytes(text) {}
  static ListpackElement Integer(int64_t value) {
    ListpackElement element;
    element.integer = value;
    element.is_integer = true;
    return element;
  }

  // The element as text; `scratch` holds the digits of an integer.
  std::string_view Text(DigitScratch& scratch) const {
    return is_integer ? FormatInt64(integer, scratch) : bytes;
  }
};

// Reads a listpack that someone else owns. REQUIRES: the bytes are valid (ours, or IsValid).
class ListpackView {
 public:
  using Position = uint32_t;

  explicit ListpackView(const void* bytes) : bytes_(static_cast<const char*>(bytes)) {}

  // A complete check of untrusted bytes: sizes, every element, the count, the end.
  static bool IsValid(std::string_view bytes);

  // As Redis has it: byte_size() bytes without a gap.
  std::string Serialize() const;
  // Those bytes without header and end.
  std::string_view Elements() const { return {origin() + kHeaderBytes, byte_size() - kEmptyBytes}; }
  // Without the gap.
  size_t byte_size() const { return TotalWord() & ~kGapFlag; }
  // What the allocator sets aside for it.
  size_t AllocatedBytes() const;
  // The number of elements; counts them if there are 65,535 or more.
  size_t size() const {
    uint16_t count = StoredCount();
    return count == kUnknownCount ? CountElements() : count;
  }
  bool empty() const { return byte_size() == kEmptyBytes; }

  Position First() const { return kHeaderBytes; }
  // One past the last element; inserting there appends.
  Position End() const { return static_cast<Position>(byte_size() - 1); }
  // REQUIRES: position is an element's.
  Position Next(Position position) const;
  // REQUIRES: position is not First().
  Position Previous(Position position) const;
  // `count` elements further, at most End().
  Position Skip(Position position, size_t count) const;
  // The element at an index, walking from the nearer end; a negative index counts from the end.
  // End() if there is no such element.
  Position At(int64_t index) const;

  // REQUIRES: position is an element's.
  ListpackElement Read(Position position) const { return ReadForward(position); }
  // Reads the element and moves the position behind it. Here is what most elements are, a string
  // of up to 63 bytes between two bytes with its length.
  ListpackElement ReadForward(Position& position) const {
    const char* element = origin() + position;
    const auto first = static_cast<uint8_t>(*element);
    if ((first & 0xc0) != 0x80) return ReadAnyForward(position);
    const size_t size = first & 0x3f;
    position += static_cast<Position>(size + 2);
    return std::string_view(element + 1, size);
  }
  bool Equals(Position position, std::string_view text) const;
  // The first element equal to `needle` at or behind `from`, ignoring `skip` elements between one
  // comparison and the next (1: the fields of a hash). End() if there is none.
  Position Find(std::string_view needle, Position from, size_t skip) const;

 protected:
  static constexpr size_t kHeaderBytes = 6;
  static constexpr size_t kEmptyBytes = kHeaderBytes + 1;
  static constexpr uint16_t kUnknownCount = 0xffff;
  static constexpr uint32_t kGapFlag = 1u << 31;

  uint32_t TotalWord() const {
    uint32_t word;
    std::memcpy(&word, bytes_, sizeof(word));
    return word;
  }
  size_t gap() const {
    if ((TotalWord() & kGapFlag) == 0) return 0;
    uint16_t gap;
    std::memcpy(&gap, bytes_ + kHeaderBytes, sizeof(gap));
    return gap;
  }
  // Positions count from here.
  const char* origin() const { return bytes_ + gap(); }

  uint16_t StoredCount() const {
    uint16_t count;
    std::memcpy(&count, bytes_ + 4, sizeof(count));
    return count;
  }
  size_t CountElements() const;
  ListpackElement ReadAnyForward(Position& position) const;

  const char* bytes_;
};

// A listpack with its memory. Its capacity is what the allocator sets aside for its size, so it
// grows and shrinks within a size class where it stands, and a pointer to the bytes is all there is
// to keep: a shard's entry keeps it with Leak and Adopt.
class Listpack : public ListpackView {
 public:
  // Larger ones are refused by those who add (a listpack could be 4 GiB).
  static constexpr size_t kMaxBytes = size_t{1} << 30;
  // The most that an element takes beside its text.
  static constexpr size_t kMaxOverhead = 10;

  // Empty.
  Listpack();
  // A copy of valid bytes.
  explicit Listpack(ListpackView source);
  Listpack(Listpack&& other) noexcept : ListpackView(std::exchange(other.bytes_, nullptr)) {}
  Listpack& operator=(Listpack&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  // After a move or Leak there is nothing here: only destruction and assignment are left.
  ~Listpack();

  // For an owner that keeps the pointer in raw memory: exactly one Adopt for each Leak.
  void* Leak() && { return const_cast<char*>(std::exchange(bytes_, nullptr)); }
  static Listpack Adopt(void* leaked) { return Listpack(static_cast<char*>(leaked)); }

  // Whether text of this many bytes, in one element or `count` of them, stays within kMaxBytes.
  bool HasRoomFor(size_t text_bytes, size_t count = 1) const {
    return byte_size() + text_bytes + count * kMaxOverhead <= kMaxBytes;
  }

  // All that add take elements that do not lie in this listpack. Text that spells an integer is
  // stored as one. Several elements cost one move of the bytes behind and one reallocation at most.
  // REQUIRES: HasRoomFor them.
  void PushBack(const ListpackElement& element) { Insert(End(), element); }
  void PushBack(std::span<const std::string_view> texts) { Insert(End(), texts); }
  void PushBack(std::span<const ListpackElement> elements) { Insert(End(), elements); }
  void PushBackInteger(int64_t value) { Insert(End(), ListpackElement::Integer(value)); }
  void PushFront(const ListpackElement& element) { Insert(First(), element); }

  // Before the element at `position`, or at the end. Returns the position behind what was added.
  Position Insert(Position position, const ListpackElement& element);
  Position Insert(Position position, std::span<const std::string_view> texts);
  Position Insert(Position position, std::span<const ListpackElement> elements);
  // Returns the position of the element behind.
  Position Replace(Position position, const ListpackElement& element);

  // Returns the position of the element behind, or End().
  Position Erase(Position position) { return Erase(position, Next(position)); }
  // The elements from `first` up to `last`, which may be End().
  Position Erase(Position first, Position last);
  // `count` elements, or as many as there are, from an index (negative: from the end).
  void EraseRange(int64_t index, size_t count);
  void PopFront() { Erase(First()); }
  void PopBack() { Erase(Previous(End()), End()); }
  void Clear() { Erase(First(), End()); }

  // Adds the elements of another listpack.
  void Append(ListpackView other);
  // Keeps the elements before `position`, returns the others.
  Listpack SplitOff(Position position);

 private:
  explicit Listpack(char* bytes) : ListpackView(bytes) {}

  template <class Element>
  Position InsertAll(Position position, std::span<const Element> elements);
  // Makes `removed` bytes at `position` into `added` uninitialised ones; keeps the total, not the
  // count. Returns where they are.
  char* Splice(Position position, size_t removed, size_t added);
  // How long the gap shall be after that, if the allocation, of `capacity` bytes, stays.
  size_t GapAfterSplice(Position position, size_t removed, size_t added, size_t capacity) const;
  void StoreTotal(size_t total, size_t gap);
  // Makes it empty. REQUIRES: it was allocated with so few bytes.
  void Reset();
  void AddToCount(int64_t change);

  char* data() { return const_cast<char*>(bytes_); }
};

// Writes one element where there is room for its text and Listpack::kMaxOverhead more; returns
// where it ends. For listpacks in memory of another kind: storage/stream_block.h.
char* WriteListpackElement(const ListpackElement& element, char* out);

}  // namespace strata
