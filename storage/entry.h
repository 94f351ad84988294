#pragma once

// A key with its value: one allocation.
//
//   byte 0   how it was used, written by a hit (storage/entry_use.h)
//        8   kind, u8: type (3 bits) encoding (2) expiring wide marked (1 each)
//        9   expiry, unix ms: 6 bytes, or 8 if wide; only if expiring
//            key size and value size: u8 each, or u32 each if wide
//            key
//            value: the bytes, an int64, or a pointer (large strings and all collections)
//            mark: of the value's copy in a lower tier; only if marked (storage/tiers/copy_mark.h)
//
// The value of a stub lies in a lower tier only: it has none here, but type, encoding and expiry
// are its value's. Whoever wants the value has it promoted first.
//
// 11 bytes of overhead without expiry and 17 with it: a 15-byte key with a 64-byte value fits the
// allocator's 96-byte class either way. Expiries beyond 48 bits (year 10889) make an entry wide.
//
// Entries are guarded by the lock of the shard that owns them. Views into one end with that lock.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/number.h"
#include "base/shared_bytes.h"
#include "storage/entry_use.h"
#include "storage/tiers/copy_mark.h"

namespace strata {

enum class ValueType : uint8_t { kString, kList, kSet, kSortedSet, kHash, kStream };

// How a string lies in its entry. kRaw is kInline that was modified in place: Redis then says "raw"
// whatever its length.
enum class StringEncoding : uint8_t { kInteger, kInline, kRaw, kShared };

// How a collection lies behind its entry's pointer; which of these there are depends on the type.
enum class CollectionEncoding : uint8_t {
  kPacked,       // storage/listpack.h
  kIntegers,     // storage/intset.h, for sets
  kTable,        // the type's real structure
  kPackedTimed,  // for hashes: a listpack of fields, values and their expiries
};

// A collection out of its entry, or on the way into one. Ownership is the context's to tell.
struct Collection {
  ValueType type;
  CollectionEncoding encoding;
  void* pointer;
};

// Values of this size and more are SharedBytes, so that a reply can refer to them.
inline constexpr size_t kInlineValueLimit = kSharedValueBytes;

// Allocations that were looked at, and those that were moved.
struct MoveTally {
  size_t stayed = 0;
  size_t moved = 0;
};

class Entry {
 public:
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  // The string forms. `expiry_ms` is a Unix time in milliseconds.
  static Entry* NewInteger(std::string_view key, int64_t value, std::optional<int64_t> expiry_ms);
  // REQUIRES: value.size() < kInlineValueLimit and encoding is kInline or kRaw.
  static Entry* NewInline(std::string_view key, std::string_view value, StringEncoding encoding,
                          std::optional<int64_t> expiry_ms);
  static Entry* NewShared(std::string_view key, SharedBytes value,
                          std::optional<int64_t> expiry_ms);
  // Takes ownership of the collection.
  static Entry* NewCollection(std::string_view key, const Collection& value,
                              std::optional<int64_t> expiry_ms);
  // What is left of an entry whose value lies below: with its key, type, expiry and use.
  static Entry* NewStub(const Entry& entry, const CopyMark& mark);
  // The same of a value that never was here; `encoding`: a StringEncoding or CollectionEncoding.
  static Entry* NewStub(std::string_view key, ValueType type, uint8_t encoding,
                        std::optional<int64_t> expiry_ms, const CopyMark& mark);
  // The entry with a mark, moved if there is no room for one. Takes ownership.
  static Entry* Mark(Entry* entry, const CopyMark& mark);
  // A copy of the value under another key or with another expiry, without a mark; shared bytes are
  // shared. REQUIRES for this and Move: no stub.
  static Entry* Copy(const Entry& source, std::string_view key, std::optional<int64_t> expiry_ms);
  // The same, but the value moves: `source` is gone.
  static Entry* Move(Entry* source, std::string_view key, std::optional<int64_t> expiry_ms);
  static void Delete(Entry* entry);
  // Moves it, and a packed collection that it holds, if their pages are sparsely used
  // (MoveIfSparse); adds to the tally. Returns where the entry is now, or null if it stays.
  static Entry* MoveIfSparse(Entry* entry, MoveTally& tally);

  ValueType type() const { return static_cast<ValueType>(kind_ & kTypeMask); }
  StringEncoding string_encoding() const {
    return static_cast<StringEncoding>((kind_ >> kEncodingShift) & kEncodingMask);
  }
  bool is_collection() const { return type() != ValueType::kString; }
  // REQUIRES: a collection. The entry stays the owner.
  Collection collection() const {
    return {type(), static_cast<CollectionEncoding>((kind_ >> kEncodingShift) & kEncodingMask),
            ReadPointer()};
  }
  // Puts a collection of the same type in place of the one it has; what becomes of that is the
  // caller's business.
  void SetCollection(CollectionEncoding encoding, void* pointer);

