#include "base/random.h"

#include <sys/random.h>

#include <cerrno>
#include <vector>

#include "base/check.h"
#include "base/text.h"

namespace strata {

uint64_t RandomSeed() {
  uint64_t seed = 0;
  CHECK(getrandom(&seed, sizeof(seed), 0) == sizeof(seed));
  return seed;
}

std::string RandomHexDigits(size_t digits) {
  std::vector<uint8_t> bytes((digits + 1) / 2);
  for (size_t filled = 0; filled < bytes.size();) {
    const ssize_t count = getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    CHECK(count > 0 || errno == EINTR);
    if (count > 0) filled += static_cast<size_t>(count);
  }
  return HexDigits(bytes).substr(0, digits);
}

}  // namespace strata
