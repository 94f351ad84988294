#include "storage/list_value.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "base/random.h"
#include "storage/collection.h"

namespace strata {
namespace {

// A list and its model: the same changes to both.
class ListModel {
 public:
  ListModel(uint64_t seed, const ListLimits& limits)
      : random_(seed), limits_(limits), entry_(ListValue::NewEntry("key")) {}
  ~ListModel() { Entry::Delete(entry_); }

  void Change() {
    switch (random_.Below(10)) {
      case 0:
      case 1:
      case 2:
        return Push();
      case 3:
      case 4:
        return Pop();
      case 5:
        return Set();
      case 6:
      case 7:
        return Insert();
      case 8:
        return Remove();
      default:
        return EraseRange();
    }
  }

  // Few different texts, so that some are found; integers, empty and large ones
  // among them.
  std::string RandomText() {
    const uint64_t kind = random_.Below(20);
    if (kind < 6) return std::to_string(random_.Below(10));
    if (kind < 8) return std::to_string(static_cast<int64_t>(random_.Next()));
    if (kind == 8) return "";
    if (kind == 9) return std::string(random_.Below(limits_.block_bytes * 2), 'x');
    return std::string(random_.Below(60), static_cast<char>('a' + random_.Below(3)));
  }

  void Push() {
    std::vector<std::string> texts(1 + random_.Below(4));
    for (std::string& text : texts) text = RandomText();
    const ListEnd end = RandomEnd();
    for (const std::string& text : texts) {
      end == ListEnd::kFront ? model_.push_front(text) : model_.push_back(text);
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    list().Push(end, views);
  }

  void Pop() {
    const ListEnd end = RandomEnd();
    const size_t count = std::min<size_t>(random_.Below(4), model_.size());
    std::vector<std::string> popped;
    list().Pop(end, count,
               [&](const ListpackElement& element) { popped.push_back(Text(element)); });
    REQUIRE(popped.size() == count);
    for (const std::string& text : popped) {
      REQUIRE(text == (end == ListEnd::kFront ? model_.front() : model_.back()));
      end == ListEnd::kFront ? model_.pop_front() : model_.pop_back();
    }
  }

  void Set() {
    const std::string text = RandomText();
    const int64_t size = Size();
    const int64_t index = static_cast<int64_t>(random_.Below(model_.size() * 2 + 2)) - size - 1;
    const bool there = index >= -size && index < size;
    REQUIRE(list().At(index).has_value() == there);
    REQUIRE(list().Set(index, text) == there);
    if (there) model_[static_cast<size_t>(index < 0 ? index + size : index)] = text;
  }

  void Insert() {
    const std::string pivot = RandomText();
    const std::string text = RandomText();
    const InsertSide side = random_.Below(2) == 0 ? InsertSide::kBefore : InsertSide::kAfter;
    auto found = std::find(model_.begin(), model_.end(), pivot);
    REQUIRE(list().Insert(side, pivot, text) == (found != model_.end()));
    if (found != model_.end()) model_.insert(side == InsertSide::kAfter ? found + 1 : found, text);
  }

  void Remove() {
    const std::string text = RandomText();
    const size_t most = 1 + random_.Below(3);
    const ListEnd from = RandomEnd();
    size_t removed = 0;
    if (from == ListEnd::kBack) std::reverse(model_.begin(), model_.end());
    for (auto at = model_.begin(); at != model_.end() && removed < most;) {
      if (*at != text) {
        ++at;
        continue;
      }
      at = model_.erase(at);
      ++removed;
    }
    if (from == ListEnd::kBack) std::reverse(model_.begin(), model_.end());
    REQUIRE(list().RemoveMatching(text, most, from) == removed);
  }

  void EraseRange() {
    const size_t first = random_.Below(model_.size() + 1);
    const size_t most = random_.Below(20) == 0 ? model_.size() : 6;
    const size_t count = std::min<size_t>(random_.Below(most + 1), model_.size() - first);
    list().EraseRange(first, count);
    const auto begin = model_.begin() + static_cast<int64_t>(first);
    model_.erase(begin, begin + static_cast<int64_t>(count));
  }

  void Compare() {
    list().CheckInvariants();
    REQUIRE(list().size() == model_.size());
    REQUIRE(All(ListEnd::kFront, 0) == std::vector<std::string>(model_.begin(), model_.end()));
    const size_t skip = random_.Below(model_.size() + 1);
    REQUIRE(All(ListEnd::kBack, skip) ==
            std::vector<std::string>(model_.rbegin() + static_cast<int64_t>(skip), model_.rend()));
    for (int64_t i = -Size() - 1; i <= Size(); i += 1 + static_cast<int64_t>(random_.Below(9))) {
      const auto element = list().At(i);
      REQUIRE(element.has_value() == (i >= -Size() && i < Size()));
      if (element) REQUIRE(Text(*element) == model_[static_cast<size_t>(i < 0 ? i + Size() : i)]);
    }
  }

  void CompareCopy() {
    Entry* copy = Entry::Copy(*entry_, "copy", std::nullopt);
    std::swap(copy, entry_);
    Compare();
    Entry::Delete(copy);
  }

  bool packed() const { return entry_->collection().encoding == CollectionEncoding::kPacked; }
  size_t size() const { return model_.size(); }

 private:
  static std::string Text(const ListpackElement& element) {
    DigitScratch scratch;
    return std::string(element.Text(scratch));
  }
  ListValue list() { return ListValue(*entry_, limits_); }
  int64_t Size() const { return static_cast<int64_t>(model_.size()); }
  ListEnd RandomEnd() { return random_.Below(2) == 0 ? ListEnd::kFront : ListEnd::kBack; }
  std::vector<std::string> All(ListEnd from, size_t skip) {
    std::vector<std::string> all;
    list().Visit(from, skip, model_.size() - skip,
                 [&](const ListpackElement& element) { all.push_back(Text(element)); });
    return all;
  }

  Random random_;
  ListLimits limits_;
  Entry* entry_;
  std::deque<std::string> model_;
};

std::string_view EncodingOf(const Entry& entry) {
  return CollectionEncodingName(entry.collection());
}

// Entries that a test makes, deleted at its end.
struct OwnedEntry {
  Entry* entry = ListValue::NewEntry("key");
  ~OwnedEntry() { Entry::Delete(entry); }
};

TEST_CASE("a list behaves as a deque under random changes") {
  const uint64_t seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  const ListLimits limits =
      GENERATE(ListLimits{100, ListLimits::kNoLimit}, ListLimits{400, ListLimits::kNoLimit},
               ListLimits{8192, 1}, ListLimits{8192, 5}, ListLimits::FromOption(-1));
  CAPTURE(seed, limits.block_bytes, limits.block_elements);
  ListModel model(seed, limits);
  size_t packed = 0;
  constexpr size_t kRounds = 300;
  for (size_t round = 0; round < kRounds; ++round) {
    for (int i = 0; i < 10; ++i) model.Change();
    model.Compare();
    if (round % 50 == 0) model.CompareCopy();
    packed += model.packed() ? 1 : 0;
    while (round % 100 == 99 && model.size() > 0) model.EraseRange();
  }
  CHECK(packed < kRounds);
}

TEST_CASE(
    "a list leaves its listpack for a quicklist, and goes back at half "
    "the limit") {
  OwnedEntry owned;
  ListValue list(*owned.entry, ListLimits::FromOption(4));
  for (const char* text : {"a", "b", "c", "d"}) list.Push(ListEnd::kBack, text);
  CHECK(EncodingOf(*owned.entry) == "listpack");
  list.Push(ListEnd::kBack, "e");
  CHECK(EncodingOf(*owned.entry) == "quicklist");
  list.Pop(ListEnd::kBack, 2, [](const ListpackElement&) {});
  CHECK(EncodingOf(*owned.entry) == "quicklist");
  list.Pop(ListEnd::kFront, 1, [](const ListpackElement&) {});
  CHECK(EncodingOf(*owned.entry) == "listpack");
}

TEST_CASE("a list whose single element is larger than a block is a quicklist") {
  OwnedEntry owned;
  ListValue list(*owned.entry, ListLimits::FromOption(-2));
  list.Push(ListEnd::kFront, std::string(8186, 'x'));
  CHECK(EncodingOf(*owned.entry) == "quicklist");
  list.Set(0, "small");
  CHECK(EncodingOf(*owned.entry) == "listpack");
  list.Set(0, std::string(100'000, 'x'));
  CHECK(EncodingOf(*owned.entry) == "quicklist");
  CHECK(list.At(0)->bytes.size() == 100'000);
}

TEST_CASE("list limits follow the option") {
  CHECK(ListLimits::FromOption(-1).block_bytes == 4096);
  CHECK(ListLimits::FromOption(-5).block_bytes == 65536);
  CHECK(ListLimits::FromOption(-99).block_bytes == 65536);
  CHECK(ListLimits::FromOption(-2).block_elements == ListLimits::kNoLimit);
  CHECK(ListLimits::FromOption(128).block_elements == 128);
  CHECK(ListLimits::FromOption(0).block_elements == 1);
}

TEST_CASE(
    "a long list is compact, whatever end it grew at and wherever it "
    "lost elements") {
  OwnedEntry owned;
  ListValue list(*owned.entry, ListLimits::FromOption(-2));
  constexpr size_t kElements = 50'000;
  for (size_t i = 0; i < kElements; ++i) {
    list.Push(i % 2 == 0 ? ListEnd::kFront : ListEnd::kBack,
              i % 10 == 0 ? "kept-text" : "gone-text");
  }
  CHECK(CollectionBytes(owned.entry->collection(), 0) < kElements * 12);
  CHECK(list.RemoveMatching("gone-text", kElements, ListEnd::kBack) == kElements / 10 * 9);
  CHECK(list.size() == kElements / 10);
  CHECK(CollectionBytes(owned.entry->collection(), 0) < kElements / 10 * 16);
  list.CheckInvariants();
}

TEST_CASE("a list is made of the blocks it consists of") {
  OwnedEntry owned;
  const ListLimits limits = ListLimits::FromOption(2);
  ListValue list(*owned.entry, limits);
  for (int i = 0; i < 5; ++i) list.Push(ListEnd::kBack, std::to_string(i));
  std::vector<Listpack> blocks;
  ForEachListBlock(owned.entry->collection(),
                   [&](ListpackView block) { blocks.emplace_back(block); });
  CHECK(blocks.size() == 3);
  Entry* made =
      Entry::NewCollection("made", ListValue::FromBlocks(std::move(blocks), limits), std::nullopt);
  CHECK(EncodingOf(*made) == "quicklist");
  CHECK(ListValue(*made, limits).size() == 5);
  CHECK(ListValue(*made, limits).At(-1)->integer == 4);
  ListValue(*made, limits).CheckInvariants();
  Entry::Delete(made);
}

}  // namespace
}  // namespace strata
