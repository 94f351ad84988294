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

// What most elements are: a string of up to 63 bytes, between two bytes with its length.
inline bool IsShortString(uint8_t first) {
  return (first & 0xc0) == 0x80;
}

inline size_t ElementBytes(const char* element) {
  const uint8_t first = ByteAt(element);
  if (IsShortString(first)) return (first & 0x3f) + 2;
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

// Text to be compared with many of the same length. The last bytes are compared first, and without
// a call: keys and fields often start alike and seldom end alike.
class TextNeedle {
 public:
  explicit TextNeedle(std::string_view text) : text_(text) {
    if (text.size() >= sizeof(last_)) last_ = LastBytes(text.data());
  }

  // REQUIRES: as many bytes there as the text has.
  bool Equals(const char* other) const {
    if (text_.size() >= sizeof(last_) && LastBytes(other) != last_) return false;
    return std::memcmp(other, text_.data(), text_.size()) == 0;
  }

 private:
  uint64_t LastBytes(const char* bytes) const {
    uint64_t last;
    std::memcpy(&last, bytes + text_.size() - sizeof(last), sizeof(last));
    return last;
  }

  std::string_view text_;
  uint64_t last_ = 0;
};

// Elements that are encoded before any is written.
constexpr size_t kBatch = 16;

void StoreCount(char* bytes, size_t count) {
  auto word = static_cast<uint16_t>(count);
  std::memcpy(bytes + sizeof(uint32_t), &word, sizeof(word));
}

// The longest gap that there can be within `bytes`: none, or one that has room for its length.
size_t LongestGap(size_t bytes) {
  return bytes < sizeof(uint16_t) ? 0 : std::min<size_t>(bytes, UINT16_MAX);
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

std::string ListpackView::Serialize() const {
  std::string bytes(origin(), byte_size());
  auto total = static_cast<uint32_t>(bytes.size());
  uint16_t count = StoredCount();
  std::memcpy(bytes.data(), &total, sizeof(total));
  std::memcpy(bytes.data() + sizeof(total), &count, sizeof(count));
  return bytes;
}

size_t ListpackView::AllocatedBytes() const {
  return AllocationSize(byte_size());
}

size_t ListpackView::CountElements() const {
  size_t count = 0;
  const char* end = origin() + End();
  for (const char* at = origin() + First(); at != end; at += ElementBytes(at)) ++count;
  return count;
}

ListpackView::Position ListpackView::Next(Position position) const {
  return static_cast<Position>(position + ElementBytes(origin() + position));
}

ListpackView::Position ListpackView::Previous(Position position) const {
  std::optional<size_t> length = LoadBackLength(origin() + position);
  CHECK(length);
  return static_cast<Position>(position - *length - BackLengthBytes(*length));
}

ListpackView::Position ListpackView::Skip(Position position, size_t count) const {
  const char* from = origin();
  const char* end = from + End();
  const char* at = from + position;
  for (; count > 0 && at != end; --count) at += ElementBytes(at);
  return static_cast<Position>(at - from);
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

ListpackElement ListpackView::ReadAnyForward(Position& position) const {
  const char* element = origin() + position;
  Extent extent = ExtentAt(element);
  position += static_cast<Position>(extent.Bytes() + BackLengthBytes(extent.Bytes()));
  return ReadElement(element, extent);
}

bool ListpackView::Equals(Position position, std::string_view text) const {
  ListpackElement element = Read(position);
  if (!element.is_integer) return element.bytes == text;
  return ParseInt64(text) == element.integer;
}

ListpackView::Position ListpackView::Find(std::string_view text, Position from, size_t skip) const {
  const TextNeedle needle(text);
  std::optional<int64_t> integer;
  bool is_parsed = false;
  const char* origin = this->origin();
  const char* end = origin + End();
  for (const char* element = origin + from; element != end;) {
    const uint8_t first = ByteAt(element);
    bool found;
    if (IsShortString(first)) {
      found = (first & 0x3f) == text.size() && needle.Equals(element + 1);
    } else if (IsString(first)) {
      const Extent extent = ExtentAt(element);
      found = extent.tail == text.size() && needle.Equals(element + extent.head);
    } else {
      if (!is_parsed) integer = ParseInt64(text);
      is_parsed = true;
      found = integer && ReadInteger(element) == *integer;
    }
    if (found) return static_cast<Position>(element - origin);
    element += ElementBytes(element);
    for (size_t i = 0; i < skip && element != end; ++i) element += ElementBytes(element);
  }
  return End();
}

Listpack::Listpack() : Listpack(static_cast<char*>(AllocateBytes(kEmptyBytes))) {
  Reset();
}

Listpack::Listpack(ListpackView source)
    : Listpack(static_cast<char*>(AllocateBytes(source.byte_size()))) {
  const std::string_view elements = source.Elements();
  std::memcpy(data() + kHeaderBytes, elements.data(), elements.size());
  data()[source.End()] = static_cast<char>(kEnd);
  StoreTotal(source.byte_size(), 0);
  StoreCount(data(), std::min<size_t>(source.size(), kUnknownCount));
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
  encoded.Write(Splice(position, ElementBytes(origin() + position), encoded.Bytes()));
  return static_cast<Position>(position + encoded.Bytes());
}

ListpackView::Position Listpack::Erase(Position first, Position last) {
  int64_t count = 0;
  if (first == First() && last == End()) {
    Splice(first, last - first, 0);
    Reset();
    return first;
  }
  const char* end = origin() + last;
  for (const char* at = origin() + first; at != end; at += ElementBytes(at)) ++count;
  Splice(first, last - first, 0);
  AddToCount(-count);
  return first;
}

void Listpack::EraseRange(int64_t index, size_t count) {
  Position first = At(index);
  Erase(first, Skip(first, count));
}

void Listpack::Append(ListpackView other) {
  const std::string_view added = other.Elements();
  const size_t count = other.size();
  std::memcpy(Splice(End(), 0, added.size()), added.data(), added.size());
  AddToCount(static_cast<int64_t>(count));
}

Listpack Listpack::SplitOff(Position position) {
  Listpack others;
  size_t moved = End() - position;
  size_t count = 0;
  for (Position at = position; at != End(); at = Next(at)) ++count;
  char* out = others.Splice(others.First(), 0, moved);
  std::memcpy(out, origin() + position, moved);
  others.AddToCount(static_cast<int64_t>(count));
  Splice(position, moved, 0);
  AddToCount(-static_cast<int64_t>(count));
  return others;
}

// Whichever side of the place has fewer bytes moves, if it has room. If neither has, all move: away
// from the end that grows.
size_t Listpack::GapAfterSplice(Position position, size_t removed, size_t added,
                                size_t capacity) const {
  const size_t after = byte_size() - removed + added;
  const size_t front = position - kHeaderBytes;
  const size_t behind = byte_size() - position - removed;
  const size_t spare = gap() + removed;
  const bool front_may_move = spare >= added && LongestGap(spare - added) == spare - added;
  const bool back_may_move = gap() + after <= capacity;
  if (front_may_move && (front < behind || !back_may_move)) return spare - added;
  if (back_may_move) return gap();
  return front < behind ? LongestGap(capacity - after) : 0;
}

char* Listpack::Splice(Position position, size_t removed, size_t added) {
  const size_t before = byte_size();
  const size_t after = before - removed + added;
  CHECK(after < kGapFlag);
  const size_t front = position - kHeaderBytes;
  const size_t behind = before - position - removed;
  const char* from = origin() + kHeaderBytes;
  const size_t old_gap = gap();
  const size_t capacity = AllocationSize(after);
  size_t new_gap = 0;
  if (capacity == AllocationSize(before)) {
    new_gap = GapAfterSplice(position, removed, added, capacity);
    char* to = data() + kHeaderBytes + new_gap;
    // What moves to the left leaves its place first to what follows, and the other way round.
    if (new_gap < old_gap) std::memmove(to, from, front);
    if (new_gap + added != old_gap + removed) {
      std::memmove(to + front + added, from + front + removed, behind);
    }
    if (new_gap > old_gap) std::memmove(to, from, front);
  } else {
    auto* fresh = static_cast<char*>(AllocateBytes(after));
    if (front == 0 && added > 0) new_gap = LongestGap(capacity - after);
    char* to = fresh + kHeaderBytes + new_gap;
    std::memcpy(fresh, bytes_, kHeaderBytes);
    std::memcpy(to, from, front);
    std::memcpy(to + front + added, from + front + removed, behind);
    FreeBytes(data(), before);
    bytes_ = fresh;
  }
  StoreTotal(after, new_gap);
  return data() + new_gap + position;
}

void Listpack::StoreTotal(size_t total, size_t gap) {
  auto word = static_cast<uint32_t>(total) | (gap > 0 ? kGapFlag : 0);
  std::memcpy(data(), &word, sizeof(word));
  if (gap == 0) return;
  auto gap_word = static_cast<uint16_t>(gap);
  std::memcpy(data() + kHeaderBytes, &gap_word, sizeof(gap_word));
}

void Listpack::Reset() {
  StoreTotal(kEmptyBytes, 0);
  StoreCount(data(), 0);
  data()[kHeaderBytes] = static_cast<char>(kEnd);
}

// A count that has become unknown stays so until the listpack is empty, as in Redis.
void Listpack::AddToCount(int64_t change) {
  uint16_t stored = StoredCount();
  if (stored == kUnknownCount) return;
  StoreCount(data(), static_cast<size_t>(std::min<int64_t>(stored + change, kUnknownCount)));
}

char* WriteListpackElement(const ListpackElement& element, char* out) {
  Encoded encoded;
  encoded.Set(element);
  return encoded.Write(out);
}

}  // namespace strata
