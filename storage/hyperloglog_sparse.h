#pragma once

// The sparse form of a HyperLogLog (storage/hyperloglog.h): behind the header, runs of equal
// registers, in order, which together make 16,384.
//
//   00nnnnnn             n + 1 registers are 0
//   01nnnnnn nnnnnnnn    n + 1 registers are 0, the high bits first
//   1vvvvvnn             n + 1 registers are v + 1
//
// Which of several spellings of the same registers comes about is Redis's: a changed register
// splits its run, and up to five runs from the one before are then joined with their neighbours.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "storage/hyperloglog.h"

namespace strata::hyperloglog {

enum class RunKind : uint8_t { kZeroes, kManyZeroes, kRanks };

struct Run {
  RunKind kind;
  uint8_t rank;
  uint8_t size;     // in bytes
  uint32_t length;  // in registers
};

// The run at an offset into the bytes of a whole HyperLogLog; nothing at their end. If the end cuts
// off the second byte of a run, it counts as zero: what Redis reads there is a string's terminator.
inline std::optional<Run> ReadRun(std::string_view bytes, size_t offset) {
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

// Calls `visit(first register, run)` for each run; false if they do not make 16,384 registers.
template <class Visitor>
bool VisitRuns(std::string_view bytes, Visitor&& visit) {
  size_t first = 0;
  for (size_t at = kHeaderBytes; at < bytes.size();) {
    std::optional<Run> run = ReadRun(bytes, at);
    if (!run || run->length > kRegisters - first) return false;
    visit(first, *run);
    first += run->length;
    at += run->size;
  }
  return first == kRegisters;
}

enum class SparseResult : uint8_t { kUnchanged, kChanged, kCorrupt, kTooBig };

// A few bytes for the `removed` ones from `offset` on.
struct Splice {
  static constexpr size_t kMostBytes = 17;

  size_t offset = 0;
  size_t removed = 0;
  size_t size = 0;
  std::array<char, kMostBytes> bytes;

  void Append(char byte) { bytes[size++] = byte; }
  void Append(std::string_view more) {
    std::memcpy(bytes.data() + size, more.data(), more.size());
    size += more.size();
  }
};

struct RaisePlan {
  SparseResult result;
  Splice splice;  // if changed
};

// How a HyperLogLog in the sparse form changes when a register is raised to a rank. kTooBig: only
// the dense form can do it.
RaisePlan PlanRaise(std::string_view bytes, Position position, size_t max_bytes);

// Does what is planned. kTooBig: nothing was done, the form must become dense.
SparseResult RaiseSparse(std::string& bytes, Position position, size_t max_bytes);

// The runs in words, "Z:16384" or "z:5 v:2,1 …", however many registers they make. For PFDEBUG.
std::string DescribeRuns(std::string_view bytes);

}  // namespace strata::hyperloglog
