#include "storage/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "storage/hyperloglog_sparse.h"

namespace strata::hyperloglog {
namespace {

constexpr std::string_view kMagic = "HYLL";
constexpr size_t kFormOffset = 4;
constexpr size_t kCountOffset = 8;
constexpr uint64_t kStaleBit = uint64_t{1} << 63;

constexpr int kIndexBits = 14;
constexpr int kMaxRank = 64 - kIndexBits + 1;
static_assert(kRegisters == size_t{1} << kIndexBits);

// How many registers have each rank.
using Histogram = std::array<uint32_t, 64>;

// MurmurHash64A (Austin Appleby, public domain) with Redis's seed: positions must be the same on
// every server that the bytes may come to.
uint64_t ElementHash(std::string_view bytes) {
  constexpr uint64_t kSeed = 0xadc83b19;
  constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
  constexpr int kShift = 47;
  uint64_t hash = kSeed ^ bytes.size() * kMultiplier;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; p += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    word *= kMultiplier;
    word ^= word >> kShift;
    hash = (hash ^ word * kMultiplier) * kMultiplier;
  }
  if (left > 0) {
    uint64_t rest = 0;
    std::memcpy(&rest, p, left);
    hash = (hash ^ rest) * kMultiplier;
  }
  hash = (hash ^ hash >> kShift) * kMultiplier;
  return hash ^ hash >> kShift;
}

uint8_t DenseRegister(const char* bytes, uint32_t index) {
  size_t bit = size_t{index} * kRankBits;
  const char* at = bytes + kHeaderBytes + bit / 8;
  unsigned shift = bit % 8;
  unsigned word = static_cast<uint8_t>(at[0]);
  // The last register ends with the bytes.
  if (shift > 8 - kRankBits) word |= static_cast<unsigned>(static_cast<uint8_t>(at[1])) << 8;
  return static_cast<uint8_t>(word >> shift & 0x3f);
}

void SetDenseRegister(char* bytes, uint32_t index, uint8_t rank) {
  size_t bit = size_t{index} * kRankBits;
  char* at = bytes + kHeaderBytes + bit / 8;
  unsigned shift = bit % 8;
  unsigned mask = 0x3fu << shift;
  unsigned value = static_cast<unsigned>(rank) << shift;
  at[0] = static_cast<char>((static_cast<uint8_t>(at[0]) & ~mask) | value);
  if (shift > 8 - kRankBits) {
    at[1] = static_cast<char>((static_cast<uint8_t>(at[1]) & ~(mask >> 8)) | value >> 8);
  }
}

// Eight registers are 48 bits; these two move them to a byte each and back, by halves.
uint64_t Spread(uint64_t packed) {
  uint64_t x = (packed & 0xffffff) | (packed << 8 & 0x00ffffff00000000);
  x = (x & 0x00000fff00000fff) | (x << 4 & 0x0fff00000fff0000);
  return (x & 0x003f003f003f003f) | (x << 2 & 0x3f003f003f003f00);
}

uint64_t Gather(uint64_t spread) {
  uint64_t x = (spread & 0x003f003f003f003f) | (spread >> 2 & 0x0fc00fc00fc00fc0);
  x = (x & 0x00000fff00000fff) | (x >> 4 & 0x00fff00000fff000);
  return (x & 0xffffff) | (x >> 8 & 0xffffff000000);
}

constexpr size_t kGroup = 8;
constexpr size_t kGroupBytes = kGroup * kRankBits / 8;

Registers UnpackDense(std::string_view bytes) {
  Registers registers;
  const char* at = bytes.data() + kHeaderBytes;
  for (size_t index = 0; index < kRegisters; index += kGroup, at += kGroupBytes) {
    // Not one copy of six bytes, which would go through memory.
    uint32_t low;
    uint16_t high;
    std::memcpy(&low, at, sizeof(low));
    std::memcpy(&high, at + sizeof(low), sizeof(high));
    uint64_t spread = Spread(uint64_t{high} << 32 | low);
    std::memcpy(&registers[index], &spread, kGroup);
  }
  return registers;
}

// Sums of Ertl's estimator: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
// sketches", 2017 (arXiv:1702.01284), algorithm 6. Both are summed until they no longer change.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double weight = 1;
  double sum = x;
  double before;
  do {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  } while (before != sum);
  return sum;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double weight = 1;
  double sum = 1 - x;
  double before;
  do {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  } while (before != sum);
  return sum / 3;
}

uint64_t Estimate(const Histogram& histogram) {
  constexpr double kAlpha = 0.721347520444481703680;  // 1 / (2 ln 2)
  constexpr auto kCount = static_cast<double>(kRegisters);
  double z = kCount * Tau((kCount - histogram[kMaxRank]) / kCount);
  for (size_t rank = kMaxRank - 1; rank >= 1; --rank) z = (z + histogram[rank]) * 0.5;
  z += kCount * Sigma(histogram[0] / kCount);
  return static_cast<uint64_t>(std::llround(kAlpha * kCount * kCount / z));
}

