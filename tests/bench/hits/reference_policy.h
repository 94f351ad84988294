#pragma once

// The policies that the adaptive one is measured against, as their papers and programs have them:
// exact lists, entries of one size. One file each; made by name here.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/bench/hits/trace.h"

namespace strata::hits {

class ReferencePolicy {
 public:
  virtual ~ReferencePolicy() = default;
  // The trace's next key. True if it was resident; it may be now.
  virtual bool Access(uint32_t key) = 0;
};

// What can be simulated on a trace with room for so many entries.
using MakePolicy = std::unique_ptr<ReferencePolicy> (*)(const Trace& trace, size_t capacity);

std::unique_ptr<ReferencePolicy> MakeFifo(const Trace& trace, size_t capacity);
std::unique_ptr<ReferencePolicy> MakeLru(const Trace& trace, size_t capacity);
std::unique_ptr<ReferencePolicy> MakeRedisLru(const Trace& trace, size_t capacity);
std::unique_ptr<ReferencePolicy> MakeRedisLfu(const Trace& trace, size_t capacity);
std::unique_ptr<ReferencePolicy> MakeS3Fifo(const Trace& trace, size_t capacity);
std::unique_ptr<ReferencePolicy> MakeArc(const Trace& trace, size_t capacity);
std::unique_ptr<ReferencePolicy> MakeWTinyLfu(const Trace& trace, size_t capacity);
// Knows the future (L. Belady, 1966).
std::unique_ptr<ReferencePolicy> MakeBelady(const Trace& trace, size_t capacity);

// Keys in a row, linked by id; a key is in one list at a time.
class KeyLists {
 public:
  KeyLists(size_t keys, size_t lists) : links_(keys), lists_(lists) {}

  static constexpr uint8_t kNone = 255;
  uint8_t ListOf(uint32_t key) const { return links_[key].list; }
  size_t Size(uint8_t list) const { return lists_[list].size; }
  // REQUIRES: the list is not empty.
  uint32_t Oldest(uint8_t list) const { return lists_[list].oldest; }

  // REQUIRES: the key is in none.
  void PushNewest(uint8_t list, uint32_t key);
  void Remove(uint32_t key);
  void MoveToNewest(uint8_t list, uint32_t key) {
    Remove(key);
    PushNewest(list, key);
  }
  // REQUIRES: the list is not empty.
  uint32_t PopOldest(uint8_t list) {
    const uint32_t key = Oldest(list);
    Remove(key);
    return key;
  }

 private:
  static constexpr uint32_t kEnd = UINT32_MAX;
  struct Link {
    uint32_t newer = kEnd;
    uint32_t older = kEnd;
    uint8_t list = kNone;
  };
  struct List {
    uint32_t newest = kEnd;
    uint32_t oldest = kEnd;
    size_t size = 0;
  };
  std::vector<Link> links_;
  std::vector<List> lists_;
};

}  // namespace strata::hits
