#include "storage/entry.h"

#include <algorithm>
#include <cstddef>
#include <new>
#include <utility>

#include "base/allocator.h"
#include "base/check.h"
#include "base/number.h"
#include "storage/collection.h"

namespace strata {
namespace {

constexpr size_t kHeaderBytes = 9;  // up to and with the kind byte
constexpr size_t kNarrowSize = 255;
constexpr int64_t kNarrowExpiry = (int64_t{1} << 48) - 1;
constexpr size_t kNarrowExpiryBytes = 6;

bool FitsNarrow(std::optional<int64_t> expiry_ms) {
  return !expiry_ms || (*expiry_ms >= 0 && *expiry_ms <= kNarrowExpiry);
}

}  // namespace

bool Entry::Shape::Wide() const {
  return key_size > kNarrowSize || value_size > kNarrowSize || !FitsNarrow(expiry_ms);
}

size_t Entry::Shape::Bytes() const {
  bool is_wide = Wide();
  size_t expiry = expiry_ms ? (is_wide ? 8 : kNarrowExpiryBytes) : 0;
  return std::max(sizeof(Entry), kHeaderBytes + expiry + (is_wide ? 8 : 2) + key_size + value_size +
                                     (marked ? sizeof(CopyMark) : 0));
}

Entry* Entry::New(const Shape& shape, std::string_view key) {
  static_assert(offsetof(Entry, data_) == kHeaderBytes);
  auto* entry = new (AllocateBytes(shape.Bytes())) Entry;
  bool is_wide = shape.Wide();
  entry->kind_ =
      static_cast<uint8_t>(static_cast<uint8_t>(shape.type) | shape.encoding << kEncodingShift |
                           (shape.expiry_ms ? kExpiringBit : 0) | (is_wide ? kWideBit : 0) |
                           (shape.marked ? kMarkedBit : 0));
  if (shape.expiry_ms) {
    std::memcpy(entry->data_, &*shape.expiry_ms, is_wide ? 8 : kNarrowExpiryBytes);
  }
  char* sizes = const_cast<char*>(entry->Sizes());
  if (is_wide) {
    auto key_size = static_cast<uint32_t>(key.size());
    std::memcpy(sizes, &key_size, 4);
    if (!key.empty()) std::memcpy(sizes + 8, key.data(), key.size());
  } else {
    sizes[0] = static_cast<char>(key.size());
    if (!key.empty()) std::memcpy(sizes + 2, key.data(), key.size());
  }
  entry->SetValueSize(shape.value_size);
  return entry;
}

Entry* Entry::NewInteger(std::string_view key, int64_t value, std::optional<int64_t> expiry_ms) {
  Entry* entry = New({ValueType::kString, static_cast<uint8_t>(StringEncoding::kInteger),
                      key.size(), sizeof(value), expiry_ms},
                     key);
  entry->set_integer(value);
  return entry;
}

Entry* Entry::NewInline(std::string_view key, std::string_view value, StringEncoding encoding,
                        std::optional<int64_t> expiry_ms) {
  Entry* entry =
      New({ValueType::kString, static_cast<uint8_t>(encoding), key.size(), value.size(), expiry_ms},
          key);
  if (!value.empty()) std::memcpy(entry->Value(), value.data(), value.size());
  return entry;
}

Entry* Entry::NewShared(std::string_view key, SharedBytes value, std::optional<int64_t> expiry_ms) {
  Entry* entry = New({ValueType::kString, static_cast<uint8_t>(StringEncoding::kShared), key.size(),
                      sizeof(void*), expiry_ms},
                     key);
  void* leaked = std::move(value).Leak();
  std::memcpy(entry->Value(), &leaked, sizeof(leaked));
  return entry;
}

Entry* Entry::NewCollection(std::string_view key, const Collection& value,
                            std::optional<int64_t> expiry_ms) {
  Entry* entry =
      New({value.type, static_cast<uint8_t>(value.encoding), key.size(), sizeof(void*), expiry_ms},
          key);
  std::memcpy(entry->Value(), &value.pointer, sizeof(value.pointer));
  return entry;
}

Entry* Entry::NewStub(const Entry& entry, const CopyMark& mark) {
  const auto encoding = static_cast<uint8_t>((entry.kind_ >> kEncodingShift) & kEncodingMask);
  Entry* stub = NewStub(entry.key(), entry.type(), encoding, ExpiryOf(entry), mark);
  stub->use_ = entry.use_;
  return stub;
}

Entry* Entry::NewStub(std::string_view key, ValueType type, uint8_t encoding,
                      std::optional<int64_t> expiry_ms, const CopyMark& mark) {
  Entry* stub = New({type, encoding, key.size(), 0, expiry_ms, true}, key);
  stub->set_mark(mark);
  return stub;
}

Entry* Entry::Mark(Entry* entry, const CopyMark& mark) {
  if (!entry->has_mark()) {
    const size_t bytes = entry->AllocatedBytes();
    const size_t marked_bytes = entry->BytesOfParts() + sizeof(CopyMark);
    if (AllocationSize(marked_bytes) != AllocationSize(bytes)) {
      void* moved = AllocateBytes(std::max(sizeof(Entry), marked_bytes));
      std::memcpy(moved, static_cast<const void*>(entry), bytes);
      FreeBytes(entry, bytes);
      entry = static_cast<Entry*>(moved);
    }
    entry->kind_ |= kMarkedBit;
  }
  entry->set_mark(mark);
  return entry;
}

Entry* Entry::Copy(const Entry& source, std::string_view key, std::optional<int64_t> expiry_ms) {
  if (source.is_collection()) {
    Entry* copy = NewCollection(key, CopyCollection(source.collection()), expiry_ms);
    copy->use_ = source.use_;
    return copy;
  }
  Entry* copy = nullptr;
  switch (source.string_encoding()) {
    case StringEncoding::kInteger:
      copy = NewInteger(key, source.integer(), expiry_ms);
      break;
    case StringEncoding::kInline:
    case StringEncoding::kRaw:
      copy = NewInline(key, source.inline_value(), source.string_encoding(), expiry_ms);
      break;
    case StringEncoding::kShared:
      copy = NewShared(key, source.shared_value(), expiry_ms);
      break;
  }
  copy->use_ = source.use_;
  return copy;
}

Entry* Entry::Move(Entry* source, std::string_view key, std::optional<int64_t> expiry_ms) {
  if (!source->is_collection()) {
    Entry* copy = Copy(*source, key, expiry_ms);
    Delete(source);
    return copy;
  }
  Entry* moved = NewCollection(key, source->collection(), expiry_ms);
  moved->use_ = source->use_;
  FreeBytes(source, source->AllocatedBytes());
  return moved;
}

Entry* Entry::MoveIfSparse(Entry* entry, MoveTally& tally) {
  if (entry->is_collection() && !entry->is_stub()) {
    const Collection collection = entry->collection();
    void* moved = MoveCollectionIfSparse(collection, tally);
    if (moved != nullptr) entry->SetCollection(collection.encoding, moved);
  }
  void* moved = strata::MoveIfSparse(entry, entry->AllocatedBytes());
  ++(moved == nullptr ? tally.stayed : tally.moved);
  return static_cast<Entry*>(moved);
}

void Entry::Delete(Entry* entry) {
  if (entry->is_stub()) [[unlikely]] {
    // there is nothing else
  } else if (entry->is_collection()) {
    FreeCollection(entry->collection());
  } else if (entry->string_encoding() == StringEncoding::kShared) {
    SharedBytes::Adopt(entry->ReadPointer());
  }
  FreeBytes(entry, entry->AllocatedBytes());
}

int64_t Entry::expiry_ms() const {
  int64_t expiry = 0;
  std::memcpy(&expiry, data_, wide() ? 8 : kNarrowExpiryBytes);
  return expiry;
}

bool Entry::SetExpiryInPlace(int64_t expiry_ms) {
  if (!has_expiry() || (!wide() && !FitsNarrow(expiry_ms))) return false;
  std::memcpy(data_, &expiry_ms, wide() ? 8 : kNarrowExpiryBytes);
  return true;
}

int64_t Entry::integer() const {
  int64_t value;
  std::memcpy(&value, Value(), sizeof(value));
  return value;
}

void Entry::set_integer(int64_t value) {
  std::memcpy(Value(), &value, sizeof(value));
}

std::string_view Entry::inline_value() const {
  return {Value(), ValueSize()};
}

SharedBytes Entry::shared_value() const {
  SharedBytes owned = SharedBytes::Adopt(ReadPointer());
  SharedBytes copy = owned;
  std::move(owned).Leak();
  return copy;
}

// The allocator is told the size when memory is freed, so a value may only take a size of the same
// class as the allocation's.
bool Entry::HasRoomFor(size_t value_size) const {
  if (!wide() && value_size > kNarrowSize) return false;
  size_t now = AllocatedBytes();
  size_t then = now - ValueSize() + value_size;
  return then == now || AllocationSize(then) == AllocationSize(now);
}

bool Entry::SetInlineInPlace(std::string_view value, StringEncoding encoding) {
  StringEncoding present = string_encoding();
  if (type() != ValueType::kString || present == StringEncoding::kShared) return false;
  if (!HasRoomFor(value.size())) return false;
  ResizeValue(value.size());
  if (!value.empty()) std::memcpy(Value(), value.data(), value.size());
  SetEncoding(encoding);
  return true;
}

char* Entry::ResizeInlineInPlace(size_t size) {
  if (size >= kInlineValueLimit || !HasRoomFor(size)) return nullptr;
  ResizeValue(size);
  SetEncoding(StringEncoding::kRaw);
  return Value();
}

char* Entry::ResizeSharedInPlace(size_t size) {
  SharedBytes bytes = SharedBytes::Adopt(ReadPointer());
  char* place = nullptr;
  if (bytes.IsUnique() && size <= bytes.capacity()) {
    bytes.Resize(size);
    place = bytes.mutable_data();
  }
  std::move(bytes).Leak();
  return place;
}

size_t Entry::BytesOfParts() const {
  auto value_offset = static_cast<size_t>(Value() - reinterpret_cast<const char*>(this));
  return value_offset + ValueSize() + (has_mark() ? sizeof(CopyMark) : 0);
}

size_t Entry::AllocatedBytes() const {
  return std::max(sizeof(Entry), BytesOfParts());
}

size_t Entry::TotalBytes(size_t samples) const {
  size_t total = AllocationSize(AllocatedBytes());
  if (is_stub()) return total;
  if (is_collection()) {
    total += CollectionBytes(collection(), samples);
  } else if (string_encoding() == StringEncoding::kShared) {
    total += AllocationSize(shared_value().capacity() + sizeof(SharedBytes) * 3);
  }
  return total;
}

void Entry::SetValueSize(size_t size) {
  char* sizes = const_cast<char*>(Sizes());
  if (wide()) {
    auto word = static_cast<uint32_t>(size);
    std::memcpy(sizes + 4, &word, sizeof(word));
  } else {
    sizes[1] = static_cast<char>(size);
  }
}

void Entry::ResizeValue(size_t size) {
  if (!has_mark()) [[likely]] {
    return SetValueSize(size);
  }
  const CopyMark kept = mark();
  SetValueSize(size);
  set_mark(kept);
}

void Entry::SetEncodingBits(uint8_t encoding) {
  kind_ = static_cast<uint8_t>((kind_ & ~(kEncodingMask << kEncodingShift)) |
                               encoding << kEncodingShift);
}

void Entry::SetCollection(CollectionEncoding encoding, void* pointer) {
  SetEncodingBits(static_cast<uint8_t>(encoding));
  std::memcpy(Value(), &pointer, sizeof(pointer));
}

std::string_view ReadString(const Entry& entry, DigitScratch& scratch) {
  switch (entry.string_encoding()) {
    case StringEncoding::kInteger:
      return {scratch.digits, FormatInt64(entry.integer(), scratch.digits)};
    case StringEncoding::kShared:
      return entry.shared_value().view();
    default:
      return entry.inline_value();
  }
}

size_t StringLength(const Entry& entry) {
  DigitScratch scratch;
  return ReadString(entry, scratch).size();
}

}  // namespace strata
