#pragma once

// What an entry is worth by its class and age, as the survival model told last: expected hits per
// capacity of time kept.
//
// Any thread reads without a lock while one writes. A reader may then see some cells of the old
// table and some of the new one, which ranks an entry or two as no table would; nothing else
// depends on it, so the cells are relaxed atomics, which cost what plain floats do.

#include <array>
#include <atomic>

#include "storage/eviction/access_history.h"

namespace strata::eviction {

class SurvivalIndex {
 public:
  float At(unsigned entry_class, uint32_t age) const {
    const AgePlace place = PlaceOf(age);
    const std::atomic<float>* cell = cells_[entry_class].data() + place.bucket;
    const float begin = cell[0].load(std::memory_order_relaxed);
    const float end = cell[1].load(std::memory_order_relaxed);
    return begin + (end - begin) * place.fraction;
  }

  // What it is worth where the bucket begins; REQUIRES: bucket <= kAgeBuckets, the end of the last.
  void Set(unsigned entry_class, unsigned bucket, float worth) {
    cells_[entry_class][bucket].store(worth, std::memory_order_relaxed);
  }

 private:
  std::array<std::array<std::atomic<float>, kAgeBuckets + 1>, kClasses> cells_{};
};

}  // namespace strata::eviction
