#pragma once

// How BITFIELD, SETBIT and GETBIT read an offset in bits.

#include <cstdint>
#include <optional>
#include <string_view>

#include "server/command_context.h"

namespace strata {

inline constexpr std::string_view kBadBitOffset =
    "ERR bit offset is not an integer or out of range";

// `width` is what an offset "#3" counts in; 0 if that spelling is none. Nothing, after an error
// reply, if it lies beyond what the longest string has.
inline std::optional<uint64_t> ParseBitOffset(CommandContext& c, std::string_view text, int width) {
  bool in_fields = width > 0 && text.starts_with('#');
  std::optional<int64_t> parsed = ParseInt64(in_fields ? text.substr(1) : text);
  uint64_t unit = in_fields ? static_cast<uint64_t>(width) : 1;
  uint64_t limit = static_cast<uint64_t>(c.options().proto_max_bulk_len) * 8;
  if (!parsed || *parsed < 0 || static_cast<uint64_t>(*parsed) > (limit - 1) / unit) {
    c.reply.Error(kBadBitOffset);
    return std::nullopt;
  }
  return static_cast<uint64_t>(*parsed) * unit;
}

}  // namespace strata
