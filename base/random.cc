#include "base/random.h"

#include <sys/random.h>

#include "base/check.h"

namespace strata {

uint64_t RandomSeed() {
  uint64_t seed = 0;
  CHECK(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

}  // namespace strata
