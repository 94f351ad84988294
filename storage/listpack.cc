#include "storage/listpack.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/allocator.h"
#include "base/check.h"

// The first byte of an element, and what follows it:
//
//   0vvvvvvv                integer 0..127
//   10llllll                string of up to 63 bytes
//   110vvvvv v              13-bit integer, big-endian
//   1110llll l              string of up to 4,095 bytes, length big-endian
//   11110000 l l l l        string, length little-endian
//   11110001 v v            16-bit integer, little-endian; 0xf2: 24 bits, 0xf3: 32, 0xf4: 64
//   11111111                the end of the listpack
//
// Behind each element stands the length of the above in groups of seven bits, the highest first;
// all but the first have their top bit set, so that it reads from the right.

namespace strata {
namespace {

constexpr uint8_t kString32 = 0xf0;
constexpr uint8_t kInteger16 = 0xf1;
constexpr uint8_t kInteger24 = 0xf2;
constexpr uint8_t kInteger32 = 0xf3;
constexpr uint8_t kInteger64 = 0xf4;
constexpr uint8_t kEnd = 0xff;

constexpr size_t kLongestHead = 9;  // a 64-bit integer
constexpr size_t kLongestBackLength = 5;

uint8_t ByteAt(const char* from) {
  return static_cast<uint8_t>(*from);
}

uint32_t LoadWord(const char* from) {
  uint32_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Little-endian, sign-extended.
int64_t LoadInteger(const char* from, size_t width) {
  uint64_t bits = 0;
  std::memcpy(&bits, from, width);
  size_t shift = 64 - width * 8;
  return static_cast<int64_t>(bits << shift) >> shift;
}

// How an element starts: `head` bytes, then `tail` bytes of a string.
struct Extent {
  size_t head;
  size_t tail;

  size_t Bytes() const { return head + tail; }
};

inline Extent ExtentAt(const char* element) {
  uint8_t first = ByteAt(element);
  if (first < 0x80) return {1, 0};
  if (first < 0xc0) return {1, first & 0x3fu};
  if (first < 0xe0) return {2, 0};
  if (first < 0xf0) return {2, (first & 0x0fu) << 8 | ByteAt(element + 1)};
  switch (first) {
    case kString32:
      return {5, LoadWord(element + 1)};
    case kInteger16:
      return {3, 0};
    case kInteger24:
      return {4, 0};
    case kInteger32:
      return {5, 0};
    case kInteger64:
      return {9, 0};
    default:
      CHECK(false);
  }
  __builtin_unreachable();
}

// How many bytes of an element must be there for ExtentAt; none: it starts no element.
size_t HeadBytes(uint8_t first) {
  if (first < 0xc0) return 1;
  if (first < 0xf0) return 2;
  constexpr std::array<size_t, 5> kBytes = {5, 3, 4, 5, 9};
  return first <= kInteger64 ? kBytes[first - kString32] : 0;
}

// Redis stores 16,383 in three bytes, 2,097,151 in four and so on: one less than would fit.
size_t BackLengthBytes(size_t length) {
  if (length <= 127) return 1;
  if (length < 16'383) return 2;
  if (length < 2'097'151) return 3;
  return length < 268'435'455 ? 4 : 5;
}

void StoreBackLength(size_t length, char* out) {
  size_t bytes = BackLengthBytes(length);
  for (size_t i = bytes; i-- > 0; length >>= 7) {
    out[i] = static_cast<char>((length & 0x7f) | (i == 0 ? 0 : 0x80));
  }
}

// The length whose last byte is before `end`; nothing if it has more than five bytes.
std::optional<size_t> LoadBackLength(const char* end) {
  size_t length = 0;
  for (size_t i = 0; i < kLongestBackLength; ++i) {
    uint8_t byte = ByteAt(--end);
    length |= size_t{byte & 0x7fu} << (7 * i);
    if ((byte & 0x80) == 0) return length;
  }
  return std::nullopt;
}

inline size_t ElementBytes(const char* element) {
  size_t bytes = ExtentAt(element).Bytes();
  return bytes + BackLengthBytes(bytes);
}

int64_t ReadInteger(const char* element) {
  uint8_t first = ByteAt(element);
  if (first < 0x80) return first;
  if (first < 0xe0) {
    int64_t value = (first & 0x1f) << 8 | ByteAt(element + 1);
    return value < 1 << 12 ? value : value - (1 << 13);
  }
  return LoadInteger(element + 1, HeadBytes(first) - 1);
}

inline bool IsString(uint8_t first) {
  return (first & 0xc0) == 0x80 || (first & 0xf0) == 0xe0 || first == kString32;
}

inline ListpackElement ReadElement(const char* element, Extent extent) {
  if (IsString(ByteAt(element))) return std::string_view(element + extent.head, extent.tail);
  return ListpackElement::Integer(ReadInteger(element));
}

// An element ready to be written.
class Encoded {
 public:
  void Set(const ListpackElement& element) {
    if (element.is_integer) {
      SetInteger(element.integer);
    } else if (std::optional<int64_t> integer = ParseInt64(element.bytes)) {
      SetInteger(*integer);
    } else {
      SetString(element.bytes);
    }
  }

  // With the length behind it.
  size_t Bytes() const { return Length() + BackLengthBytes(Length()); }
  // Returns where it ends.
  char* Write(char* out) const {
    std::memcpy(out, head_, head_size_);
    out += head_size_;
    if (!tail_.empty()) std::memcpy(out, tail_.data(), tail_.size());
    out += tail_.size();
    StoreBackLength(Length(), out);
    return out + BackLengthBytes(Length());
  }

 private:
  size_t Length() const { return head_size_ + tail_.size(); }

  void SetHead(uint8_t first, uint64_t rest, size_t rest_size) {
    head_[0] = static_cast<char>(first);
    std::memcpy(head_ + 1, &rest, sizeof(rest));
    head_size_ = 1 + rest_size;
    tail_ = {};
  }

  void SetInteger(int64_t value) {
    auto bits = static_cast<uint64_t>(value);
    if (value >= 0 && value <= 127) return SetHead(static_cast<uint8_t>(value), 0, 0);
    if (value >= -(1 << 12) && value < 1 << 12) {
      return SetHead(static_cast<uint8_t>(0xc0 | (bits >> 8 & 0x1f)), bits & 0xff, 1);
    }
    if (value == static_cast<int16_t>(value)) return SetHead(kInteger16, bits, 2);
    if (value >= -(1 << 23) && value < 1 << 23) return SetHead(kInteger24, bits, 3);
    if (value == static_cast<int32_t>(value)) return SetHead(kInteger32, bits, 4);
    SetHead(kInteger64, bits, 8);
  }

  void SetString(std::string_view text) {
    size_t size = text.size();
    if (size < 64) {
      SetHead(static_cast<uint8_t>(0x80 | size), 0, 0);
    } else if (size < 4096) {
      SetHead(static_cast<uint8_t>(0xe0 | size >> 8), size & 0xff, 1);
    } else {
      SetHead(kString32, size, 4);
    }
    tail_ = text;
  }

  char head_[kLongestHead];
  size_t head_size_ = 0;
  std::string_view tail_;
};

// Elements that are encoded before any is written.
constexpr size_t kBatch = 16;

void StoreHeader(char* bytes, size_t total, size_t count) {
  auto total_word = static_cast<uint32_t>(total);
  auto count_word = static_cast<uint16_t>(count);
  std::memcpy(bytes, &total_word, sizeof(total_word));
  std::memcpy(bytes + 4, &count_word, sizeof(count_word));
}

}  // namespace

bool ListpackView::IsValid(std::string_view bytes) {
  if (bytes.size() < kEmptyBytes || LoadWord(bytes.data()) != bytes.size()) return false;
  const char* end = bytes.data() + bytes.size() - 1;
  if (ByteAt(end) != kEnd) return false;
  size_t count = 0;
  const char* element = bytes.data() + kHeaderBytes;
  for (; element < end; ++count) {
    auto left = static_cast<size_t>(end - element);
    size_t head = HeadBytes(ByteAt(element));
    if (head == 0 || head > left) return false;
    size_t length = ExtentAt(element).Bytes();
    size_t back_length_bytes = BackLengthBytes(length);
    if (length + back_length_bytes > left) return false;
    char expected[kLongestBackLength];
    StoreBackLength(length, expected);
    if (std::memcmp(element + length, expected, back_length_bytes) != 0) return false;
    element += length + back_length_bytes;
  }
  uint16_t stored = ListpackView(bytes.data()).StoredCount();
  return stored == kUnknownCount || stored == count;
}

size_t ListpackView::AllocatedBytes() const {
  return AllocationSize(byte_size());
}

size_t ListpackView::CountElements() const {
  size_t count = 0;
  for (Position position = First(); position != End(); position = Next(position)) ++count;
  return count;
}

ListpackView::Position ListpackView::Next(Position position) const {
  return static_cast<Position>(position + ElementBytes(bytes_ + position));
}

ListpackView::Position ListpackView::Previous(Position position) const {
  std::optional<size_t> length = LoadBackLength(bytes_ + position);
  CHECK(length);
  return static_cast<Position>(position - *length - BackLengthBytes(*length));
}

ListpackView::Position ListpackView::Skip(Position position, size_t count) const {
  for (Position end = End(); count > 0 && position != end; --count) position = Next(position);
  return position;
}

ListpackView::Position ListpackView::At(int64_t index) const {
  uint16_t stored = StoredCount();
  if (stored != kUnknownCount) {
    if (index >= stored || index < -int64_t{stored}) return End();
    if (index >= 0 && index > stored / 2) {
      index -= stored;
    } else if (index < -(stored / 2)) {
      index += stored;
    }
  }
  if (index >= 0) return Skip(First(), static_cast<size_t>(index));
  Position position = End();
  for (; index < 0; ++index) {
    if (position == First()) return End();
    position = Previous(position);
  }
  return position;
}

ListpackElement ListpackView::Read(Position position) const {
  const char* element = bytes_ + position;
  return ReadElement(element, ExtentAt(element));
}

ListpackElement ListpackView::ReadForward(Position& position) const {
  const char* element = bytes_ + position;
  Extent extent = ExtentAt(element);
  position += static_cast<Position>(extent.Bytes() + BackLengthBytes(extent.Bytes()));
  return ReadElement(element, extent);
}

bool ListpackView::Equals(Position position, std::string_view text) const {
  ListpackElement element = Read(position);
  if (!element.is_integer) return element.bytes == text;
  return ParseInt64(text) == element.integer;
}

ListpackView::Position ListpackView::Find(std::string_view needle, Position from,
                                          size_t skip) const {
  std::optional<int64_t> needle_integer;
  bool is_parsed = false;
  Position end = End();
  for (Position position = from; position != end; position = Skip(position, skip)) {
    const char* element = bytes_ + position;
    Extent extent = ExtentAt(element);
    if (IsString(ByteAt(element))) {
      if (extent.tail == needle.size() &&
          std::memcmp(element + extent.head, needle.data(), needle.size()) == 0) {
        return position;
      }
    } else {
      if (!is_parsed) needle_integer = ParseInt64(needle);
      is_parsed = true;
      if (needle_integer && ReadInteger(element) == *needle_integer) return position;
    }
    position += static_cast<Position>(extent.Bytes() + BackLengthBytes(extent.Bytes()));
  }
  return end;
}

Listpack::Listpack() : Listpack(static_cast<char*>(AllocateBytes(kEmptyBytes))) {
  StoreHeader(data(), kEmptyBytes, 0);
  data()[kHeaderBytes] = static_cast<char>(kEnd);
}

Listpack::Listpack(ListpackView source)
    : Listpack(static_cast<char*>(AllocateBytes(source.byte_size()))) {
  std::memcpy(data(), source.bytes().data(), source.byte_size());
}

Listpack::~Listpack() {
  if (bytes_ != nullptr) FreeBytes(data(), byte_size());
}

template <class Element>
ListpackView::Position Listpack::InsertAll(Position position, std::span<const Element> elements) {
  while (!elements.empty()) {
    std::array<Encoded, kBatch> batch;
    size_t count = std::min(elements.size(), kBatch);
    size_t added = 0;
    for (size_t i = 0; i < count; ++i) {
      batch[i].Set(elements[i]);
      added += batch[i].Bytes();
    }
    char* out = Splice(position, 0, added);
    for (size_t i = 0; i < count; ++i) out = batch[i].Write(out);
    AddToCount(static_cast<int64_t>(count));
    position += static_cast<Position>(added);
    elements = elements.subspan(count);
  }
  return position;
}

ListpackView::Position Listpack::Insert(Position position,
                                        std::span<const std::string_view> texts) {
  return InsertAll(position, texts);
}

ListpackView::Position Listpack::Insert(Position position,
                                        std::span<const ListpackElement> elements) {
  return InsertAll(position, elements);
}

ListpackView::Position Listpack::Insert(Position position, const ListpackElement& element) {
  Encoded encoded;
  encoded.Set(element);
  encoded.Write(Splice(position, 0, encoded.Bytes()));
  AddToCount(1);
  return static_cast<Position>(position + encoded.Bytes());
}

ListpackView::Position Listpack::Replace(Position position, const ListpackElement& element) {
  Encoded encoded;
  encoded.Set(element);
  encoded.Write(Splice(position, ElementBytes(bytes_ + position), encoded.Bytes()));
  return static_cast<Position>(position + encoded.Bytes());
}

ListpackView::Position Listpack::Erase(Position first, Position last) {
  int64_t count = 0;
  if (first == First() && last == End()) {
    Splice(first, last - first, 0);
    StoreHeader(data(), kEmptyBytes, 0);
    return first;
  }
  for (Position position = first; position != last; position = Next(position)) ++count;
  Splice(first, last - first, 0);
  AddToCount(-count);
  return first;
}

void Listpack::EraseRange(int64_t index, size_t count) {
  Position first = At(index);
  Erase(first, Skip(first, count));
}

void Listpack::Append(ListpackView other) {
  size_t added = other.byte_size() - kEmptyBytes;
  size_t count = other.size();
  char* out = Splice(End(), 0, added);
  std::memcpy(out, other.bytes().data() + kHeaderBytes, added);
  AddToCount(static_cast<int64_t>(count));
}

Listpack Listpack::SplitOff(Position position) {
  Listpack others;
  size_t moved = End() - position;
  size_t count = 0;
  for (Position at = position; at != End(); at = Next(at)) ++count;
  char* out = others.Splice(others.First(), 0, moved);
  std::memcpy(out, bytes_ + position, moved);
  others.AddToCount(static_cast<int64_t>(count));
  Splice(position, moved, 0);
  AddToCount(-static_cast<int64_t>(count));
  return others;
}

char* Listpack::Splice(Position position, size_t removed, size_t added) {
  size_t before = byte_size();
  size_t after = before - removed + added;
  CHECK(after <= std::numeric_limits<uint32_t>::max());
  size_t behind = before - position - removed;
  char* old = data();
  if (after == before || AllocationSize(after) == AllocationSize(before)) {
    if (added != removed) std::memmove(old + position + added, old + position + removed, behind);
  } else {
    auto* fresh = static_cast<char*>(AllocateBytes(after));
    std::memcpy(fresh, old, position);
    std::memcpy(fresh + position + added, old + position + removed, behind);
    FreeBytes(old, before);
    bytes_ = fresh;
  }
  auto total = static_cast<uint32_t>(after);
  std::memcpy(data(), &total, sizeof(total));
  return data() + position;
}

// A count that has become unknown stays so until the listpack is empty, as in Redis.
void Listpack::AddToCount(int64_t change) {
  uint16_t stored = StoredCount();
  if (stored == kUnknownCount) return;
  StoreHeader(data(), byte_size(),
              static_cast<size_t>(std::min<int64_t>(stored + change, kUnknownCount)));
}

char* WriteListpackElement(const ListpackElement& element, char* out) {
  Encoded encoded;
  encoded.Set(element);
  return encoded.Write(out);
}

}  // namespace strata
