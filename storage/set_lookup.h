#pragma once

// A set that is asked for many members in turn, as SINTER and SDIFF do.
//
// To find a member in a listpack is to walk it, so two packed sets of N members would cost N²
// steps. For a packed set an index is made first, in one walk: open addressing over words of
//
//   upper half of the member's hash, 32 bits | its position in the listpack, 32 bits (0: free)
//
// with half of the words free at least. Other forms, and sets too small to gain from it, are asked
// directly.
//
// Borrows the set, which must not change meanwhile. Guarded by the lock of its entry's shard.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/set_value.h"

namespace strata {

class SetLookup {
 public:
  // `questions`: about how many members it will be asked for.
  SetLookup(const SetValue& set, size_t questions);

  bool Contains(const MemberKey& member) const {
    return index_.empty() ? set_.Contains(member) : FindInIndex(member);
  }

 private:
  static constexpr uint64_t kPositionMask = 0xffffffff;

  ListpackView list() const { return ListpackView(set_.entry().collection().pointer); }
  void MakeIndex();
  bool FindInIndex(const MemberKey& member) const;

  SetValue set_;
  std::vector<uint64_t> index_;  // 2^n words, or none
};

}  // namespace strata
