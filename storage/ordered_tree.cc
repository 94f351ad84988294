#include "storage/ordered_tree.h"

#include <emmintrin.h>

#include <algorithm>
#include <cmath>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {
namespace {

constexpr size_t kMergedPercent = 75;

// How many of the sorted `scores` are below, or not above, `bound`. Two at a time and without a
// branch: nodes are small, and a wrong guess costs more than reading a row to its end.
template <BoundKind kind>
size_t CountBefore(const double* scores, size_t count, double bound) {
  auto before = [](__m128d a, __m128d b) {
    return kind == BoundKind::kInclusive ? _mm_cmplt_pd(a, b) : _mm_cmple_pd(a, b);
  };
  const __m128d bounds = _mm_set1_pd(bound);
  __m128i total = _mm_setzero_si128();
  size_t i = 0;
  for (; i + 2 <= count; i += 2) {
    const __m128d found = before(_mm_loadu_pd(scores + i), bounds);
    total = _mm_sub_epi64(total, _mm_castpd_si128(found));  // all bits: minus one
  }
  if (i < count) {
    const __m128d found = before(_mm_set_pd(NAN, scores[i]), bounds);
    total = _mm_sub_epi64(total, _mm_castpd_si128(found));
  }
  const __m128i sum = _mm_add_epi64(total, _mm_unpackhi_epi64(total, total));
  return static_cast<size_t>(_mm_cvtsi128_si64(sum));
}
size_t CountBelow(const double* scores, size_t count, double bound) {
  return CountBefore<BoundKind::kInclusive>(scores, count, bound);
}
size_t CountNotAbove(const double* scores, size_t count, double bound) {
  return CountBefore<BoundKind::kExclusive>(scores, count, bound);
}

// How many elements of [first, last) lie before the member; they are in the order of members.
size_t CountMembersBefore(ScoredMember* const* first, ScoredMember* const* last,
                          std::string_view member, BoundKind kind) {
  auto before = [&](const ScoredMember* element) {
    int order = element->key().compare(member);
    return kind == BoundKind::kInclusive ? order < 0 : order <= 0;
  };
  return static_cast<size_t>(std::partition_point(first, last, before) - first);
}

// The three questions a search asks of each node: how many of its elements lie before the place?
struct ByScore {
  double bound;
  BoundKind kind;
  size_t operator()(const double* scores, ScoredMember* const*, size_t count) const {
    return kind == BoundKind::kInclusive ? CountBelow(scores, count, bound)
                                         : CountNotAbove(scores, count, bound);
  }
};

struct ByMember {
  std::string_view bound;
  BoundKind kind;
  size_t operator()(const double*, ScoredMember* const* elements, size_t count) const {
    return CountMembersBefore(elements, elements + count, bound, kind);
  }
};

struct ByElement {
  double score;
  std::string_view member;
  BoundKind kind;
  size_t operator()(const double* scores, ScoredMember* const* elements, size_t count) const {
    size_t first = CountBelow(scores, count, score);
    if (first == count || scores[first] != score) return first;
    size_t last = CountNotAbove(scores, count, score);
    return first + CountMembersBefore(elements + first, elements + last, member, kind);
  }
};

template <class Item>
void OpenGap(Item* items, size_t count, size_t at) {
  std::copy_backward(items + at, items + count, items + count + 1);
}
template <class Item>
void CloseGap(Item* items, size_t count, size_t at) {
  std::copy(items + at + 1, items + count, items + at);
}

template <class Leaf>
void InsertAt(Leaf* leaf, size_t at, ScoredMember* element) {
  OpenGap(leaf->scores, leaf->count, at);
  OpenGap(leaf->elements, leaf->count, at);
  leaf->scores[at] = element->score();
  leaf->elements[at] = element;
  ++leaf->count;
}

template <class Leaf>
void EraseAt(Leaf* leaf, size_t at) {
  CloseGap(leaf->scores, leaf->count, at);
  CloseGap(leaf->elements, leaf->count, at);
  --leaf->count;
}

// Appends what `from` holds from `first` on to `to`.
template <class Leaf>
void MoveElements(Leaf* from, size_t first, Leaf* to) {
  std::copy(from->scores + first, from->scores + from->count, to->scores + to->count);
  std::copy(from->elements + first, from->elements + from->count, to->elements + to->count);
  to->count += from->count - first;
  from->count = first;
}

template <class Inner>
void MoveChildren(Inner* from, size_t first, Inner* to) {
  std::copy(from->sizes + first, from->sizes + from->count, to->sizes + to->count);
  std::copy(from->scores + first, from->scores + from->count, to->scores + to->count);
  std::copy(from->elements + first, from->elements + from->count, to->elements + to->count);
  std::copy(from->children + first, from->children + from->count, to->children + to->count);
  to->count += from->count - static_cast<uint32_t>(first);
  from->count = static_cast<uint32_t>(first);
}

template <class Inner>
void OpenChildGap(Inner* inner, size_t at) {
  OpenGap(inner->sizes, inner->count, at);
  OpenGap(inner->scores, inner->count, at);
  OpenGap(inner->elements, inner->count, at);
  OpenGap(inner->children, inner->count, at);
  ++inner->count;
}

template <class Inner>
void DropChild(Inner* inner, size_t at) {
  CloseGap(inner->sizes, inner->count, at);
  CloseGap(inner->scores, inner->count, at);
  CloseGap(inner->elements, inner->count, at);
  CloseGap(inner->children, inner->count, at);
  --inner->count;
}

// Makes `child` the child at `index`, or tells the parent what became of it.
template <class Leaf, class Inner>
void SetLeaf(Inner* inner, size_t index, Leaf* child) {
  inner->children[index] = child;
  inner->sizes[index] = static_cast<uint32_t>(child->count);
  inner->scores[index] = child->scores[0];
  inner->elements[index] = child->elements[0];
}
template <class Inner>
void SetInner(Inner* inner, size_t index, Inner* child) {
  inner->children[index] = child;
  inner->sizes[index] = 0;
  for (size_t i = 0; i < child->count; ++i) inner->sizes[index] += child->sizes[i];
  inner->scores[index] = child->scores[0];
  inner->elements[index] = child->elements[0];
}
template <class Leaf, class Inner>
void SetChild(Inner* inner, size_t index, void* child, int child_height) {
  if (child_height == 0) {
    SetLeaf(inner, index, static_cast<Leaf*>(child));
  } else {
    SetInner(inner, index, static_cast<Inner*>(child));
  }
}

// The child below which a place with so many first elements before it lies.
size_t ChildIndex(size_t firsts_before) {
  return firsts_before == 0 ? 0 : firsts_before - 1;
}

template <class Node>
Node* NewNode() {
  auto* node = static_cast<Node*>(AllocateBytes(sizeof(Node)));
  node->count = 0;
  return node;
}

}  // namespace

