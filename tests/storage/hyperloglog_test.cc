// HyperLogLogs against an array of registers. That the bytes are a redis-server's is shown by
// tests/integration/hyperloglog_test.py.

#include "storage/hyperloglog.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "base/random.h"
#include "storage/hyperloglog_locate.h"
#include "storage/hyperloglog_sparse.h"

namespace strata::hyperloglog {
namespace {

constexpr size_t kSparseMaxBytes = 3000;

Registers RegistersOf(const std::string& bytes) {
  Registers registers{};
  REQUIRE(MergeInto(registers, bytes));
  return registers;
}

std::string Name(uint64_t number) {
  return "element:" + std::to_string(number);
}

std::string EmptyDense() {
  std::string bytes = Empty();
  REQUIRE(MakeDense(bytes));
  return bytes;
}

TEST_CASE("an empty HyperLogLog is sparse and counts zero") {
  const std::string bytes = Empty();
  CHECK(bytes.size() == 18);
  CHECK(FormOf(bytes) == Form::kSparse);
  CHECK(CachedCount(bytes) == 0);
  CHECK(Count(bytes) == 0);
  CHECK(DescribeRuns(bytes) == "Z:16384");
}

TEST_CASE("registers rise to the greatest rank in both forms") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  // Few indexes next to each other make runs split and join.
  const uint32_t indexes = GENERATE(20u, 300u, 16384u);
  CAPTURE(seed, indexes);
  Random random(seed);
  std::string sparse = Empty();
  std::string dense = EmptyDense();
  Registers model{};
  for (int i = 0; i < 4000; ++i) {
    const Position position{static_cast<uint32_t>(random.Below(indexes)),
                            static_cast<uint8_t>(1 + random.Below(i < 3000 ? 8 : 51))};
    const bool rises = model[position.index] < position.rank;
    const AddResult expected = rises ? AddResult::kChanged : AddResult::kUnchanged;
    REQUIRE(Raise(sparse, position, kSparseMaxBytes) == expected);
    REQUIRE(RaiseDense(dense.data(), position) == rises);
    model[position.index] = std::max(model[position.index], position.rank);
    if (i % 100 == 0) {
      REQUIRE(RegistersOf(sparse) == model);
      REQUIRE(Count(sparse) == Count(model));
    }
  }
  CHECK(RegistersOf(sparse) == model);
  CHECK(RegistersOf(dense) == model);
  CHECK(Count(dense) == Count(model));
}

TEST_CASE("the sparse form ends at its limit and at ranks it cannot hold") {
  std::string bytes = Empty();
  CHECK(RaiseSparse(bytes, {100, 33}, kSparseMaxBytes) == SparseResult::kTooBig);
  CHECK(RaiseSparse(bytes, {100, 32}, 20) == SparseResult::kTooBig);
  CHECK(RaiseSparse(bytes, {100, 32}, 21) == SparseResult::kChanged);
  CHECK(bytes.size() == 21);
  CHECK(DescribeRuns(bytes) == "Z:100 v:32,1 Z:16283");
  REQUIRE(Raise(bytes, {100, 33}, kSparseMaxBytes) == AddResult::kChanged);
  CHECK(FormOf(bytes) == Form::kDense);
  CHECK(RegistersOf(bytes)[100] == 33);
}

TEST_CASE("neighbours of the same rank share a run of up to four") {
  std::string bytes = Empty();
  for (const uint32_t index : {0u, 2u, 1u, 3u, 4u}) {
    REQUIRE(RaiseSparse(bytes, {index, 2}, kSparseMaxBytes) == SparseResult::kChanged);
  }
  CHECK(DescribeRuns(bytes) == "v:2,4 v:2,1 Z:16379");
  REQUIRE(RaiseSparse(bytes, {1, 3}, kSparseMaxBytes) == SparseResult::kChanged);
  CHECK(DescribeRuns(bytes) == "v:2,1 v:3,1 v:2,3 Z:16379");
}

// One run after another.
std::optional<Place> LocateSlowly(const std::string& bytes, size_t index) {
  std::optional<size_t> previous;
  size_t first = 0;
  size_t at = kHeaderBytes;
  while (std::optional<Run> run = ReadRun(bytes, at)) {
    if (index < first + run->length) return Place{at, previous, first, *run};
    first += run->length;
    previous = at;
    at += run->size;
  }
  return std::nullopt;
}

TEST_CASE("a register is found in any runs, also where second bytes look like first ones") {
  const uint64_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(Empty(), 0, kHeaderBytes);
    for (uint64_t i = random.Below(40); i > 0; --i) {
      uint64_t byte = random.Next();
      if (random.Below(2) == 0) byte = (byte & 0x3f) | 0x40;
      if (random.Below(2) == 0) byte &= 0xc7;  // short, so that a register is far behind
      bytes += static_cast<char>(byte);
    }
    const size_t index = random.Below(random.Below(2) == 0 ? kRegisters : 2000);
    CAPTURE(DescribeRuns(bytes), index);
    const std::optional<Place> expected = LocateSlowly(bytes, index);
    const std::optional<Place> found = Locate(bytes, index);
    REQUIRE(found.has_value() == expected.has_value());
    if (!found) continue;
    REQUIRE(found->offset == expected->offset);
    REQUIRE(found->previous == expected->previous);
    REQUIRE(found->first == expected->first);
    REQUIRE(found->run.length == expected->run.length);
  }
}

