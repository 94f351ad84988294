#include "storage/intset.h"

#include <algorithm>

#include "base/allocator.h"

namespace strata {
namespace {

size_t WidthOf(int64_t value) {
  if (value == static_cast<int16_t>(value)) return 2;
  return value == static_cast<int32_t>(value) ? 4 : 8;
}

template <class Integer>
int64_t Load(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

int64_t LoadWidth(const char* integers, size_t width, size_t index) {
  const char* from = integers + index * width;
  if (width == 2) return Load<int16_t>(from);
  return width == 4 ? Load<int32_t>(from) : Load<int64_t>(from);
}

template <class Integer>
size_t LowerBoundOf(const char* integers, size_t count, int64_t value) {
  size_t first = 0;
  while (count > 0) {
    size_t half = count / 2;
    bool is_below = Load<Integer>(integers + (first + half) * sizeof(Integer)) < value;
    first = is_below ? first + half + 1 : first;
    count = is_below ? count - half - 1 : half;
  }
  return first;
}

}  // namespace

IntSet::IntSet() : IntSet(static_cast<char*>(AllocateBytes(kHeaderBytes))) {
  SetHeader(sizeof(int16_t), 0);
}

IntSet::IntSet(IntSetView source)
    : IntSet(static_cast<char*>(AllocateBytes(source.bytes().size()))) {
  std::memcpy(data(), source.bytes().data(), source.bytes().size());
}

IntSet::~IntSet() {
  if (bytes_ != nullptr) FreeBytes(data(), bytes().size());
}

bool IntSetView::IsValid(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return false;
  size_t width = ReadWord(bytes.data());
  size_t count = ReadWord(bytes.data() + 4);
  if (width != 2 && width != 4 && width != 8) return false;
  if (ByteSize(width, count) != bytes.size()) return false;
  const char* integers = bytes.data() + kHeaderBytes;
  for (size_t i = 1; i < count; ++i) {
    if (LoadWidth(integers, width, i - 1) >= LoadWidth(integers, width, i)) return false;
  }
  return true;
}

size_t IntSetView::AllocatedBytes() const {
  return AllocationSize(ByteSize(width(), size()));
}

int64_t IntSetView::At(size_t index) const {
  return LoadWidth(bytes_ + kHeaderBytes, width(), index);
}

size_t IntSetView::LowerBound(int64_t value) const {
  const char* integers = bytes_ + kHeaderBytes;
  switch (width()) {
    case 2:
      return LowerBoundOf<int16_t>(integers, size(), value);
    case 4:
      return LowerBoundOf<int32_t>(integers, size(), value);
    default:
      return LowerBoundOf<int64_t>(integers, size(), value);
  }
}

std::optional<size_t> IntSetView::Find(int64_t value) const {
  size_t index = LowerBound(value);
  if (index == size() || At(index) != value) return std::nullopt;
  return index;
}

bool IntSet::Add(int64_t value) {
  if (WidthOf(value) > width()) Widen(WidthOf(value));
  size_t index = LowerBound(value);
  size_t count = size();
  if (index < count && At(index) == value) return false;
  Resize(count + 1);
  char* place = data() + ByteSize(width(), index);
  std::memmove(place + width(), place, (count - index) * width());
  Set(index, value);
  return true;
}

bool IntSet::Remove(int64_t value) {
  std::optional<size_t> index = Find(value);
  if (!index) return false;
  char* place = data() + ByteSize(width(), *index);
  std::memmove(place, place + width(), (size() - *index - 1) * width());
  Resize(size() - 1);
  return true;
}

void IntSet::SetHeader(size_t width, size_t count) {
  auto width_word = static_cast<uint32_t>(width);
  auto count_word = static_cast<uint32_t>(count);
  std::memcpy(data(), &width_word, sizeof(width_word));
  std::memcpy(data() + 4, &count_word, sizeof(count_word));
}

void IntSet::Set(size_t index, int64_t value) {
  std::memcpy(data() + ByteSize(width(), index), &value, width());
}

void IntSet::Resize(size_t count) {
  size_t before = ByteSize(width(), size());
  size_t after = ByteSize(width(), count);
  if (AllocationSize(after) != AllocationSize(before)) {
    auto* moved = static_cast<char*>(AllocateBytes(after));
    std::memcpy(moved, bytes_, std::min(before, after));
    FreeBytes(data(), before);
    bytes_ = moved;
  }
  SetHeader(width(), count);
}

void IntSet::Widen(size_t width) {
  IntSet wide(static_cast<char*>(AllocateBytes(ByteSize(width, size()))));
  wide.SetHeader(width, size());
  for (size_t i = 0; i < size(); ++i) wide.Set(i, At(i));
  std::swap(bytes_, wide.bytes_);
}

}  // namespace strata
