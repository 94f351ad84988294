#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace strata {

// Who gets a share of things that cannot be divided.
struct Claimant {
  uint64_t weight = 1;
  uint64_t most = 0;  // it can take
  uint64_t held = 0;  // by it already
};

// How many of `total` each gets: in proportion to the weights, except that nobody gets more than it
// can take, and what it leaves goes to the others likewise. So each gets the whole part of its
// share, and some get one more (the method of largest remainders): those first that hold it
// already, so that nothing moves for the sake of rounding, then by the remainder, then the earlier.
// REQUIRES: what they can take is `total` together; weights are positive, and their sum times
// `total` is below 2^64.
std::vector<uint64_t> Apportion(uint64_t total, std::span<const Claimant> claimants);

}  // namespace strata
