#pragma once

// What an entry knows of the copy of its value in a lower tier, in eight bytes behind its value:
//
//   20 bits  how large the value is in memory | 1 bit  fresh | 3 bits  state | 40 bits  stamp
//
//              demotion begins             the tier has it, the value is freed
//   (no mark) ----------------> kStoring ------------------------------------> kBelow, a stub
//                                  |                                              |      ^
//                                  | changed                    promoted: the copy|      | demoted
//                                  v                            stays as it is    v      | again,
//                                kNone <------------------------------------- kClean ----+ at once
//                                          changed: the copy is to be erased
//
// A stub that is being removed is kGone: nothing more is to be done for its copy.
//
// What has just been promoted is fresh: whoever chooses victims passes over it once, since it was
// last used long ago and shall be used now.
//
// The stamp tells this copy from those that the key had before, or that somebody else left below
// under its name: a copy with another stamp is none.

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace strata {

enum class CopyState : uint8_t { kNone, kStoring, kClean, kBelow, kGone };

class CopyMark {
 public:
  static constexpr int kStampBits = 40;
  static constexpr uint64_t kStampMask = (uint64_t{1} << kStampBits) - 1;

  CopyMark(CopyState state, uint64_t stamp, size_t value_bytes)
      : stamp_(stamp & kStampMask),
        state_(static_cast<uint64_t>(state)),
        is_fresh_(0),
        units_(std::min((value_bytes + kUnit / 2) / kUnit, kMostUnits)) {}

  CopyState state() const { return static_cast<CopyState>(state_); }
  void set_state(CopyState state) { state_ = static_cast<uint64_t>(state); }
  uint64_t stamp() const { return stamp_; }
  bool is_fresh() const { return is_fresh_ != 0; }
  void set_fresh(bool is_fresh) { is_fresh_ = is_fresh ? 1 : 0; }
  // What the value takes in memory, rounded to 512 bytes, so that sums are right in the mean; half
  // a gigabyte at most.
  size_t value_bytes() const { return units_ * kUnit; }

 private:
  static constexpr size_t kUnit = 512;
  static constexpr size_t kMostUnits = (size_t{1} << 20) - 1;

  uint64_t stamp_ : kStampBits;
  uint64_t state_ : 3;
  uint64_t is_fresh_ : 1;
  uint64_t units_ : 20;
};
static_assert(sizeof(CopyMark) == 8);

}  // namespace strata
