#include "storage/sorted_set_value.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

using Pairs = std::vector<std::pair<std::string, double>>;

constexpr SortedSetLimits kLimits{.packed_entries = 128, .packed_member_bytes = 64, .hash_seed = 7};

// An entry with a sorted set.
struct Holder {
  explicit Holder(const SortedSetLimits& limits_in = kLimits)
      : limits(limits_in), entry(SortedSetValue::NewEntry("key")), value(*entry, limits) {}
  ~Holder() { Entry::Delete(entry); }

  Pairs All(Direction direction = Direction::kForward) const {
    Pairs pairs;
    value.Visit(0, value.size(), direction,
                [&](std::string_view member, double score) { pairs.emplace_back(member, score); });
    return pairs;
  }
  bool packed() const { return entry->collection().encoding == CollectionEncoding::kPacked; }

  SortedSetLimits limits;
  Entry* entry;
  SortedSetValue value;
};

// The same in the dumbest way.
class Model {
 public:
  void Set(const std::string& member, double score) { scores_[member] = score; }
  bool Erase(const std::string& member) { return scores_.erase(member) == 1; }
  Pairs All() const {
    std::set<std::pair<double, std::string>> order;
    for (const auto& [member, score] : scores_) order.insert({score, member});
    Pairs pairs;
    for (const auto& [score, member] : order) pairs.emplace_back(member, score);
    return pairs;
  }

 private:
  std::map<std::string, double> scores_;
};

TEST_CASE("a new sorted set is empty and packed") {
  Holder set;
  CHECK(set.value.size() == 0);
  CHECK(set.packed());
  CHECK_FALSE(set.value.Score("a"));
  CHECK_FALSE(set.value.Rank("a"));
  CHECK_FALSE(set.value.Erase("a"));
  CHECK(set.All().empty());
}

TEST_CASE("a sorted set keeps every kind of score") {
  const bool packed = GENERATE(true, false);
  Holder set({.packed_entries = packed ? size_t{128} : 0, .hash_seed = 7});
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> scores = {-infinity,
                                      -1e300,
                                      -9007199254740993.0,
                                      -1.5,
                                      -1e-320,
                                      -0.0,
                                      1e-320,
                                      0.1,
                                      1,
                                      255,
                                      4096,
                                      1e17,
                                      1e18,
                                      9.3e18,
                                      1e300,
                                      std::numeric_limits<double>::max(),
                                      infinity};
  for (size_t i = 0; i < scores.size(); ++i) {
    CHECK(set.value.Set("m" + std::to_string(i), scores[i]) == ScoreChange::kAdded);
  }
  for (size_t i = 0; i < scores.size(); ++i) {
    CHECK(set.value.Score("m" + std::to_string(i)) == scores[i]);
    CHECK(set.value.Rank("m" + std::to_string(i)) == i);
  }
  CHECK(std::signbit(*set.value.Score("m5")) != packed);
  CHECK(set.packed() == packed);
}

TEST_CASE("a sorted set becomes a table one past its limits") {
  Holder set({.packed_entries = 3, .packed_member_bytes = 5, .hash_seed = 7});
  for (const char* member : {"a", "b", "12345"}) set.value.Set(member, 1);
  CHECK(set.packed());
  SECTION("by another element") {
    set.value.Set("a", 2);
    CHECK(set.packed());
    set.value.Set("d", 0);
    CHECK(set.All() == Pairs{{"d", 0}, {"12345", 1}, {"b", 1}, {"a", 2}});
  }
  SECTION("by a longer member") {
    set.value.Erase("a");
    CHECK(set.packed());
    set.value.Set("123456", 0);
    CHECK(set.All() == Pairs{{"123456", 0}, {"12345", 1}, {"b", 1}});
  }
  CHECK_FALSE(set.packed());
  set.value.EraseRange(0, set.value.size());
  CHECK(set.value.size() == 0);
  CHECK_FALSE(set.packed());
}

TEST_CASE("an update is asked for the new score and tells what it did") {
  Holder set;
  CHECK(set.value.Update("a", [](std::optional<double> before) {
    CHECK_FALSE(before);
    return std::optional<double>();
  }) == ScoreChange::kNone);
  CHECK(set.value.size() == 0);
  CHECK(set.value.Set("a", 1) == ScoreChange::kAdded);
  CHECK(set.value.Set("a", 1) == ScoreChange::kNone);
  CHECK(set.value.Update("a", [](std::optional<double> before) {
    return std::optional(*before + 1);
  }) == ScoreChange::kUpdated);
  CHECK(set.value.Score("a") == 2);
}

void CompareAll(const Holder& set, const Model& model) {
  set.value.CheckInvariants();
  Pairs expected = model.All();
  REQUIRE(set.All() == expected);
  for (size_t rank = 0; rank < expected.size(); ++rank) {
    if (set.value.Rank(expected[rank].first) != rank) FAIL("rank of " << expected[rank].first);
  }
  std::reverse(expected.begin(), expected.end());
  REQUIRE(set.All(Direction::kBackward) == expected);
}

