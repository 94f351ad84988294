#pragma once

// The order of a sorted set: a B+-tree of its elements by score and, among equal scores, by the
// member's bytes; with the number of elements below each child, so that ranks are found on the way.
//
//   inner node, 1 KiB:   per child: its first element, that one's score, how many it holds
//   leaf, 512 bytes:     <-> | scores  s0 s1 s2 … s29 | elements e0 e1 e2 … e29 | <->
//
// - Scores lie beside the elements although each element knows its own: a search reads one row of
//   scores per level and looks into elements only where scores are equal.
// - A full leaf is split in half; at either end of the tree it stays full and a new one begins, so
//   that scores which only rise (or only fall) leave full leaves behind.
// - A node is merged with a neighbour when both fill no more than three quarters of one.
// - Every step is O(log n): five levels hold a million elements at their worst filling.
//
// Elements are borrowed: their owner erases them here before it frees them. Guarded by the shard's
// lock.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/prefetch.h"
#include "storage/scored_member.h"

namespace strata {

// Whether a bound itself belongs to what lies behind it.
enum class BoundKind : uint8_t { kInclusive, kExclusive };

class OrderedTree {
 private:
  struct Leaf;
  struct Inner;

 public:
  OrderedTree() = default;
  ~OrderedTree() { Clear(); }
  OrderedTree(const OrderedTree&) = delete;
  OrderedTree& operator=(const OrderedTree&) = delete;

  // An element's place, or none; until the next change to the tree.
  class Iterator {
   public:
    Iterator() = default;
    explicit operator bool() const { return leaf_ != nullptr; }
    // REQUIRES for all others: there is an element.
    ScoredMember* element() const { return leaf_->elements[index_]; }
    double score() const { return leaf_->scores[index_]; }
    // None at the end.
    inline void Next();
    inline void Previous();

   private:
    friend class OrderedTree;
    Iterator(const Leaf* leaf, size_t index) : leaf_(leaf), index_(index) {}
    const Leaf* leaf_ = nullptr;
    size_t index_ = 0;
  };

  // A place and how many elements lie before it: size() if there is no element.
  struct Place {
    Iterator iterator;
    size_t rank = 0;
  };

  // REQUIRES: none is equal to it in score and member.
  void Insert(ScoredMember* element);
  // REQUIRES for the next three: the element is in the tree.
  void Erase(const ScoredMember* element);
  // Gives the element another score and its new place.
  void Move(ScoredMember* element, double score);
  size_t Rank(const ScoredMember* element) const;

  // The element that has `rank` others before it; none behind the last.
  Iterator At(size_t rank) const;
  // The first element whose score is at least (kInclusive) or above (kExclusive) `score`.
  Place LowerBound(double score, BoundKind kind) const;
  // The same by members, for trees all of whose scores are equal. In others it is some place.
  Place LowerBound(std::string_view member, BoundKind kind) const;

  size_t size() const { return size_; }
  // Bytes of nodes, without the elements.
  size_t memory_bytes() const;
  // Forgets all elements, in O(n / 30); does not read them.
  void Clear();

  // Aborts if an invariant is broken; for tests.
  void CheckInvariants() const;

 private:
  static constexpr size_t kLeafSlots = 30;
  static constexpr size_t kInnerSlots = 36;
  static constexpr int kMaxHeight = 24;  // of inner nodes

  struct Leaf {
    Leaf* previous;
    Leaf* next;
    size_t count;
    double scores[kLeafSlots];
    ScoredMember* elements[kLeafSlots];
  };
  struct Inner {
    uint32_t count;
    uint32_t sizes[kInnerSlots];          // elements below each child
    double scores[kInnerSlots];           // of the first element below each child
    ScoredMember* elements[kInnerSlots];  // that element
    void* children[kInnerSlots];          // Leaf or Inner, by height
  };
  static_assert(sizeof(Leaf) <= 512 && sizeof(Inner) <= 1024);

  // The nodes from the root to a leaf, and which child of each is next.
  struct Path {
    Inner* inners[kMaxHeight];
    size_t indexes[kMaxHeight];
    Leaf* leaf;
  };

  Path PathTo(const ScoredMember* element) const;
  template <class Search>
  Place Find(const Search& search) const;
  static size_t IndexInLeaf(const Path& path, const ScoredMember* element);
  void EraseFrom(const Path& path, size_t at);
  Leaf* SplitLeaf(Leaf* leaf, size_t insert_at);
  void AddChild(const Path& path, void* child);
  void UpdateFirst(const Path& path);
  void Rebalance(const Path& path);
  bool MergeLeaves(Inner* parent, size_t left);
  bool MergeInners(Inner* parent, size_t left);
  void LowerRoot();
  void FreeNode(void* node, int height);
  void FreeBelow(void* node, int height);
  struct Walk;
  size_t CheckNode(const void* node, int height, Walk& walk) const;

  void* root_ = nullptr;  // a leaf if height_ is 0
  int height_ = 0;
  size_t size_ = 0;
  size_t leaves_ = 0;
  size_t inners_ = 0;
};

inline void OrderedTree::Iterator::Next() {
  constexpr size_t kAhead = 4;  // elements lie anywhere in memory
  if (index_ + kAhead < leaf_->count) PrefetchForRead(leaf_->elements[index_ + kAhead]);
  if (++index_ < leaf_->count) return;
  leaf_ = leaf_->next;
  index_ = 0;
}

inline void OrderedTree::Iterator::Previous() {
  if (index_ > 0) {
    --index_;
    return;
  }
  leaf_ = leaf_->previous;
  index_ = leaf_ == nullptr ? 0 : leaf_->count - 1;
}

}  // namespace strata
