#pragma once

// A field of a hash with its value: one allocation.
//
//   byte 0   wide (bit 0), timed (bit 1)
//            expiry, unix ms, 8 bytes; only if timed
//            sizes of field and value: u8 each, or u32 each if wide
//            field
//            value
//
// Owned by the table of its hash and guarded like it.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/allocator.h"

namespace strata {

class HashField {
 public:
  HashField(const HashField&) = delete;
  HashField& operator=(const HashField&) = delete;

  static HashField* New(std::string_view field, std::string_view value,
                        std::optional<int64_t> expiry_ms) {
    bool wide = field.size() > kNarrowSize || value.size() > kNarrowSize;
    size_t bytes = Bytes(wide, expiry_ms.has_value(), field.size(), value.size());
    auto* made = static_cast<HashField*>(AllocateBytes(bytes));
    made->flags_ = static_cast<uint8_t>((wide ? kWide : 0) | (expiry_ms ? kTimed : 0));
    if (expiry_ms) std::memcpy(made->data_, &*expiry_ms, sizeof(*expiry_ms));
    made->SetSize(0, field.size());
    made->SetSize(1, value.size());
    char* text = made->Text();
    if (!field.empty()) std::memcpy(text, field.data(), field.size());
    if (!value.empty()) std::memcpy(text + field.size(), value.data(), value.size());
    return made;
  }
  static void Delete(HashField* field) { FreeBytes(field, field->AllocatedBytes()); }

  // The field's name, as HashTable wants it.
  std::string_view key() const { return {Text(), Size(0)}; }
  std::string_view value() const { return {Text() + Size(0), Size(1)}; }
  std::optional<int64_t> expiry_ms() const {
    if (!timed()) return std::nullopt;
    int64_t expiry;
    std::memcpy(&expiry, data_, sizeof(expiry));
    return expiry;
  }
  bool timed() const { return (flags_ & kTimed) != 0; }
  // REQUIRES: timed.
  void set_expiry_ms(int64_t expiry_ms) { std::memcpy(data_, &expiry_ms, sizeof(expiry_ms)); }

  // Overwrites the value where it stands; false if the allocation does not fit it.
  bool SetValueInPlace(std::string_view value) {
    bool wide = (flags_ & kWide) != 0;
    if (!wide && value.size() > kNarrowSize) return false;
    size_t now = AllocatedBytes();
    size_t then = Bytes(wide, timed(), Size(0), value.size());
    if (then != now && AllocationSize(then) != AllocationSize(now)) return false;
    SetSize(1, value.size());
    if (!value.empty()) std::memcpy(Text() + Size(0), value.data(), value.size());
    return true;
  }
  // Bytes asked of the allocator.
  size_t AllocatedBytes() const { return Bytes((flags_ & kWide) != 0, timed(), Size(0), Size(1)); }

 private:
  static constexpr uint8_t kWide = 1;
  static constexpr uint8_t kTimed = 2;
  static constexpr size_t kNarrowSize = 255;
  static constexpr size_t kLeastBytes = 9;  // so that the allocator aligns to 16

  HashField() = default;
  static size_t Bytes(bool wide, bool timed, size_t field_size, size_t value_size) {
    size_t header = 1 + (timed ? sizeof(int64_t) : 0) + (wide ? 8 : 2);
    return std::max(kLeastBytes, header + field_size + value_size);
  }
  const char* Sizes() const { return data_ + (timed() ? sizeof(int64_t) : 0); }
  size_t Size(int which) const {
    if ((flags_ & kWide) == 0) return static_cast<uint8_t>(Sizes()[which]);
    uint32_t size;
    std::memcpy(&size, Sizes() + which * 4, sizeof(size));
    return size;
  }
  void SetSize(int which, size_t size) {
    char* sizes = const_cast<char*>(Sizes());
    if ((flags_ & kWide) == 0) {
      sizes[which] = static_cast<char>(size);
    } else {
      auto word = static_cast<uint32_t>(size);
      std::memcpy(sizes + which * 4, &word, sizeof(word));
    }
  }
  const char* Text() const { return Sizes() + ((flags_ & kWide) != 0 ? 8 : 2); }
  char* Text() { return const_cast<char*>(static_cast<const HashField*>(this)->Text()); }

  uint8_t flags_;
  __extension__ char data_[];
};

}  // namespace strata
