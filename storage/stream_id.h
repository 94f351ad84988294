#pragma once

// The name of a stream's entry: a time and a number within it, written "1526919030474-55".

#include <charconv>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace strata {

struct StreamId {
  uint64_t ms = 0;
  uint64_t sequence = 0;

  // clang-tidy 14 takes the 0 that the compiler compares with for a pointer.
  auto operator<=>(const StreamId&) const = default;  // NOLINT(modernize-use-nullptr)

  static constexpr StreamId Max() {
    constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
    return {kMax, kMax};
  }
  constexpr bool is_zero() const { return ms == 0 && sequence == 0; }

  // The ids next to it; nothing beyond the first and the last there can be.
  constexpr std::optional<StreamId> Next() const {
    if (sequence != Max().sequence) return StreamId{ms, sequence + 1};
    if (ms != Max().ms) return StreamId{ms + 1, 0};
    return std::nullopt;
  }
  constexpr std::optional<StreamId> Previous() const {
    if (sequence != 0) return StreamId{ms, sequence - 1};
    if (ms != 0) return StreamId{ms - 1, Max().sequence};
    return std::nullopt;
  }
};

// Room for an id as text: two numbers of up to 20 digits.
struct StreamIdScratch {
  char text[48];
};
inline std::string_view FormatStreamId(const StreamId& id, StreamIdScratch& scratch,
                                       char separator = '-') {
  char* const end = scratch.text + sizeof(scratch.text);
  char* out = std::to_chars(scratch.text, end, id.ms).ptr;
  *out++ = separator;
  out = std::to_chars(out, end, id.sequence).ptr;
  return {scratch.text, static_cast<size_t>(out - scratch.text)};
}

}  // namespace strata