  std::string_view key() const {
    const char* sizes = Sizes();
    return wide() ? std::string_view{sizes + 8, ReadWord(sizes)}
                  : std::string_view{sizes + 2, static_cast<uint8_t>(sizes[0])};
  }

  bool has_mark() const { return (kind_ & kMarkedBit) != 0; }
  // REQUIRES for both: has_mark().
  CopyMark mark() const {
    CopyMark mark(CopyState::kNone, 0, 0);
    std::memcpy(static_cast<void*>(&mark), Value() + ValueSize(), sizeof(mark));
    return mark;
  }
  void set_mark(const CopyMark& mark) {
    std::memcpy(Value() + ValueSize(), static_cast<const void*>(&mark), sizeof(mark));
  }
  bool is_stub() const { return has_mark() && mark().state() >= CopyState::kBelow; }

  bool has_expiry() const { return (kind_ & kExpiringBit) != 0; }
  // REQUIRES: has_expiry().
  int64_t expiry_ms() const;
  bool IsExpired(int64_t now_ms) const { return has_expiry() && expiry_ms() <= now_ms; }
  // Overwrites the expiry where it stands; false if it has no room for it (Copy instead).
  bool SetExpiryInPlace(int64_t expiry_ms);

  // REQUIRES: type is string and the encoding is the one named.
  int64_t integer() const;
  void set_integer(int64_t value);
  std::string_view inline_value() const;
  SharedBytes shared_value() const;
  // Overwrites an inline value and its size where it stands, if the allocation, rounded as the
  // allocator rounds, has room and would not become wasteful.
  bool SetInlineInPlace(std::string_view value, StringEncoding encoding);
  // Makes the inline value `size` bytes long, keeping the first ones, if there is room; new bytes
  // are uninitialised. Returns where the value is, or null.
  char* ResizeInlineInPlace(size_t size);
  // The shared value's bytes for writing, made `size` long, if this entry is their only owner and
  // there is room.
  char* ResizeSharedInPlace(size_t size);

  EntryUse& use() { return use_; }
  const EntryUse& use() const { return use_; }

  // Bytes asked of the allocator, without and with what a value outside adds. For collections with
  // many elements the latter is an estimate from `samples` of them; 0: all.
  size_t AllocatedBytes() const;
  size_t TotalBytes(size_t samples) const;

 private:
  static constexpr uint8_t kTypeMask = 7;
  static constexpr int kEncodingShift = 3;
  static constexpr uint8_t kEncodingMask = 3;
  static constexpr uint8_t kExpiringBit = 1 << 5;
  static constexpr uint8_t kWideBit = 1 << 6;
  static constexpr uint8_t kMarkedBit = 1 << 7;

  // What determines an entry's size and the place of its parts.
  struct Shape {
    ValueType type;
    uint8_t encoding;
    size_t key_size;
    size_t value_size;
    std::optional<int64_t> expiry_ms;
    bool marked = false;

    bool Wide() const;
    size_t Bytes() const;
  };

  Entry() = default;
  static Entry* New(const Shape& shape, std::string_view key);

  bool wide() const { return (kind_ & kWideBit) != 0; }
  static uint32_t ReadWord(const char* from) {
    uint32_t word;
    std::memcpy(&word, from, sizeof(word));
    return word;
  }
  const char* Sizes() const { return data_ + (has_expiry() ? (wide() ? 8 : 6) : 0); }
  size_t ValueSize() const {
    return wide() ? ReadWord(Sizes() + 4) : static_cast<uint8_t>(Sizes()[1]);
  }
  void SetValueSize(size_t size);
  // The same for a value that had another size: what stands behind it moves.
  void ResizeValue(size_t size);
  const char* Value() const { return key().data() + key().size(); }
  char* Value() { return const_cast<char*>(std::as_const(*this).Value()); }
  void* ReadPointer() const {
    void* pointer;
    std::memcpy(&pointer, Value(), sizeof(pointer));
    return pointer;
  }
  void SetEncodingBits(uint8_t encoding);
  void SetEncoding(StringEncoding encoding) { SetEncodingBits(static_cast<uint8_t>(encoding)); }
  bool HasRoomFor(size_t value_size) const;
  size_t BytesOfParts() const;

  EntryUse use_;
  uint8_t kind_ = 0;
  __extension__ char data_[];
};

// When the entry expires, unix ms; nothing if it does not.
inline std::optional<int64_t> ExpiryOf(const Entry& entry) {
  return entry.has_expiry() ? std::optional(entry.expiry_ms()) : std::nullopt;
}

// The bytes of a string entry whatever its encoding; `scratch` holds the digits of an integer.
std::string_view ReadString(const Entry& entry, DigitScratch& scratch);
// Its length, without reading it.
size_t StringLength(const Entry& entry);

}  // namespace strata
