#pragma once

#include <cstdint>
#include <string_view>

namespace strata {

// A key and its hash, computed once. Borrows the bytes.
struct KeyRef {
  std::string_view bytes;
  uint64_t hash = 0;
};

}  // namespace strata
