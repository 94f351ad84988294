#include "storage/hyperloglog_sparse.h"

#include <algorithm>
#include <cstring>

#include "storage/hyperloglog_locate.h"

namespace strata::hyperloglog {
namespace {

constexpr size_t kLongestZeroes = 64;
constexpr size_t kLongestRanks = 4;
constexpr uint8_t kGreatestRank = 32;
// From the run before the changed one on.
constexpr int kRunsToJoin = 5;
constexpr size_t kLongestRun = 2;
constexpr size_t kLongestSplit = 5;  // zeroes of two bytes, a rank, zeroes of two bytes

char RunOfRanks(uint8_t rank, size_t length) {
  return static_cast<char>(0x80 | (rank - 1) << 2 | (length - 1));
}

bool IsOfRanks(char head) {
  return (head & 0x80) != 0;
}

size_t SizeOf(char head) {
  return (head & 0xc0) == 0x40 ? 2 : 1;
}

void AppendZeroes(Splice& splice, size_t length) {
  const size_t n = length - 1;
  if (length > kLongestZeroes) splice.Append(static_cast<char>(0x40 | n >> 8));
  splice.Append(static_cast<char>(n & 0xff));
}

// The run of `place` with one register raised.
void AppendSplitRun(Splice& splice, const Place& place, Position position) {
  auto append_rest = [&](size_t length) {
    if (length == 0) return;
    if (place.run.kind == RunKind::kRanks) {
      splice.Append(RunOfRanks(place.run.rank, length));
    } else {
      AppendZeroes(splice, length);
    }
  };
  append_rest(position.index - place.first);
  splice.Append(RunOfRanks(position.rank, 1));
  append_rest(place.first + place.run.length - 1 - position.index);
}

// Neighbours of the same rank become one run as far as one can hold them.
void JoinRuns(Splice& splice) {
  constexpr char kRankMask = 0x7c;
  constexpr char kLengthMask = 0x03;
  char* bytes = splice.bytes.data();
  size_t at = 0;
  for (int i = 0; i < kRunsToJoin && at + 1 < splice.size; ++i) {
    const char head = bytes[at];
    const char next = bytes[at + 1];
    if (IsOfRanks(head) && IsOfRanks(next) && ((head ^ next) & kRankMask) == 0) {
      const size_t length = (head & kLengthMask) + (next & kLengthMask) + 2u;
      if (length <= kLongestRanks) {
        bytes[at] = static_cast<char>((head & ~kLengthMask) | static_cast<char>(length - 1));
        std::memmove(bytes + at + 1, bytes + at + 2, splice.size - at - 2);
        --splice.size;
        continue;  // the joined run may join the one behind it
      }
    }
    at += SizeOf(head);
  }
}

}  // namespace

RaisePlan PlanRaise(std::string_view bytes, Position position, size_t max_bytes) {
  // What joining looks at: so many runs, and a byte behind them.
  constexpr size_t kTail = kRunsToJoin * kLongestRun;
  static_assert(kLongestRun + kLongestSplit + kTail <= Splice::kMostBytes);

  if (position.rank > kGreatestRank) return {SparseResult::kTooBig, {}};
  std::optional<Place> place = Locate(bytes, position.index);
  if (!place) return {SparseResult::kCorrupt, {}};
  const Run& run = place->run;
  if (run.rank >= position.rank) return {SparseResult::kUnchanged, {}};

  RaisePlan plan{SparseResult::kChanged, {}};
  Splice& splice = plan.splice;
  splice.offset = place->previous.value_or(place->offset);
  splice.Append(bytes.substr(splice.offset, place->offset - splice.offset));
  const size_t size_before = splice.size;
  AppendSplitRun(splice, *place, position);
  const size_t split_size = splice.size - size_before;
  if (split_size > run.size && bytes.size() + split_size - run.size > max_bytes) {
    return {SparseResult::kTooBig, {}};
  }
  const size_t run_end = std::min(place->offset + run.size, bytes.size());  // it may be cut off
  const std::string_view tail = bytes.substr(run_end, kTail);
  splice.Append(tail);
  splice.removed = run_end + tail.size() - splice.offset;
  JoinRuns(splice);
  return plan;
}

SparseResult RaiseSparse(std::string& bytes, Position position, size_t max_bytes) {
  const RaisePlan plan = PlanRaise(bytes, position, max_bytes);
  if (plan.result != SparseResult::kChanged) return plan.result;
  const Splice& splice = plan.splice;
  bytes.replace(splice.offset, splice.removed, splice.bytes.data(), splice.size);
  return plan.result;
}

std::string DescribeRuns(std::string_view bytes) {
  std::string text;
  size_t at = kHeaderBytes;
  while (std::optional<Run> run = ReadRun(bytes, at)) {
    if (!text.empty()) text += ' ';
    switch (run->kind) {
      case RunKind::kZeroes:
        text += "z:";
        break;
      case RunKind::kManyZeroes:
        text += "Z:";
        break;
      case RunKind::kRanks:
        text += "v:" + std::to_string(run->rank) + ",";
    }
    text += std::to_string(run->length);
    at += run->size;
  }
  return text;
}

}  // namespace strata::hyperloglog
