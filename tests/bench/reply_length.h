#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/number.h"

namespace strata::bench {

// How many bytes the reply at the front of `bytes` takes, RESP2 or RESP3; 0 if its end is not there
// yet, nothing if it is no reply. Only for replies that are not known beforehand: a long array that
// comes in pieces is gone through again with each piece.
inline std::optional<size_t> ReplyLength(std::string_view bytes) {
  size_t at = 0;
  for (uint64_t wanted = 1; wanted > 0; wanted--) {
    size_t line_end = bytes.find("\r\n", at);
    if (line_end == std::string_view::npos) return 0;
    char type = bytes[at];
    std::string_view line = bytes.substr(at + 1, line_end - at - 1);
    at = line_end + 2;
    if (std::string_view("+-:_#,(").find(type) != std::string_view::npos) continue;
    auto count = ParseInt64(line);
    if (!count || *count < -1) return std::nullopt;
    switch (type) {
      case '$':
      case '!':
      case '=':
        if (*count >= 0) at += static_cast<size_t>(*count) + 2;
        if (at > bytes.size()) return 0;
        break;
      case '*':
      case '~':
      case '>':
        if (*count > 0) wanted += static_cast<uint64_t>(*count);
        break;
      case '%':
        if (*count > 0) wanted += 2 * static_cast<uint64_t>(*count);
        break;
      default:
        return std::nullopt;
    }
  }
  return at;
}

}  // namespace strata::bench
