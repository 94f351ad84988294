#pragma once

// What OBJECT and DEBUG OBJECT say about an entry.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "storage/collection.h"

namespace strata {

// In Redis's words. Redis keeps strings up to 44 bytes in one allocation with their header, and
// calls that "embstr".
inline std::string_view EncodingName(const Entry& entry) {
  constexpr size_t kLongestEmbedded = 44;
  if (entry.is_collection()) return CollectionEncodingName(entry.collection());
  if (entry.string_encoding() == StringEncoding::kInteger) return "int";
  bool embedded =
      entry.string_encoding() == StringEncoding::kInline && StringLength(entry) <= kLongestEmbedded;
  return embedded ? "embstr" : "raw";
}

inline int64_t IdleSeconds(const Entry& entry, int64_t now_ms) {
  return entry.use().IdleSeconds(now_ms / 1000);
}

}  // namespace strata
