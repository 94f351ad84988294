#pragma once

#include <string_view>

#include "storage/entry.h"

namespace strata {

// As TYPE answers and SCAN's TYPE expects.
constexpr std::string_view ValueTypeName(ValueType type) {
  switch (type) {
    case ValueType::kString:
      return "string";
    case ValueType::kList:
      return "list";
    case ValueType::kSet:
      return "set";
    case ValueType::kSortedSet:
      return "zset";
    case ValueType::kHash:
      return "hash";
    case ValueType::kStream:
      return "stream";
  }
  return "unknown";
}

}  // namespace strata
