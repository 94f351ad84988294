#pragma once

// The keys of a shard that are best to lose, of all that were sampled so far: so a few samples at a
// time find nearly what a comparison of all keys would (the idea is Redis's, evict.c).
//
// Keys are remembered by their hash. Whoever takes one looks whether it is still there; its rank is
// that of the moment when it was sampled.
//
// Guarded by the shard's lock.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace strata {

class EvictionPool {
 public:
  static constexpr size_t kCapacity = 16;

  struct Candidate {
    uint64_t rank;  // the highest goes first
    uint64_t hash;
    int database;
  };

  void Offer(const Candidate& candidate) {
    auto end = candidates_.begin() + static_cast<ptrdiff_t>(size_);
    const bool is_known = std::any_of(candidates_.begin(), end, [&](const Candidate& other) {
      return other.hash == candidate.hash && other.database == candidate.database;
    });
    if (is_known) return;
    if (size_ == kCapacity) {
      if (candidate.rank <= candidates_.front().rank) return;
      std::copy(candidates_.begin() + 1, end, candidates_.begin());
      --end;
      --size_;
    }
    const auto place =
        std::upper_bound(candidates_.begin(), end, candidate.rank,
                         [](uint64_t rank, const Candidate& other) { return rank < other.rank; });
    std::copy_backward(place, end, end + 1);
    *place = candidate;
    ++size_;
  }

  std::optional<Candidate> TakeBest() {
    if (size_ == 0) return std::nullopt;
    return candidates_[--size_];
  }

  // When ranks of another kind are to come.
  void Clear() { size_ = 0; }
  size_t size() const { return size_; }

 private:
  std::array<Candidate, kCapacity> candidates_;  // the first `size_`, by rank
  size_t size_ = 0;
};

}  // namespace strata
