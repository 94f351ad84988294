#include "storage/hyperloglog_sparse.h"

#include <array>

#include "storage/hyperloglog_locate.h"

namespace strata::hyperloglog {
namespace {

constexpr size_t kLongestZeroes = 64;
constexpr size_t kLongestRanks = 4;
constexpr uint8_t kGreatestRank = 32;
// From the run before the changed one on.
constexpr int kRunsToJoin = 5;

char RunOfRanks(uint8_t rank, size_t length) {
  return static_cast<char>(0x80 | (rank - 1) << 2 | (length - 1));
}

bool IsOfRanks(char head) {
  return (head & 0x80) != 0;
}

size_t SizeOf(char head) {
  return (head & 0xc0) == 0x40 ? 2 : 1;
}

// Neighbours of the same rank become one run, from `at` on, as far as one can hold them.
void JoinRuns(std::string& bytes, size_t at) {
  constexpr char kRankMask = 0x7c;
  constexpr char kLengthMask = 0x03;
  for (int i = 0; i < kRunsToJoin && at + 1 < bytes.size(); ++i) {
    const char head = bytes[at];
    const char next = bytes[at + 1];
    if (IsOfRanks(head) && IsOfRanks(next) && ((head ^ next) & kRankMask) == 0) {
      const size_t length = (head & kLengthMask) + (next & kLengthMask) + 2u;
      if (length <= kLongestRanks) {
        bytes[at] = static_cast<char>((head & ~kLengthMask) | static_cast<char>(length - 1));
        bytes.erase(at + 1, 1);
        continue;  // the joined run may join the one behind it
      }
    }
    at += SizeOf(head);
  }
}

// A few bytes of runs.
struct ShortRuns {
  std::array<char, 5> bytes;  // zeroes of two bytes, a rank, zeroes of two bytes
  size_t size = 0;

  void Append(char byte) { bytes[size++] = byte; }
  void AppendZeroes(size_t length) {
    const size_t n = length - 1;
    if (length > kLongestZeroes) Append(static_cast<char>(0x40 | n >> 8));
    Append(static_cast<char>(n & 0xff));
  }
};

// The run of `place` with one register raised.
ShortRuns SplitRun(const Place& place, Position position) {
  ShortRuns runs;
  auto append_rest = [&](size_t length) {
    if (length == 0) return;
    if (place.run.kind == RunKind::kRanks) {
      runs.Append(RunOfRanks(place.run.rank, length));
    } else {
      runs.AppendZeroes(length);
    }
  };
  append_rest(position.index - place.first);
  runs.Append(RunOfRanks(position.rank, 1));
  append_rest(place.first + place.run.length - 1 - position.index);
  return runs;
}

}  // namespace

std::optional<Run> ReadRun(std::string_view bytes, size_t offset) {
  if (offset >= bytes.size()) return std::nullopt;
  auto head = static_cast<uint8_t>(bytes[offset]);
  if ((head & 0x80) != 0) {
    auto rank = static_cast<uint8_t>((head >> 2 & 0x1f) + 1);
    return Run{RunKind::kRanks, rank, 1, (head & 0x03u) + 1};
  }
  if ((head & 0x40) == 0) return Run{RunKind::kZeroes, 0, 1, (head & 0x3fu) + 1};
  uint32_t low = offset + 1 < bytes.size() ? static_cast<uint8_t>(bytes[offset + 1]) : 0;
  return Run{RunKind::kManyZeroes, 0, 2, ((head & 0x3fu) << 8 | low) + 1};
}

SparseResult RaiseSparse(std::string& bytes, Position position, size_t max_bytes) {
  if (position.rank > kGreatestRank) return SparseResult::kTooBig;
  std::optional<Place> place = Locate(bytes, position.index);
  if (!place) return SparseResult::kCorrupt;
  const Run& run = place->run;
  if (run.rank >= position.rank) return SparseResult::kUnchanged;
  if (run.length == 1 && run.size == 1) {
    bytes[place->offset] = RunOfRanks(position.rank, 1);
  } else {
    const ShortRuns runs = SplitRun(*place, position);
    if (runs.size > run.size && bytes.size() + runs.size - run.size > max_bytes) {
      return SparseResult::kTooBig;
    }
    bytes.replace(place->offset, run.size, runs.bytes.data(), runs.size);
  }
  JoinRuns(bytes, place->previous.value_or(kHeaderBytes));
  return SparseResult::kChanged;
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
