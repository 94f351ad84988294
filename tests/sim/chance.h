#pragma once

// Choices of a simulation, from its one source of randomness.

#include <cstdint>
#include <initializer_list>

#include "base/random.h"

namespace strata::sim {

// Uniform, of what is given.
template <class T>
T OneOf(Random& random, std::initializer_list<T> choices) {
  return *(choices.begin() + random.Below(choices.size()));
}

inline bool Chance(Random& random, int percent) {
  return random.Below(100) < static_cast<uint64_t>(percent);
}

// In [1, most].
inline int64_t UpTo(Random& random, int64_t most) {
  return 1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(most)));
}

}  // namespace strata::sim