uint64_t HeaderCount(std::string_view bytes) {
  uint64_t count;
  std::memcpy(&count, bytes.data() + kCountOffset, sizeof(count));
  return count;
}

}  // namespace

std::optional<Form> FormOf(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  switch (bytes[kFormOffset]) {
    case 0:
      return bytes.size() == kDenseBytes ? std::optional(Form::kDense) : std::nullopt;
    case 1:
      return Form::kSparse;
    default:
      return std::nullopt;
  }
}

std::string Empty() {
  std::string bytes(kMagic);
  bytes.resize(kHeaderBytes);
  bytes[kFormOffset] = static_cast<char>(Form::kSparse);
  bytes += {'\x7f', '\xff'};  // one run of 16,384 zeroes
  return bytes;
}

Position PositionOf(std::string_view element) {
  uint64_t hash = ElementHash(element);
  auto index = static_cast<uint32_t>(hash & (kRegisters - 1));
  // A one behind the last bit ends the count of zeroes.
  uint64_t rest = hash >> kIndexBits | uint64_t{1} << (kMaxRank - 1);
  return {index, static_cast<uint8_t>(std::countr_zero(rest) + 1)};
}

bool RaiseDense(char* bytes, Position position) {
  if (DenseRegister(bytes, position.index) >= position.rank) return false;
  SetDenseRegister(bytes, position.index, position.rank);
  return true;
}

AddResult Raise(std::string& bytes, Position position, size_t sparse_max_bytes) {
  if (bytes[kFormOffset] == static_cast<char>(Form::kSparse)) {
    switch (RaiseSparse(bytes, position, sparse_max_bytes)) {
      case SparseResult::kUnchanged:
        return AddResult::kUnchanged;
      case SparseResult::kChanged:
        return AddResult::kChanged;
      case SparseResult::kCorrupt:
        return AddResult::kCorrupt;
      case SparseResult::kTooBig:
        if (!MakeDense(bytes)) return AddResult::kCorrupt;
    }
  }
  return RaiseDense(bytes.data(), position) ? AddResult::kChanged : AddResult::kUnchanged;
}

bool MakeDense(std::string& bytes) {
  if (bytes[kFormOffset] == static_cast<char>(Form::kDense)) return true;
  Registers registers{};
  if (!MergeInto(registers, bytes)) return false;
  SetDense(bytes, registers);
  return true;
}

std::optional<uint64_t> CachedCount(std::string_view bytes) {
  uint64_t count = HeaderCount(bytes);
  if ((count & kStaleBit) != 0) return std::nullopt;
  return count;
}

void CacheCount(char* bytes, uint64_t count) {
  std::memcpy(bytes + kCountOffset, &count, sizeof(count));
}

void ForgetCount(char* bytes) {
  CacheCount(bytes, HeaderCount({bytes, kHeaderBytes}) | kStaleBit);
}

std::optional<uint64_t> Count(std::string_view bytes) {
  if (bytes[kFormOffset] == static_cast<char>(Form::kDense)) return Count(UnpackDense(bytes));
  Histogram histogram{};
  bool whole = VisitRuns(bytes, [&](size_t, const Run& run) { histogram[run.rank] += run.length; });
  if (!whole) return std::nullopt;
  return Estimate(histogram);
}

uint64_t Count(const Registers& registers) {
  // Neighbours often have the same rank: several histograms keep one addition from waiting for the
  // last one's store.
  constexpr size_t kParts = 4;
  std::array<Histogram, kParts> parts{};
  for (size_t i = 0; i < kRegisters; i += kParts) {
    for (size_t j = 0; j < kParts; ++j) ++parts[j][registers[i + j]];
  }
  Histogram sum{};
  for (const Histogram& part : parts) {
    for (size_t rank = 0; rank < sum.size(); ++rank) sum[rank] += part[rank];
  }
  return Estimate(sum);
}

bool MergeInto(Registers& registers, std::string_view bytes) {
  if (bytes[kFormOffset] == static_cast<char>(Form::kDense)) {
    Registers others = UnpackDense(bytes);
    for (size_t i = 0; i < kRegisters; ++i) registers[i] = std::max(registers[i], others[i]);
    return true;
  }
  return VisitRuns(bytes, [&](size_t first, const Run& run) {
    for (size_t i = first; i < first + run.length; ++i) {
      registers[i] = std::max(registers[i], run.rank);
    }
  });
}

void SetDense(std::string& bytes, const Registers& registers) {
  bytes.resize(kDenseBytes);
  bytes[kFormOffset] = static_cast<char>(Form::kDense);
  char* at = bytes.data() + kHeaderBytes;
  for (size_t index = 0; index < kRegisters; index += kGroup, at += kGroupBytes) {
    uint64_t spread;
    std::memcpy(&spread, &registers[index], kGroup);
    uint64_t packed = Gather(spread);
    std::memcpy(at, &packed, kGroupBytes);
  }
}

}  // namespace strata::hyperloglog
