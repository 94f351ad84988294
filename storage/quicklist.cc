#include "storage/quicklist.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace strata {
namespace {

// What an element may take beside its text, as Redis estimates it.
constexpr size_t kElementOverhead = 8;

}  // namespace

ListLimits ListLimits::FromOption(int64_t value) {
  constexpr std::array<size_t, 5> kBlockBytes = {4096, 8192, 16384, 32768, 65536};
  if (value >= 0) return {kCountedBlockBytes, static_cast<size_t>(std::max<int64_t>(value, 1))};
  const auto size_class = static_cast<size_t>(-std::max<int64_t>(value, -5) - 1);
  return {kBlockBytes[size_class], kNoLimit};
}

bool ListLimits::AllowAdding(const ListpackView& block, std::string_view text) const {
  const size_t bytes = block.byte_size() + text.size() + kElementOverhead;
  if (bytes > block_bytes) return false;
  return block_elements == kNoLimit || block.size() < block_elements;
}

size_t RemoveMatching(Listpack& elements, const ListNeedle& needle, size_t most, ListEnd from) {
  size_t removed = 0;
  if (from == ListEnd::kFront) {
    for (auto position = elements.First(); position != elements.End() && removed < most;) {
      auto next = position;
      if (needle.Matches(elements.ReadForward(next))) {
        elements.Erase(position, next);
        ++removed;
      } else {
        position = next;
      }
    }
    return removed;
  }
  for (auto next = elements.End(); next != elements.First() && removed < most;) {
    const auto position = elements.Previous(next);
    if (needle.Matches(elements.Read(position))) {
      elements.Erase(position, next);
      ++removed;
    }
    next = position;
  }
  return removed;
}

Quicklist::~Quicklist() {
  while (first_ != nullptr) Unlink(first_);
}

Quicklist::Place Quicklist::At(size_t index) const {
  CHECK(index < size_);
  if (index < size_ / 2) {
    Block* block = first_;
    for (size_t count; index >= (count = block->elements.size()); block = block->next) {
      index -= count;
    }
    return {block, block->elements.At(static_cast<int64_t>(index))};
  }
  size_t from_end = size_ - index;
  Block* block = last_;
  for (size_t count; from_end > (count = block->elements.size()); block = block->previous) {
    from_end -= count;
  }
  return {block, block->elements.At(-static_cast<int64_t>(from_end))};
}

void Quicklist::Push(ListEnd end, std::string_view text, const ListLimits& limits) {
  Block* block = end == ListEnd::kFront ? first_ : last_;
  if (block == nullptr || !limits.AllowAdding(block->elements, text)) {
    block = LinkBefore(end == ListEnd::kFront ? first_ : nullptr, Listpack());
  }
  if (end == ListEnd::kFront) {
    block->elements.PushFront(text);
  } else {
    block->elements.PushBack(text);
  }
  ++size_;
}

void Quicklist::Pop(ListEnd end) {
  Block* block = end == ListEnd::kFront ? first_ : last_;
  if (end == ListEnd::kFront) {
    block->elements.PopFront();
  } else {
    block->elements.PopBack();
  }
  --size_;
  if (block->elements.empty()) Unlink(block);
}

void Quicklist::AppendBlock(Listpack elements) {
  if (elements.empty()) return;
  size_ += elements.size();
  LinkBefore(nullptr, std::move(elements));
}

Listpack Quicklist::TakeOnlyBlock() {
  CHECK(blocks_ == 1);
  Listpack elements = std::move(first_->elements);
  Unlink(first_);
  size_ = 0;
  return elements;
}

void Quicklist::Insert(const Place& place, std::string_view text, const ListLimits& limits) {
  Block* block = place.block;
  ++size_;
  if (limits.AllowAdding(block->elements, text)) {
    block->elements.Insert(place.position, text);
    return;
  }
  const bool at_front = place.position == block->elements.First();
  const bool at_back = place.position == block->elements.End();
  Block* previous = block->previous;
  Block* next = block->next;
  if (at_front && previous != nullptr && limits.AllowAdding(previous->elements, text)) {
    previous->elements.PushBack(text);
    return;
  }
  if (at_back && next != nullptr && limits.AllowAdding(next->elements, text)) {
    next->elements.PushFront(text);
    return;
  }
  Block* behind = at_front ? block : next;
  if (!at_front && !at_back) behind = LinkBefore(next, block->elements.SplitOff(place.position));
  Block* added = LinkBefore(behind, Listpack());
  added->elements.PushBack(text);
  if (at_front || at_back) return;
  // The second of those that are joined is gone.
  Join(behind, behind->next, limits);
  if (!Join(block, added, limits)) Join(added, behind, limits);
  Join(block->previous, block, limits);
}

