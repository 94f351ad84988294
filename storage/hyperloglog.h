#pragma once

// HyperLogLog: how many different elements were added, with a standard error of 0.81 %, out of
// 16,384 registers. An element's hash chooses a register by its low 14 bits, and the register keeps
// the greatest rank seen: one more than the count of zeroes that follow in the hash.
//
// The bytes are Redis's, so that GET, DUMP and RESTORE carry them from server to server:
//
//   byte 0  "HYLL"
//        4  form: 0 dense, 1 sparse; then three zeroes
//        8  the last count, u64, little-endian; its highest bit is set once it holds no more
//       16  dense: 6 bits per register, from the lowest bit of the first byte on: 12,304 bytes
//           sparse: runs of equal registers, storage/hyperloglog_sparse.h
//
// Functions over bytes: they know neither entries nor locks. Bytes come from clients (SET,
// RESTORE), so a sparse form may be corrupt: whatever its runs say is checked before it is
// believed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace strata::hyperloglog {

inline constexpr size_t kRegisters = 16384;
inline constexpr int kRankBits = 6;
inline constexpr size_t kHeaderBytes = 16;
inline constexpr size_t kDenseBytes = kHeaderBytes + kRegisters * kRankBits / 8;

// One byte each.
using Registers = std::array<uint8_t, kRegisters>;

enum class Form : uint8_t { kDense, kSparse };

// Nothing if the bytes are no HyperLogLog.
std::optional<Form> FormOf(std::string_view bytes);
// One that nothing was added to: sparse.
std::string Empty();

struct Position {
  uint32_t index;  // below kRegisters
  uint8_t rank;    // 1 to 51
};

Position PositionOf(std::string_view element);

enum class AddResult : uint8_t { kUnchanged, kChanged, kCorrupt };

// Raises a register to a rank unless it is there already. Leaves the count in the header alone.
// REQUIRES: kDenseBytes of the dense form.
bool RaiseDense(char* bytes, Position position);
// The same for either form. A sparse form that would exceed `sparse_max_bytes`, or cannot hold the
// rank, becomes dense.
AddResult Raise(std::string& bytes, Position position, size_t sparse_max_bytes);

// False if the sparse form is corrupt; a dense one stays.
bool MakeDense(std::string& bytes);

// The count in the header, if it still holds.
std::optional<uint64_t> CachedCount(std::string_view bytes);
void CacheCount(char* bytes, uint64_t count);
void ForgetCount(char* bytes);

// Estimates; nothing if the form is corrupt.
std::optional<uint64_t> Count(std::string_view bytes);
uint64_t Count(const Registers& registers);

// Raises each register to what the HyperLogLog has; false, with some of them raised, if it is
// corrupt.
bool MergeInto(Registers& registers, std::string_view bytes);
// Makes a HyperLogLog of either form a dense one of these registers; the count stays.
void SetDense(std::string& bytes, const Registers& registers);

}  // namespace strata::hyperloglog
