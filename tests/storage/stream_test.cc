#include "storage/stream.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

using Pairs = std::vector<std::string>;
using Model = std::map<StreamId, Pairs>;

std::vector<std::string_view> Views(const Pairs& pairs) {
  return {pairs.begin(), pairs.end()};
}

Pairs PairsOf(const StreamEntry& entry) {
  Pairs pairs;
  entry.ForEachField([&](const ListpackElement& field, const ListpackElement& value) {
    DigitScratch scratch;
    pairs.emplace_back(field.Text(scratch));
    pairs.emplace_back(value.Text(scratch));
  });
  return pairs;
}

std::vector<std::pair<StreamId, Pairs>> Read(const Stream& stream, StreamId first, StreamId last,
                                             StreamOrder order) {
  std::vector<std::pair<StreamId, Pairs>> entries;
  StreamCursor cursor(stream, first, last, order);
  while (cursor.Next()) entries.emplace_back(cursor.entry().id, PairsOf(cursor.entry()));
  return entries;
}

// Compares a stream with std::map under random changes.
class StreamModel {
 public:
  StreamModel(uint64_t seed, StreamLimits limits) : random_(seed), limits_(limits) {}

  void Change() {
    switch (random_.Below(12)) {
      case 0:
        return Erase();
      case 1:
        return Trim();
      default:
        return Append();
    }
  }

  void Check() {
    stream_.CheckInvariants();
    REQUIRE(stream_.length() == model_.size());
    REQUIRE(stream_.state().entries_added == added_);
    const StreamId first = RandomId();
    const StreamId last = RandomId();
    std::vector<std::pair<StreamId, Pairs>> expected;
    for (const auto& [id, pairs] : model_) {
      if (id >= first && id <= last) expected.emplace_back(id, pairs);
    }
    REQUIRE(Read(stream_, first, last, StreamOrder::kAscending) == expected);
    std::reverse(expected.begin(), expected.end());
    REQUIRE(Read(stream_, first, last, StreamOrder::kDescending) == expected);
    const StreamId some = RandomId();
    REQUIRE(stream_.Contains(some) == model_.contains(some));
    if (!model_.empty()) REQUIRE(stream_.LastEntryId() == model_.rbegin()->first);
  }

  void CheckCopy() {
    const Stream copy(stream_);
    copy.CheckInvariants();
    REQUIRE(Read(copy, {}, StreamId::Max(), StreamOrder::kAscending) ==
            Read(stream_, {}, StreamId::Max(), StreamOrder::kAscending));
  }

 private:
  StreamId RandomId() { return {random_.Below(last_.ms + 2), random_.Below(4)}; }

  std::string RandomText() {
    switch (random_.Below(4)) {
      case 0:
        return std::to_string(static_cast<int64_t>(random_.Next()) >> random_.Below(64));
      case 1:
        return std::string(random_.Below(200), 'x');
      default:
        return "v" + std::to_string(random_.Below(100));
    }
  }

  void Append() {
    last_ = random_.Below(2) == 0 ? StreamId{last_.ms, last_.sequence + 1 + random_.Below(2)}
                                  : StreamId{last_.ms + 1 + random_.Below(3), random_.Below(3)};
    Pairs pairs;
    for (uint64_t i = 0; i <= random_.Below(3); ++i) {
      pairs.push_back(random_.Below(4) == 0 ? "other" : "field" + std::to_string(i));
      pairs.push_back(RandomText());
    }
    stream_.Append(last_, Views(pairs), limits_);
    model_.emplace(last_, std::move(pairs));
    ++added_;
  }

  void Erase() {
    std::vector<StreamId> ids;
    for (uint64_t i = random_.Below(5); i > 0; --i) ids.push_back(RandomId());
    size_t expected = 0;
    for (const StreamId& id : ids) expected += model_.erase(id);
    REQUIRE(stream_.Erase(ids) == expected);
  }