TEST_CASE("estimates are within five standard errors") {
  std::string bytes = Empty();
  uint64_t added = 0;
  for (const uint64_t goal : {1u, 10u, 100u, 1000u, 10'000u, 100'000u, 300'000u}) {
    for (; added < goal; ++added) Raise(bytes, PositionOf(Name(added)), kSparseMaxBytes);
    const auto estimate = static_cast<double>(*Count(bytes));
    const auto real = static_cast<double>(goal);
    CAPTURE(goal, estimate);
    CHECK(std::abs(estimate - real) <= std::max(1.0, real * 5 * 0.0081));
  }
}

TEST_CASE("a count is cached until it is forgotten") {
  std::string bytes = EmptyDense();
  CacheCount(bytes.data(), 123456789);
  CHECK(CachedCount(bytes) == 123456789);
  ForgetCount(bytes.data());
  CHECK_FALSE(CachedCount(bytes));
  CHECK(FormOf(bytes) == Form::kDense);
}

TEST_CASE("bytes that are no HyperLogLog are told from those that are") {
  CHECK_FALSE(FormOf(""));
  CHECK_FALSE(FormOf("HYLL"));
  CHECK_FALSE(FormOf(std::string(16, 'x')));
  std::string bytes = Empty();
  bytes[4] = 2;
  CHECK_FALSE(FormOf(bytes));
  bytes = EmptyDense();
  CHECK(FormOf(bytes) == Form::kDense);
  CHECK_FALSE(FormOf(bytes + "x"));
  bytes.pop_back();
  CHECK_FALSE(FormOf(bytes));
}

TEST_CASE("corrupt runs are noticed and never written over") {
  const uint64_t seed = GENERATE(1u, 2u, 3u, 4u);
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(Empty(), 0, kHeaderBytes);
    for (uint64_t i = random.Below(60); i > 0; --i) bytes += static_cast<char>(random.Next());
    const std::string before = bytes;
    Registers registers{};
    const bool whole = MergeInto(registers, bytes);
    REQUIRE(Count(bytes).has_value() == whole);
    if (!whole) {
      REQUIRE_FALSE(MakeDense(bytes));
      REQUIRE(bytes == before);
    }
    for (int i = 0; i < 20; ++i) {
      const Position position{static_cast<uint32_t>(random.Below(kRegisters)),
                              static_cast<uint8_t>(1 + random.Below(40))};
      const std::string last = bytes;
      if (Raise(bytes, position, kSparseMaxBytes) == AddResult::kCorrupt) REQUIRE(bytes == last);
    }
  }
}

}  // namespace
}  // namespace strata::hyperloglog
