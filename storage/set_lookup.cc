#include "storage/set_lookup.h"

#include <bit>

namespace strata {

SetLookup::SetLookup(const SetValue& set, size_t questions) : set_(set) {
  // An index costs about as much as a few walks.
  constexpr size_t kLeastQuestions = 6;
  constexpr size_t kLeastMembers = 6;
  if (set.encoding() == CollectionEncoding::kPacked && questions >= kLeastQuestions &&
      set.size() >= kLeastMembers) {
    MakeIndex();
  }
}

void SetLookup::MakeIndex() {
  const ListpackView members = list();
  index_.resize(std::bit_ceil(members.size() * 2));
  const size_t mask = index_.size() - 1;
  for (auto next = members.First(); next != members.End();) {
    const auto position = next;
    const MemberKey member(members.ReadForward(next));
    const uint64_t hash = member.hash(set_.hash_seed());
    size_t slot = hash & mask;
    while (index_[slot] != 0) slot = (slot + 1) & mask;
    index_[slot] = (hash & ~kPositionMask) | position;
  }
}

bool SetLookup::FindInIndex(const MemberKey& member) const {
  const uint64_t hash = member.hash(set_.hash_seed());
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash & mask; index_[slot] != 0; slot = (slot + 1) & mask) {
    const uint64_t word = index_[slot];
    if (((word ^ hash) & ~kPositionMask) != 0) continue;
    const auto position = static_cast<ListpackView::Position>(word & kPositionMask);
    if (list().Equals(position, member.text())) return true;
  }
  return false;
}

}  // namespace strata