  void Trim() {
    StreamTrim trim;
    if (random_.Below(2) == 0) {
      trim.length = random_.Below(model_.size() + 2);
      if (random_.Below(4) != 0) trim.length = model_.size() - std::min<size_t>(3, model_.size());
    } else {
      trim.by = StreamTrim::By::kId;
      trim.id = {last_.ms - std::min(last_.ms, random_.Below(60)), random_.Below(3)};
    }
    const bool exact = random_.Below(2) == 0;
    if (!exact) trim.precision = StreamTrim::Precision::kWholeBlocks;
    if (!exact && random_.Below(2) == 0) trim.limit = random_.Below(20);
    const size_t removed = stream_.Trim(trim);
    if (trim.limit != 0) REQUIRE(removed <= trim.limit);
    if (exact) {
      REQUIRE(removed == ExactlyRemoved(trim));
    } else {
      REQUIRE(removed <= ExactlyRemoved(trim));
    }
    for (size_t i = 0; i < removed; ++i) model_.erase(model_.begin());
  }

  size_t ExactlyRemoved(const StreamTrim& trim) const {
    if (trim.by == StreamTrim::By::kLength) {
      return model_.size() - std::min<size_t>(model_.size(), trim.length);
    }
    return static_cast<size_t>(std::distance(model_.begin(), model_.lower_bound(trim.id)));
  }

  Random random_;
  StreamLimits limits_;
  Stream stream_;
  Model model_;
  StreamId last_;
  uint64_t added_ = 0;
};

void AppendNumbered(Stream& stream, uint64_t from, uint64_t to) {
  for (uint64_t i = from; i <= to; ++i) {
    const std::string value = "value " + std::to_string(i);
    const std::string_view pairs[] = {"field", value};
    stream.Append({i, 0}, pairs, {});
  }
}

}  // namespace

TEST_CASE("A stream does what a map does, for random entries, deletions and trims") {
  const auto seed = GENERATE(range(uint64_t{1}, uint64_t{9}));
  const StreamLimits limits = seed % 2 == 0 ? StreamLimits{} : StreamLimits{300, 7};
  CAPTURE(seed);
  StreamModel model(seed, limits);
  for (int i = 0; i < 1500; ++i) {
    model.Change();
    if (i % 10 == 0) model.Check();
  }
  model.Check();
  model.CheckCopy();
}

TEST_CASE("A block of more than 127 entries widens its counts without losing a place") {
  Stream stream;
  const StreamLimits limits{0, 0};
  for (uint64_t i = 1; i <= 5000; ++i) {
    const std::string_view pairs[] = {"f", "v"};
    stream.Append({1, i}, pairs, limits);
  }
  stream.CheckInvariants();
  REQUIRE(stream.blocks().size() == 1);
  REQUIRE(stream.Trim({.length = 100}) == 4900);
  stream.CheckInvariants();
  REQUIRE(stream.state().first_id == StreamId{1, 4901});
}

