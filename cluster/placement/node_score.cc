#include "cluster/placement/node_score.h"

#include <bit>

#include "base/random.h"
#include "cluster/remote/rendezvous.h"

namespace strata {
namespace {

constexpr int kFractionBits = 32;
// So that what a division by the weight drops decides nothing: scores stay below 2^54.
constexpr int kScaleBits = 16;

// Ids and partitions are small numbers, which are to look like hashes of names.
uint64_t Scatter(uint64_t number) {
  return Random(number).Next();
}

}  // namespace

uint64_t NegativeLog2(uint64_t value) {
  constexpr uint64_t kAll = uint64_t{64} << kFractionBits;
  if (value == ~uint64_t{0}) return 0;
  ++value;
  const int whole = std::bit_width(value) - 1;
  // In [1, 2), 31 bits behind the point. Each squaring gives a bit of its logarithm (Knuth, The Art
  // of Computer Programming 1.2.2).
  uint64_t mantissa = (value << (63 - whole)) >> 32;
  uint64_t log = static_cast<uint64_t>(whole) << kFractionBits;
  for (int bit = kFractionBits - 1; bit >= 0; --bit) {
    mantissa = (mantissa * mantissa) >> 31;
    if (mantissa < uint64_t{1} << 32) continue;
    mantissa >>= 1;
    log |= uint64_t{1} << bit;
  }
  return kAll - log;
}

uint64_t NodeScore(NodeId node, uint32_t weight, size_t partition) {
  // Not the same scattering for both: node 5 would draw the same for 7 as node 7 for 5.
  const uint64_t hash = RendezvousHash(Scatter(~uint64_t{partition}), Scatter(node));
  return (NegativeLog2(hash) << kScaleBits) / weight;
}

}  // namespace strata
