#include "storage/hyperloglog_sparse.h"

#include <array>
#include <bit>
#include <cstring>

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

// The run that covers a register.
struct Place {
  size_t offset;
  std::optional<size_t> previous;  // offset of the run before it
  size_t first;                    // register
  Run run;
};

constexpr uint64_t EachByte(uint8_t byte) {
  return byte * uint64_t{0x0101010101010101};
}

constexpr size_t kEight = 8;

// Runs of one byte each, one after another.
struct ShortRuns {
  size_t size;    // in bytes
  size_t length;  // in registers
};

// Those that stand at the beginning of eight bytes, up to a run of two.
ShortRuns ReadShortRuns(const char* at) {
  uint64_t runs;
  std::memcpy(&runs, at, sizeof(runs));
  uint64_t are_ranks = runs & EachByte(0x80);
  uint64_t are_many_zeroes = ~runs & runs << 1 & EachByte(0x80);
  uint64_t ranks_mask = (are_ranks >> 7) * 0xff;
  uint64_t lengths = runs & ((ranks_mask & EachByte(0x03)) | (~ranks_mask & EachByte(0x3f)));
  lengths += EachByte(1);
  size_t size = kEight;
  if (are_many_zeroes != 0) {
    size = static_cast<size_t>(std::countr_zero(are_many_zeroes)) / 8;
    lengths &= (uint64_t{1} << size * 8) - 1;
  }
  constexpr uint64_t kEvenBytes = 0x00ff00ff00ff00ff;
  uint64_t pairs = (lengths & kEvenBytes) + (lengths >> 8 & kEvenBytes);
  return {size, pairs * 0x0001000100010001 >> 48};
}

// A run's length and size out of its first two bytes, without a branch, which could only be
// guessed: whether the zeroes between two elements take one byte or two is chance.
struct Step {
  size_t size;
  size_t length;
};

Step ReadStep(const char* at) {
  constexpr std::array<uint16_t, 4> kLengthBits = {0x3f00, 0x3fff, 0x0300, 0x0300};
  constexpr std::array<uint8_t, 4> kShift = {8, 0, 8, 8};
  const unsigned head = static_cast<uint8_t>(at[0]);
  const unsigned both = head << 8 | static_cast<uint8_t>(at[1]);
  const unsigned kind = head >> 6;
  return {1 + size_t{kind == 1}, size_t{(both & kLengthBits[kind]) >> kShift[kind]} + 1};
}

// Nothing if the runs end before the register. This is what most of PFADD's time goes to.
std::optional<Place> Locate(std::string_view bytes, size_t index) {
  // Fewer bytes are of fewer than two hundred elements: most runs of zeroes are of two bytes, at
  // which eights would stop.
  constexpr size_t kLeastForEights = 512;
  const bool by_eights = bytes.size() >= kLeastForEights;
  size_t at = kHeaderBytes;
  size_t first = 0;
  std::optional<size_t> previous;
  while (at + 1 < bytes.size()) {
    if (by_eights && bytes.size() - at >= kEight) {
      ShortRuns runs = ReadShortRuns(bytes.data() + at);
      if (runs.size > 0 && first + runs.length <= index) {
        first += runs.length;
        at += runs.size;
        previous = at - 1;
        continue;
      }
    }
    const Step step = ReadStep(bytes.data() + at);
    if (index < first + step.length) break;
    previous = at;
    first += step.length;
    at += step.size;
  }
  std::optional<Run> run = ReadRun(bytes, at);
  if (!run || index >= first + run->length) return std::nullopt;
  return Place{at, previous, first, *run};
}

// Neighbours of the same rank become one run, from `at` on, as far as one can hold them.
void JoinRuns(std::string& bytes, size_t at) {
  for (int i = 0; i < kRunsToJoin && at < bytes.size(); ++i) {
    std::optional<Run> run = ReadRun(bytes, at);
    if (!run) return;
    if (run->kind == RunKind::kRanks) {
      std::optional<Run> next = ReadRun(bytes, at + run->size);
      if (next && next->kind == RunKind::kRanks && next->rank == run->rank &&
          run->length + next->length <= kLongestRanks) {
        bytes[at] = RunOfRanks(run->rank, run->length + next->length);
        bytes.erase(at + 1, 1);
        continue;  // the joined run may join the one behind it
      }
    }
    at += run->size;
  }
}

// The run of `place` with one register raised.
std::string SplitRun(const Place& place, Position position) {
  std::string runs;
  auto append_rest = [&](size_t length) {
    if (length == 0) return;
    if (place.run.kind == RunKind::kRanks) {
      runs += RunOfRanks(place.run.rank, length);
    } else {
      AppendRunOfZeroes(runs, length);
    }
  };
  append_rest(position.index - place.first);
  runs += RunOfRanks(position.rank, 1);
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

void AppendRunOfZeroes(std::string& bytes, size_t length) {
  size_t n = length - 1;
  if (length <= kLongestZeroes) {
    bytes += static_cast<char>(n);
  } else {
    bytes += static_cast<char>(0x40 | n >> 8);
    bytes += static_cast<char>(n & 0xff);
  }
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
    std::string runs = SplitRun(*place, position);
    if (runs.size() > run.size && bytes.size() + runs.size() - run.size > max_bytes) {
      return SparseResult::kTooBig;
    }
    bytes.replace(place->offset, run.size, runs);
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