TEST_CASE("A stream of a thousand small entries takes few bytes beside them") {
  Stream stream;
  AppendNumbered(stream, 1, 1000);
  REQUIRE(stream.blocks().size() == 10);
  REQUIRE(stream.MemoryBytes() < 27'000);
}

TEST_CASE("Blocks that are no blocks are recognised") {
  Stream stream;
  AppendNumbered(stream, 1, 20);
  const StreamId deleted[] = {{3, 0}, {7, 0}};
  stream.Erase(deleted);
  const std::string good(stream.blocks().begin()->second.list().Serialize());
  REQUIRE(StreamBlock::IsValid(good));
  Random random(7);
  size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bad =
        good.substr(0, random.Below(10) == 0 ? random.Below(good.size()) : good.size());
    if (!bad.empty()) bad[random.Below(bad.size())] = static_cast<char>(random.Next());
    if (!StreamBlock::IsValid(bad)) {
      ++refused;
      continue;
    }
    // What passes can be walked both ways.
    const StreamBlock block(bad);
    size_t entries = 0;
    for (auto position = block.FirstEntry(); position != block.End(); ++entries) {
      block.ReadForward({}, position);
    }
    for (auto position = block.End(); position != block.FirstEntry(); --entries) {
      block.ReadBackward({}, position);
    }
    REQUIRE(entries == 0);
  }
  REQUIRE(refused > 5'000);
}

TEST_CASE("A group goes on from its place, and without it after blocks were removed") {
  Stream stream;
  AppendNumbered(stream, 1, 350);
  ConsumerGroup group({}, 0);
  StreamCursor first(stream, group);
  for (int i = 0; i < 120; ++i) REQUIRE(first.Next());
  stream.Advance(group, first.entry().id);
  group.place = first.place();
  StreamCursor second(stream, group);
  REQUIRE(second.Next());
  REQUIRE(second.entry().id == StreamId{121, 0});
  REQUIRE(stream.Trim({.length = 200}) == 150);
  StreamCursor third(stream, group);
  REQUIRE(third.Next());
  REQUIRE(third.entry().id == StreamId{151, 0});
}

TEST_CASE("A group and its consumers share what is pending") {
  Random random(11);
  ConsumerGroup group({}, 0);
  Consumer* consumers[] = {&group.FindOrAddConsumer("a", 1), &group.FindOrAddConsumer("b", 1),
                           &group.FindOrAddConsumer("c", 1)};
  std::map<StreamId, std::string> model;
  for (int i = 0; i < 5'000; ++i) {
    const StreamId id{random.Below(200), 0};
    if (random.Below(3) == 0) {
      PendingEntry* pending = group.FindPending(id);
      REQUIRE((pending != nullptr) == (model.erase(id) == 1));
      if (pending != nullptr) group.ErasePending(*pending);
    } else {
      Consumer& consumer = *consumers[random.Below(3)];
      group.Assign(id, consumer);
      model[id] = consumer.name;
    }
  }
  group.CheckInvariants();
  const ConsumerGroup copy(group);
  copy.CheckInvariants();
  for (const ConsumerGroup* checked : {&std::as_const(group), &copy}) {
    std::map<StreamId, std::string> found;
    for (const PendingEntry& entry : checked->pending()) found[entry.id] = entry.consumer->name;
    REQUIRE(found == model);
  }
  const size_t of_b = consumers[1]->pending.size();
  const size_t all = group.pending().size();
  group.EraseConsumer(*consumers[1]);
  REQUIRE(group.pending().size() == all - of_b);
  group.CheckInvariants();
}

StreamTrim TrimBefore(uint64_t ms) {
  return {.by = StreamTrim::By::kId, .id = {ms, 0}};
}

TEST_CASE("A group behind a deleted entry does not know its lag until it has passed that") {
  Stream stream;
  AppendNumbered(stream, 1, 10);
  ConsumerGroup group({}, ConsumerGroup::kUnknownRead);
  CHECK(stream.Lag(group) == 10);
  for (uint64_t ms = 1; ms <= 8; ++ms) stream.Advance(group, {ms, 0});
  CHECK(group.entries_read == 8);
  CHECK(stream.Lag(group) == 2);

  const StreamId deleted[] = {{9, 0}};
  stream.Erase(deleted);
  CHECK(stream.Lag(group) == std::nullopt);
  stream.Advance(group, {10, 0});
  CHECK(group.entries_read == 10);
  CHECK(stream.Lag(group) == 0);
}

TEST_CASE("A group's lag counts what was trimmed before it was read, until the next read") {
  Stream stream;
  AppendNumbered(stream, 1, 7);
  ConsumerGroup group({5, 0}, 5);
  ConsumerGroup fresh({}, ConsumerGroup::kUnknownRead);
  stream.Trim(TrimBefore(7));
  CHECK(stream.Lag(group) == 2);
  CHECK(stream.Lag(fresh) == 1);
  stream.Advance(group, {7, 0});
  CHECK(group.entries_read == 7);
  CHECK(stream.Lag(group) == 0);
}

}  // namespace strata
