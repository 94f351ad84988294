#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace strata {

enum class TimeoutUnit : uint8_t { kSeconds, kMilliseconds };

// The timeout of a blocking command in milliseconds, rounded up; 0 waits for ever. Seconds may have
// a fraction, milliseconds may not. The error is the reply: no number, negative, or out of range,
// counted from `now_ms`.
Result<int64_t> ParseBlockTimeout(std::string_view text, TimeoutUnit unit, int64_t now_ms);

}  // namespace strata