void Quicklist::Replace(const Place& place, std::string_view text, const ListLimits& limits) {
  Listpack& elements = place.block->elements;
  const auto next = elements.Next(place.position);
  const size_t bytes = elements.byte_size() - (next - place.position) + text.size();
  if (elements.size() == 1 || bytes + kElementOverhead <= limits.block_bytes) {
    elements.Replace(place.position, text);
    JoinWithNeighbours(place.block, limits);
    return;
  }
  elements.Erase(place.position, next);
  --size_;
  Insert(place, text, limits);
}

void Quicklist::EraseRange(size_t first, size_t count, const ListLimits& limits) {
  if (count == 0) return;
  Place place = At(first);
  size_ -= count;
  Block* kept =
      place.position == place.block->elements.First() ? place.block->previous : place.block;
  while (count > 0) {
    Listpack& elements = place.block->elements;
    Block* next = place.block->next;
    const size_t before = elements.size();
    if (place.position == elements.First() && before <= count) {
      count -= before;
      Unlink(place.block);
    } else {
      elements.Erase(place.position, elements.Skip(place.position, count));
      count -= before - elements.size();
    }
    if (count > 0) place = {next, next->elements.First()};
  }
  if (kept == nullptr) kept = first_;
  if (kept != nullptr) JoinWithNeighbours(kept, limits);
}

size_t Quicklist::RemoveMatching(const ListNeedle& needle, size_t most, ListEnd from,
                                 const ListLimits& limits) {
  const bool forward = from == ListEnd::kFront;
  size_t removed = 0;
  for (Block* block = forward ? first_ : last_; block != nullptr && removed < most;) {
    Block* next = forward ? block->next : block->previous;
    const size_t here = strata::RemoveMatching(block->elements, needle, most - removed, from);
    removed += here;
    size_ -= here;
    if (block->elements.empty()) {
      Unlink(block);
    } else if (here > 0) {
      // Only with blocks that were seen already, so that `next` stays.
      forward ? Join(block->previous, block, limits) : Join(block, block->next, limits);
    }
    block = next;
  }
  return removed;
}

Quicklist::Block* Quicklist::LinkBefore(Block* next, Listpack elements) {
  auto* block = new Block{next == nullptr ? last_ : next->previous, next, std::move(elements)};
  (block->previous == nullptr ? first_ : block->previous->next) = block;
  (next == nullptr ? last_ : next->previous) = block;
  ++blocks_;
  return block;
}

void Quicklist::Unlink(Block* block) {
  (block->previous == nullptr ? first_ : block->previous->next) = block->next;
  (block->next == nullptr ? last_ : block->next->previous) = block->previous;
  --blocks_;
  delete block;
}

bool Quicklist::Join(Block* block, Block* next, const ListLimits& limits) {
  if (block == nullptr || next == nullptr) return false;
  const size_t bytes = block->elements.byte_size() + next->elements.byte_size();
  if (bytes > limits.block_bytes) return false;
  if (limits.block_elements != ListLimits::kNoLimit &&
      block->elements.size() + next->elements.size() > limits.block_elements) {
    return false;
  }
  block->elements.Append(next->elements);
  Unlink(next);
  return true;
}

void Quicklist::JoinWithNeighbours(Block* block, const ListLimits& limits) {
  Join(block, block->next, limits);
  Join(block->previous, block, limits);
}

void Quicklist::CheckInvariants(const ListLimits& limits) const {
  size_t size = 0;
  size_t blocks = 0;
  const Block* previous = nullptr;
  for (const Block* block = first_; block != nullptr; previous = block, block = block->next) {
    CHECK(block->previous == previous);
    CHECK(!block->elements.empty());
    CHECK(ListpackView::IsValid(block->elements.Serialize()));
    const size_t elements = block->elements.size();
    // A listpack that became a block may have been somewhat larger.
    const size_t most_bytes = limits.block_bytes + limits.block_bytes / 4 + kElementOverhead;
    CHECK(elements == 1 || block->elements.byte_size() <= most_bytes);
    CHECK(elements == 1 || elements <= limits.block_elements);
    size += elements;
    ++blocks;
  }
  CHECK(previous == last_);
  CHECK(size == size_);
  CHECK(blocks == blocks_);
}

}  // namespace strata
