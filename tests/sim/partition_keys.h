#pragma once

// The keys of a partition in the simulation: lists that values are appended to. A list is kept as
// the hashes of its beginnings, so that two are compared by one number.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_codec.h"
#include "base/shared_bytes.h"
#include "cluster/replication/types.h"

namespace strata::sim {

constexpr size_t kKeys = 4;

inline uint64_t HashNumber(uint64_t number, uint64_t hash) {
  return (hash ^ number ^ number >> 29) * 0x9e3779b97f4a7c15 ^ hash >> 31;
}

class PartitionKeys {
 public:
  using List = std::vector<uint64_t>;

  struct Write {
    uint32_t key = 0;
    uint64_t value = 0;

    // As long as it is told to be.
    SharedBytes Encoded(size_t bytes) const {
      std::string text;
      ByteWriter out(text);
      out.U32(key);
      out.U64(value);
      text.resize(std::max(bytes, text.size()));
      return replication::ShareBytes(text);
    }
    static Write Decoded(std::string_view bytes) {
      ByteReader in(bytes);
      const uint32_t key = in.U32();
      return {key, in.U64()};
    }
  };

  const List& list(uint32_t key) const { return lists_[key]; }

  void Apply(const Write& write) {
    List& list = lists_[write.key];
    list.push_back(HashNumber(write.value, list.empty() ? write.key : list.back()));
  }
  // Of all lists; that of no keys at all is 0.
  uint64_t Hash() const {
    uint64_t hash = 0;
    for (const List& list : lists_) hash += list.empty() ? 0 : HashNumber(list.size(), list.back());
    return hash;
  }

  SharedBytes Dump(uint32_t key) const {
    std::string text;
    ByteWriter out(text);
    out.U32(key);
    for (const uint64_t hash : lists_[key]) out.U64(hash);
    return replication::ShareBytes(text);
  }

 protected:
  std::array<List, kKeys> lists_;
};

// Put together from a snapshot, out of sight.
class HiddenKeys : public PartitionKeys {
 public:
  void Restore(std::string_view chunk) {
    ByteReader in(chunk);
    const uint32_t key = in.U32();
    List& list = lists_[key];
    list.clear();
    while (in.left() > 0) list.push_back(in.U64());
    has_key_[key] = true;
  }
  // What no chunk had yet, one will have.
  void ApplyIfThere(const Write& write) {
    if (has_key_[write.key]) Apply(write);
  }

 private:
  std::array<bool, kKeys> has_key_ = {};
};

}  // namespace strata::sim
