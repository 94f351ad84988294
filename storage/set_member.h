#pragma once

// A member of a set in a table: one allocation.
//
//   byte 0   size, u8; 255: a u32 with the size follows
//            the bytes
//
// Aligned to 16 bytes, since every allocation is of nine bytes at least. Owned by the hash table of
// its set. Guarded by the shard's lock.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/allocator.h"

namespace strata {

class SetMember {
 public:
  SetMember(const SetMember&) = delete;
  SetMember& operator=(const SetMember&) = delete;

  // The text is shorter than 4 GiB.
  static SetMember* New(std::string_view text) {
    auto* made = static_cast<SetMember*>(AllocateBytes(BytesFor(text.size())));
    char* place = made->data_;
    if (text.size() < kWide) {
      made->size_ = static_cast<uint8_t>(text.size());
    } else {
      made->size_ = kWide;
      auto size = static_cast<uint32_t>(text.size());
      std::memcpy(place, &size, sizeof(size));
      place += sizeof(size);
    }
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    return made;
  }
  static void Delete(SetMember* member) { FreeBytes(member, member->AllocatedBytes()); }

  // The text; named as HashTable wants it.
  std::string_view key() const {
    if (size_ < kWide) return {data_, size_};
    uint32_t size;
    std::memcpy(&size, data_, sizeof(size));
    return {data_ + sizeof(size), size};
  }
  // Bytes asked of the allocator.
  size_t AllocatedBytes() const { return BytesFor(key().size()); }

 private:
  static constexpr uint8_t kWide = 255;
  static constexpr size_t kLeastBytes = 9;

  SetMember() = default;
  static size_t BytesFor(size_t text_size) {
    return std::max(kLeastBytes, 1 + (text_size < kWide ? 0 : sizeof(uint32_t)) + text_size);
  }

  uint8_t size_;
  __extension__ char data_[];
};

}  // namespace strata
