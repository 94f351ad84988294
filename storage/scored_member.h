#pragma once

// A sorted set's element: one allocation of score and member.
//
//   byte 0   score, double
//        8   size of the member, u8; 255: a u32 with the size follows
//            the member's bytes
//
// Aligned to 16 bytes, since every allocation is of nine bytes at least. Owned by the hash table of
// its sorted set, borrowed by the ordered tree beside it. Guarded by the shard's lock.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/allocator.h"

namespace strata {

class ScoredMember {
 public:
  ScoredMember(const ScoredMember&) = delete;
  ScoredMember& operator=(const ScoredMember&) = delete;

  // The member is shorter than 4 GiB.
  static ScoredMember* New(std::string_view member, double score) {
    auto* made = static_cast<ScoredMember*>(AllocateBytes(BytesFor(member.size())));
    made->score_ = score;
    if (member.size() < kWide) {
      made->size_ = static_cast<uint8_t>(member.size());
    } else {
      made->size_ = kWide;
      auto size = static_cast<uint32_t>(member.size());
      std::memcpy(made->data_, &size, sizeof(size));
    }
    if (!member.empty())
      std::memcpy(const_cast<char*>(made->key().data()), member.data(), member.size());
    return made;
  }
  static void Delete(ScoredMember* member) { FreeBytes(member, member->AllocatedBytes()); }

  double score() const { return score_; }
  // REQUIRES: no ordered tree holds the element, or is told (OrderedTree::Move).
  void set_score(double score) { score_ = score; }
  // The member; named as HashTable wants it.
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
  static constexpr size_t kHeaderBytes = 9;

  ScoredMember() = default;
  static size_t BytesFor(size_t member_size) {
    return kHeaderBytes + (member_size < kWide ? 0 : sizeof(uint32_t)) + member_size;
  }

  double score_;
  uint8_t size_;
  __extension__ char data_[];
};

}  // namespace strata
