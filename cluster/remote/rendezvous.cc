#include "cluster/remote/rendezvous.h"

#include "base/hash.h"

namespace strata {
namespace {

// Not secret, since it must not change: who chooses keys can choose them to lie on one server.
constexpr uint64_t kNameSeed = 0x5374726174614e61;
constexpr uint64_t kKeySeed = 0x5374726174614b65;
constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;

}  // namespace

uint64_t RendezvousHash(uint64_t key_hash, uint64_t server_hash) {
  return FoldedMultiply(key_hash ^ server_hash, kOdd);
}

uint64_t ServerHash(std::string_view name) {
  return Hash64(name, kNameSeed);
}

size_t ChooseServer(std::string_view key, std::span<const uint64_t> server_hashes) {
  if (server_hashes.size() == 1) return 0;
  const uint64_t key_hash = Hash64(key, kKeySeed);
  size_t best = 0;
  uint64_t best_score = 0;
  for (size_t i = 0; i < server_hashes.size(); ++i) {
    const uint64_t score = RendezvousHash(key_hash, server_hashes[i]);
    if (score < best_score) continue;
    best = i;
    best_score = score;
  }
  return best;
}

}  // namespace strata