void CompareRanges(const Holder& set, const Model& model, Random& random) {
  const Pairs pairs = model.All();
  auto count = [&](auto before) {
    return static_cast<size_t>(std::count_if(pairs.begin(), pairs.end(), before));
  };
  for (int i = 0; i < 30; ++i) {
    const auto score = static_cast<double>(random.Below(60));
    CHECK(set.value.RankOf(ScoreBound{score, BoundKind::kInclusive}) ==
          count([&](const auto& pair) { return pair.second < score; }));
    CHECK(set.value.RankOf(ScoreBound{score, BoundKind::kExclusive}) ==
          count([&](const auto& pair) { return pair.second <= score; }));
    if (pairs.empty()) continue;
    const size_t first = random.Below(pairs.size());
    const size_t size = random.Below(pairs.size() - first + 1);
    Pairs part;
    set.value.Visit(first, size, Direction::kForward,
                    [&](std::string_view m, double s) { part.emplace_back(m, s); });
    CHECK(part == Pairs(pairs.begin() + static_cast<ptrdiff_t>(first),
                        pairs.begin() + static_cast<ptrdiff_t>(first + size)));
  }
}

TEST_CASE("a sorted set holds what a map holds after random changes, in both forms") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  const uint64_t members = GENERATE(20u, 120u, 1'000u);
  CAPTURE(seed, members);
  Random random(seed);
  Holder set;
  Model model;
  for (int i = 0; i < static_cast<int>(members) * 8; ++i) {
    // Numbers and text: a listpack stores some members as integers.
    std::string member = std::to_string(random.Below(members));
    if (random.Below(2) == 0) member = "m" + member;
    if (random.Below(4) == 0) {
      if (set.value.Erase(member) != model.Erase(member)) FAIL("erasing " << member);
    } else {
      const double score = static_cast<double>(random.Below(200)) / 4;
      set.value.Set(member, score);
      model.Set(member, score);
    }
    if (random.Below(members) == 0) CompareAll(set, model);
  }
  CompareAll(set, model);
  CompareRanges(set, model, random);
}

TEST_CASE("places among equal scores are found by member in both forms") {
  const size_t size = GENERATE(0u, 100u, 5'000u);
  Holder set;
  for (size_t i = 0; i < size; ++i) set.value.Set(std::to_string(i * 2), 0);
  Pairs pairs = set.All();
  for (size_t i = 0; i < size; i += 7) {
    const std::string member = std::to_string(i);
    auto before = std::count_if(pairs.begin(), pairs.end(),
                                [&](const auto& pair) { return pair.first < member; });
    auto not_behind = std::count_if(pairs.begin(), pairs.end(),
                                    [&](const auto& pair) { return pair.first <= member; });
    LexBound bound{.member = member};
    CHECK(set.value.RankOf(bound) == static_cast<size_t>(before));
    bound.kind = BoundKind::kExclusive;
    CHECK(set.value.RankOf(bound) == static_cast<size_t>(not_behind));
  }
  CHECK(set.value.RankOf(LexBound{.end = LexBound::End::kLowest}) == 0);
  CHECK(set.value.RankOf(LexBound{.end = LexBound::End::kHighest}) == size);
}

TEST_CASE("a scan of a sorted set visits every element once") {
  const size_t size = GENERATE(1u, 128u, 129u, 5'000u);
  Holder set;
  for (size_t i = 0; i < size; ++i) set.value.Set("m" + std::to_string(i), static_cast<double>(i));
  std::map<std::string, int> seen;
  uint64_t cursor = 0;
  do {
    cursor =
        set.value.Scan(cursor, 10, [&](std::string_view m, double) { ++seen[std::string(m)]; });
  } while (cursor != 0);
  CHECK(seen.size() == size);
  for (const auto& [member, times] : seen) {
    if (times != 1) FAIL(member << " seen " << times << " times");
  }
  CHECK(set.value.Scan(~uint64_t{0}, 10, [](std::string_view, double) {}) == 0);
}

TEST_CASE("a copy of a sorted set is one of its own") {
  const size_t size = GENERATE(5u, 500u);
  Holder set;
  for (size_t i = 0; i < size; ++i) set.value.Set("m" + std::to_string(i), static_cast<double>(i));
  const Pairs before = set.All();
  Entry* copied = Entry::Copy(*set.entry, "copy", std::nullopt);
  SortedSetValue copy(*copied, set.limits);
  set.value.EraseRange(0, size);
  CHECK(copy.size() == size);
  copy.CheckInvariants();
  Pairs pairs;
  copy.VisitAll([&](std::string_view m, double s) { pairs.emplace_back(m, s); });
  CHECK(pairs == before);
  Entry::Delete(copied);
}

TEST_CASE("a thousand elements of a sorted set take little memory") {
  Holder set;
  Random random(3);
  for (int i = 0; i < 1'000; ++i) {
    set.value.Set("member:" + std::to_string(100'000 + i), static_cast<double>(random.Below(1e6)));
  }
  const size_t bytes = SortedSetBytes(set.entry->collection(), 0);
  CHECK(bytes < 75'000);
  const size_t estimated = SortedSetBytes(set.entry->collection(), 5);
  CHECK(estimated == bytes);
}

}  // namespace
}  // namespace strata