// To the leaf that holds the element or, if none does, would take it.
OrderedTree::Path OrderedTree::PathTo(const ScoredMember* element) const {
  const ByElement search{element->score(), element->key(), BoundKind::kExclusive};
  Path path;
  void* node = root_;
  for (int depth = 0; depth < height_; ++depth) {
    auto* inner = static_cast<Inner*>(node);
    path.inners[depth] = inner;
    path.indexes[depth] = ChildIndex(search(inner->scores, inner->elements, inner->count));
    node = inner->children[path.indexes[depth]];
  }
  path.leaf = static_cast<Leaf*>(node);
  return path;
}

template <class Search>
OrderedTree::Place OrderedTree::Find(const Search& search) const {
  if (root_ == nullptr) return {};
  size_t rank = 0;
  const void* node = root_;
  for (int depth = 0; depth < height_; ++depth) {
    const auto* inner = static_cast<const Inner*>(node);
    size_t index = ChildIndex(search(inner->scores, inner->elements, inner->count));
    for (size_t i = 0; i < index; ++i) rank += inner->sizes[i];
    node = inner->children[index];
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  size_t index = search(leaf->scores, leaf->elements, leaf->count);
  rank += index;
  if (index == leaf->count) return {Iterator(leaf->next, 0), rank};
  return {Iterator(leaf, index), rank};
}

OrderedTree::Place OrderedTree::LowerBound(double score, BoundKind kind) const {
  return Find(ByScore{score, kind});
}

OrderedTree::Place OrderedTree::LowerBound(std::string_view member, BoundKind kind) const {
  return Find(ByMember{member, kind});
}

size_t OrderedTree::Rank(const ScoredMember* element) const {
  return Find(ByElement{element->score(), element->key(), BoundKind::kInclusive}).rank;
}

OrderedTree::Iterator OrderedTree::At(size_t rank) const {
  if (rank >= size_) return {};
  const void* node = root_;
  for (int depth = 0; depth < height_; ++depth) {
    const auto* inner = static_cast<const Inner*>(node);
    size_t index = 0;
    while (rank >= inner->sizes[index]) rank -= inner->sizes[index++];
    node = inner->children[index];
  }
  return {static_cast<const Leaf*>(node), rank};
}

void OrderedTree::Insert(ScoredMember* element) {
  if (root_ == nullptr) {
    auto* leaf = NewNode<Leaf>();
    leaf->previous = leaf->next = nullptr;
    ++leaves_;
    root_ = leaf;
  }
  ++size_;
  Path path = PathTo(element);
  Leaf* leaf = path.leaf;
  const ByElement search{element->score(), element->key(), BoundKind::kInclusive};
  size_t at = search(leaf->scores, leaf->elements, leaf->count);
  if (leaf->count < kLeafSlots) {
    InsertAt(leaf, at, element);
    for (int depth = 0; depth < height_; ++depth) ++path.inners[depth]->sizes[path.indexes[depth]];
    if (at == 0) UpdateFirst(path);
    return;
  }
  Leaf* right = SplitLeaf(leaf, at);
  bool to_right = at > leaf->count || right->count == 0;
  InsertAt(to_right ? right : leaf, to_right ? at - leaf->count : at, element);
  AddChild(path, right);
}

// Tells the nodes above that the leaf has another first element.
void OrderedTree::UpdateFirst(const Path& path) {
  for (int depth = height_ - 1; depth >= 0; --depth) {
    size_t index = path.indexes[depth];
    path.inners[depth]->scores[index] = path.leaf->scores[0];
    path.inners[depth]->elements[index] = path.leaf->elements[0];
    if (index > 0) return;
  }
}

// Makes a right neighbour and room in a full leaf: half of it, or none or all of it if the
// insertion is at an end of the tree.
OrderedTree::Leaf* OrderedTree::SplitLeaf(Leaf* leaf, size_t insert_at) {
  auto* right = NewNode<Leaf>();
  ++leaves_;
  right->previous = leaf;
  right->next = leaf->next;
  if (leaf->next != nullptr) leaf->next->previous = right;
  leaf->next = right;
  size_t keep = leaf->count / 2;
  if (insert_at == leaf->count && right->next == nullptr) keep = leaf->count;
  if (insert_at == 0 && leaf->previous == nullptr) keep = 0;
  MoveElements(leaf, keep, right);
  return right;
}

// Puts a leaf behind the one that the path leads to, and tells the nodes above.
void OrderedTree::AddChild(const Path& path, void* child) {
  for (int depth = height_ - 1; depth >= 0; --depth) {
    int child_height = height_ - 1 - depth;
    Inner* inner = path.inners[depth];
    size_t index = path.indexes[depth];
    SetChild<Leaf>(inner, index, inner->children[index], child_height);
    if (child == nullptr) continue;
    Inner* right = nullptr;
    if (inner->count == kInnerSlots) {
      right = NewNode<Inner>();
      ++inners_;
      MoveChildren(inner, kInnerSlots / 2, right);
    }
    bool to_right = right != nullptr && index + 1 > inner->count;
    Inner* target = to_right ? right : inner;
    size_t at = index + 1 - (to_right ? inner->count : 0);
    OpenChildGap(target, at);
    SetChild<Leaf>(target, at, child, child_height);
    child = right;
  }
  if (child == nullptr) return;
  CHECK(height_ < kMaxHeight);
  auto* root = NewNode<Inner>();
  ++inners_;
  root->count = 2;
  SetChild<Leaf>(root, 0, root_, height_);
  SetChild<Leaf>(root, 1, child, height_);
  root_ = root;
  ++height_;
}

// Where the element lies in the path's leaf.
size_t OrderedTree::IndexInLeaf(const Path& path, const ScoredMember* element) {
  const Leaf* leaf = path.leaf;
  const ByElement search{element->score(), element->key(), BoundKind::kInclusive};
  const size_t at = search(leaf->scores, leaf->elements, leaf->count);
  CHECK(at < leaf->count && leaf->elements[at] == element);
  return at;
}

void OrderedTree::Erase(const ScoredMember* element) {
  CHECK(root_ != nullptr);
  const Path path = PathTo(element);
  EraseFrom(path, IndexInLeaf(path, element));
}

void OrderedTree::EraseFrom(const Path& path, size_t at) {
  EraseAt(path.leaf, at);
  --size_;
  for (int depth = 0; depth < height_; ++depth) --path.inners[depth]->sizes[path.indexes[depth]];
  if (at == 0 && path.leaf->count > 0) UpdateFirst(path);
  if (path.leaf->count < kLeafSlots / 2) Rebalance(path);
}

void OrderedTree::Move(ScoredMember* element, double score) {
  const Path path = PathTo(element);
  Leaf* leaf = path.leaf;
  const size_t at = IndexInLeaf(path, element);
  // Between its neighbours still, and not first of its leaf, whose score is known above.
  const bool stays = at > 0 && at + 1 < leaf->count && leaf->scores[at - 1] < score &&
                     score < leaf->scores[at + 1];
  if (stays) {
    leaf->scores[at] = score;
    element->set_score(score);
    return;
  }
  EraseFrom(path, at);
  element->set_score(score);
  Insert(element);
}

// Merges, along the path, nodes that became small with a neighbour, and frees what is empty.
void OrderedTree::Rebalance(const Path& path) {
  for (int depth = height_ - 1; depth >= 0; --depth) {
    Inner* parent = path.inners[depth];
    size_t index = path.indexes[depth];
    int child_height = height_ - 1 - depth;
    auto merge = [&](size_t left) {
      return child_height == 0 ? MergeLeaves(parent, left) : MergeInners(parent, left);
    };
    bool empty = child_height == 0 ? path.leaf->count == 0 : path.inners[depth + 1]->count == 0;
    if (empty) {
      FreeNode(parent->children[index], child_height);
      DropChild(parent, index);
      continue;
    }
    bool merged = (index + 1 < parent->count && merge(index)) || (index > 0 && merge(index - 1));
    if (!merged) SetChild<Leaf>(parent, index, parent->children[index], child_height);
  }
  LowerRoot();
}

// Moves the child behind `left` into the one at `left`, if both together leave some room.
bool OrderedTree::MergeLeaves(Inner* parent, size_t left) {
  auto* to = static_cast<Leaf*>(parent->children[left]);
  auto* from = static_cast<Leaf*>(parent->children[left + 1]);
  if ((to->count + from->count) * 100 > kLeafSlots * kMergedPercent) return false;
  MoveElements(from, 0, to);
  FreeNode(from, 0);
  SetLeaf(parent, left, to);
  DropChild(parent, left + 1);
  return true;
}

bool OrderedTree::MergeInners(Inner* parent, size_t left) {
  auto* to = static_cast<Inner*>(parent->children[left]);
  auto* from = static_cast<Inner*>(parent->children[left + 1]);
  if ((to->count + from->count) * 100 > kInnerSlots * kMergedPercent) return false;
  MoveChildren(from, 0, to);
  FreeNode(from, 1);
  SetInner(parent, left, to);
  DropChild(parent, left + 1);
  return true;
}

// A root with one child gives its place to it; an empty one to nothing.
void OrderedTree::LowerRoot() {
  while (height_ > 0 && static_cast<Inner*>(root_)->count <= 1) {
    auto* old = static_cast<Inner*>(root_);
    bool empty = old->count == 0;
    root_ = empty ? nullptr : old->children[0];
    FreeNode(old, height_);
    height_ = empty ? 0 : height_ - 1;
  }
  if (height_ == 0 && root_ != nullptr && static_cast<Leaf*>(root_)->count == 0) {
    FreeNode(root_, 0);
    root_ = nullptr;
  }
}

// Frees one node; a leaf leaves the chain.
void OrderedTree::FreeNode(void* node, int height) {
  if (height > 0) {
    FreeBytes(node, sizeof(Inner));
    --inners_;
    return;
  }
  auto* leaf = static_cast<Leaf*>(node);
  if (leaf->previous != nullptr) leaf->previous->next = leaf->next;
  if (leaf->next != nullptr) leaf->next->previous = leaf->previous;
  FreeBytes(leaf, sizeof(Leaf));
  --leaves_;
}

void OrderedTree::FreeBelow(void* node, int height) {
  if (height > 0) {
    auto* inner = static_cast<Inner*>(node);
    for (size_t i = 0; i < inner->count; ++i) FreeBelow(inner->children[i], height - 1);
  }
  FreeNode(node, height);
}

void OrderedTree::Clear() {
  if (root_ != nullptr) FreeBelow(root_, height_);
  root_ = nullptr;
  height_ = 0;
  size_ = 0;
}

size_t OrderedTree::memory_bytes() const {
  return leaves_ * sizeof(Leaf) + inners_ * sizeof(Inner);
}

// What a check in order has seen so far.
struct OrderedTree::Walk {
  const ScoredMember* last = nullptr;
  const Leaf* leaf = nullptr;
  size_t leaves = 0;
  size_t inners = 0;
};

// Returns how many elements lie below the node.
size_t OrderedTree::CheckNode(const void* node, int height, Walk& walk) const {
  if (height > 0) {
    const auto* inner = static_cast<const Inner*>(node);
    CHECK(inner->count > 0 && inner->count <= kInnerSlots);
    ++walk.inners;
    size_t total = 0;
    for (size_t i = 0; i < inner->count; ++i) {
      const void* child = inner->children[i];
      const ScoredMember* first = height > 1 ? static_cast<const Inner*>(child)->elements[0]
                                             : static_cast<const Leaf*>(child)->elements[0];
      CHECK(inner->elements[i] == first && inner->scores[i] == first->score());
      CHECK(CheckNode(child, height - 1, walk) == inner->sizes[i]);
      total += inner->sizes[i];
    }
    return total;
  }
  const auto* leaf = static_cast<const Leaf*>(node);
  CHECK(leaf->count > 0 && leaf->count <= kLeafSlots);
  ++walk.leaves;
  CHECK(leaf->previous == walk.leaf && (walk.leaf == nullptr || walk.leaf->next == leaf));
  walk.leaf = leaf;
  for (size_t i = 0; i < leaf->count; ++i) {
    const ScoredMember* element = leaf->elements[i];
    CHECK(element->score() == leaf->scores[i]);
    CHECK(walk.last == nullptr || walk.last->score() < element->score() ||
          (walk.last->score() == element->score() && walk.last->key() < element->key()));
    walk.last = element;
  }
  return leaf->count;
}

void OrderedTree::CheckInvariants() const {
  Walk walk;
  CHECK((root_ == nullptr) == (size_ == 0));
  if (root_ == nullptr) {
    CHECK(leaves_ == 0 && inners_ == 0 && height_ == 0);
    return;
  }
  CHECK(CheckNode(root_, height_, walk) == size_);
  CHECK(walk.leaf->next == nullptr);
  CHECK(walk.leaves == leaves_ && walk.inners == inners_);
  CHECK(height_ == 0 || static_cast<const Inner*>(root_)->count > 1);
}

}  // namespace strata
