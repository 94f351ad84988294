#include "storage/list_value.h"

#include <type_traits>

#include "base/allocator.h"
#include "base/check.h"

namespace strata {
namespace {

const Quicklist& BlocksOf(const Collection& collection) {
  return *static_cast<const Quicklist*>(collection.pointer);
}

}  // namespace

Entry* ListValue::NewEntry(std::string_view key, std::optional<int64_t> expiry_ms) {
  return Entry::NewCollection(
      key, {ValueType::kList, CollectionEncoding::kPacked, Listpack().Leak()}, expiry_ms);
}

Collection ListValue::FromBlocks(std::vector<Listpack> blocks, const ListLimits& limits) {
  if (blocks.size() == 1 && limits.Allow(blocks[0].byte_size(), blocks[0].size())) {
    return {ValueType::kList, CollectionEncoding::kPacked, std::move(blocks[0]).Leak()};
  }
  auto* list = new Quicklist;
  for (Listpack& block : blocks) list->AppendBlock(std::move(block));
  return {ValueType::kList, CollectionEncoding::kTable, list};
}

template <class Change>
auto ListValue::ChangeList(Change&& change) {
  Listpack elements = Listpack::Adopt(pointer());
  if constexpr (std::is_void_v<decltype(change(elements))>) {
    change(elements);
    entry_.SetCollection(CollectionEncoding::kPacked, std::move(elements).Leak());
  } else {
    auto result = change(elements);
    entry_.SetCollection(CollectionEncoding::kPacked, std::move(elements).Leak());
    return result;
  }
}

// A single text is judged as Redis does it, without what an element takes beside its text.
void ListValue::MakeRoom(std::span<const std::string_view> texts) {
  const ListpackView elements = list();
  constexpr size_t kLeastOverhead = 2;
  size_t bytes = elements.byte_size() + (texts.size() - 1) * kLeastOverhead;
  for (std::string_view text : texts) bytes += text.size();
  if (limits_.Allow(bytes, elements.size() + texts.size())) return;
  auto* blocks = new Quicklist;
  blocks->AppendBlock(Listpack::Adopt(pointer()));
  entry_.SetCollection(CollectionEncoding::kTable, blocks);
}

void ListValue::Shrink() {
  if (packed()) return;
  Quicklist& from = blocks();
  if (from.blocks() != 1) return;
  if (!limits_.AllowHalf(from.first()->elements.byte_size(), from.size())) return;
  Listpack only = from.TakeOnlyBlock();
  delete &from;
  entry_.SetCollection(CollectionEncoding::kPacked, std::move(only).Leak());
}

void ListValue::Push(ListEnd end, std::span<const std::string_view> texts) {
  if (packed()) MakeRoom(texts);
  if (!packed()) {
    for (std::string_view text : texts) blocks().Push(end, text, limits_);
    return;
  }
  ChangeList([&](Listpack& elements) {
    if (end == ListEnd::kBack) {
      elements.PushBack(texts);
    } else if (texts.size() == 1) {
      elements.PushFront(texts[0]);
    } else {
      const std::vector<std::string_view> reversed(texts.rbegin(), texts.rend());
      elements.Insert(elements.First(), std::span(reversed));
    }
  });
}

ListpackElement ListValue::EndElement(ListEnd end) const {
  const ListpackView elements =
      packed()
          ? list()
          : ListpackView((end == ListEnd::kFront ? blocks().first() : blocks().last())->elements);
  return elements.Read(end == ListEnd::kFront ? elements.First()
                                              : elements.Previous(elements.End()));
}

void ListValue::PopOne(ListEnd end) {
  if (!packed()) {
    blocks().Pop(end);
    return Shrink();
  }
  ChangeList([end](Listpack& elements) {
    end == ListEnd::kFront ? elements.PopFront() : elements.PopBack();
  });
}

ListValue::Cursor ListValue::CursorAt(size_t index) const {
  if (packed()) {
    const ListpackView elements = list();
    return {nullptr, elements, elements.At(static_cast<int64_t>(index))};
  }
  const Quicklist::Place place = blocks().At(index);
  return {place.block, place.block->elements, place.position};
}

std::optional<ListpackElement> ListValue::At(int64_t index) const {
  const auto count = static_cast<int64_t>(size());
  if (index < 0) index += count;
  if (index < 0 || index >= count) return std::nullopt;
  return CursorAt(static_cast<size_t>(index)).ReadForward();
}

bool ListValue::Set(int64_t index, std::string_view text) {
  const auto count = static_cast<int64_t>(size());
  if (index < 0) index += count;
  if (index < 0 || index >= count) return false;
  if (packed()) MakeRoom(std::span(&text, 1));
  if (packed()) {
    ChangeList([&](Listpack& elements) { elements.Replace(elements.At(index), text); });
  } else {
    blocks().Replace(blocks().At(static_cast<size_t>(index)), text, limits_);
    Shrink();
  }
  return true;
}

bool ListValue::Insert(InsertSide side, std::string_view pivot, std::string_view text) {
  const ListNeedle needle(pivot);
  size_t index = 0;
  bool found = false;
  Visit(ListEnd::kFront, 0, size(), [&](const ListpackElement& element) {
    found = needle.Matches(element);
    if (!found) ++index;
    return !found;
  });
  if (!found) return false;
  if (packed()) MakeRoom(std::span(&text, 1));
  if (packed()) {
    ChangeList([&](Listpack& elements) {
      elements.Insert(
          elements.At(static_cast<int64_t>(index + (side == InsertSide::kAfter ? 1 : 0))), text);
    });
    return true;
  }
  Quicklist::Place place = blocks().At(index);
  if (side == InsertSide::kAfter) place.position = place.block->elements.Next(place.position);
  blocks().Insert(place, text, limits_);
  return true;
}

size_t ListValue::RemoveMatching(std::string_view text, size_t most, ListEnd from) {
  const ListNeedle needle(text);
  if (packed()) {
    return ChangeList(
        [&](Listpack& elements) { return strata::RemoveMatching(elements, needle, most, from); });
  }
  const size_t removed = blocks().RemoveMatching(needle, most, from, limits_);
  Shrink();
  return removed;
}

void ListValue::EraseRange(size_t first, size_t count) {
  if (packed()) {
    return ChangeList(
        [&](Listpack& elements) { elements.EraseRange(static_cast<int64_t>(first), count); });
  }
  blocks().EraseRange(first, count, limits_);
  Shrink();
}

void ListValue::CheckInvariants() const {
  if (!packed()) return blocks().CheckInvariants(limits_);
  CHECK(ListpackView::IsValid(list().Serialize()));
}

void FreeList(const Collection& collection) {
  if (collection.encoding == CollectionEncoding::kPacked) {
    Listpack::Adopt(collection.pointer);
  } else {
    delete &BlocksOf(collection);
  }
}

Collection CopyList(const Collection& collection) {
  Collection copy = collection;
  if (collection.encoding == CollectionEncoding::kPacked) {
    copy.pointer = Listpack(ListpackView(collection.pointer)).Leak();
    return copy;
  }
  auto* blocks = new Quicklist;
  ForEachListBlock(collection, [&](ListpackView block) { blocks->AppendBlock(Listpack(block)); });
  copy.pointer = blocks;
  return copy;
}

size_t ListSize(const Collection& collection) {
  if (collection.encoding != CollectionEncoding::kPacked) return BlocksOf(collection).size();
  return ListpackView(collection.pointer).size();
}

size_t ListBytes(const Collection& collection, size_t samples) {
  if (collection.encoding == CollectionEncoding::kPacked) {
    return ListpackView(collection.pointer).AllocatedBytes();
  }
  const Quicklist& list = BlocksOf(collection);
  size_t sampled = 0;
  size_t bytes = 0;
  for (const auto* block = list.first(); block != nullptr && (samples == 0 || sampled < samples);
       block = block->next, ++sampled) {
    bytes += AllocationSize(sizeof(*block)) + block->elements.AllocatedBytes();
  }
  if (sampled > 0) bytes = bytes * list.blocks() / sampled;
  return AllocationSize(sizeof(list)) + bytes;
}

}  // namespace strata
