#include "storage/intset.h"

#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/random.h"

namespace strata {
namespace {

std::vector<int64_t> IntegersOf(IntSetView integers) {
  std::vector<int64_t> all;
  for (size_t i = 0; i < integers.size(); ++i) all.push_back(integers.At(i));
  return all;
}

// Small numbers first, wider ones the wider `bits` is; both signs.
int64_t RandomInteger(Random& random, int bits) {
  auto value = static_cast<int64_t>(random.Next());
  return value >> (64 - bits);
}

TEST_CASE("an intset behaves as a sorted set of integers under random changes") {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    IntSet integers;
    std::set<int64_t> model;
    for (int step = 0; step < 1000; ++step) {
      int bits = step < 400 ? 8 : step < 600 ? 20 : step < 800 ? 40 : 64;
      int64_t value = RandomInteger(random, bits);
      if (random.Below(3) == 0) {
        REQUIRE(integers.Remove(value) == (model.erase(value) == 1));
      } else {
        REQUIRE(integers.Add(value) == model.insert(value).second);
      }
      int64_t probe = RandomInteger(random, bits);
      REQUIRE(integers.Contains(probe) == model.contains(probe));
      REQUIRE(integers.LowerBound(probe) ==
              static_cast<size_t>(std::distance(model.begin(), model.lower_bound(probe))));
    }
    REQUIRE(IntegersOf(integers) == std::vector<int64_t>(model.begin(), model.end()));
    REQUIRE(integers.Minimum() == *model.begin());
    REQUIRE(integers.Maximum() == *model.rbegin());
    REQUIRE(IntSetView::IsValid(integers.bytes()));
    while (!model.empty()) {
      REQUIRE(integers.Remove(*model.begin()));
      model.erase(model.begin());
    }
    REQUIRE(integers.empty());
  }
}

TEST_CASE("an intset takes the width of its widest integer") {
  struct Row {
    int64_t value;
    size_t width;
  };
  const Row kRows[] = {{0, 2},         {INT16_MAX, 2},     {INT16_MIN, 2},     {INT16_MAX + 1, 4},
                       {INT32_MIN, 4}, {INT32_MAX, 4},     {2'147'483'648, 8}, {INT64_MIN, 8},
                       {INT64_MAX, 8}, {-2'147'483'649, 8}};
  for (const Row& row : kRows) {
    CAPTURE(row.value);
    IntSet integers;
    integers.Add(5);
    integers.Add(row.value);
    REQUIRE(integers.bytes().size() == 8 + 2 * row.width);
    REQUIRE(integers.Contains(5));
    REQUIRE(integers.Contains(row.value));
  }
}

TEST_CASE("an intset is copied and kept as a pointer") {
  IntSet integers;
  for (int64_t i = 0; i < 100; ++i) integers.Add(i * i * i * i * i);
  IntSetView view = integers;
  IntSet copy(view);
  REQUIRE(copy.bytes() == integers.bytes());
  IntSet adopted = IntSet::Adopt(std::move(copy).Leak());
  REQUIRE(IntegersOf(adopted) == IntegersOf(integers));
}

TEST_CASE("the bytes of an intset are Redis's, and damaged ones are refused") {
  IntSet integers;
  integers.Add(3);
  integers.Add(-2);
  std::string bytes("\2\0\0\0\2\0\0\0\xfe\xff\3\0", 12);
  REQUIRE(integers.bytes() == bytes);
  REQUIRE(IntSetView::IsValid(bytes));
  for (size_t size = 0; size < bytes.size(); ++size) {
    REQUIRE_FALSE(IntSetView::IsValid(std::string_view(bytes).substr(0, size)));
  }
  REQUIRE_FALSE(IntSetView::IsValid(bytes + "x"));
  std::string odd_width = bytes;
  odd_width[0] = 3;
  REQUIRE_FALSE(IntSetView::IsValid(odd_width));
  std::string huge_count = bytes;
  huge_count[7] = '\xff';
  REQUIRE_FALSE(IntSetView::IsValid(huge_count));
  REQUIRE_FALSE(IntSetView::IsValid(std::string_view("\2\0\0\0\2\0\0\0\3\0\3\0", 12)));
  REQUIRE_FALSE(IntSetView::IsValid(std::string_view("\2\0\0\0\2\0\0\0\3\0\2\0", 12)));
}

}  // namespace
}  // namespace strata
