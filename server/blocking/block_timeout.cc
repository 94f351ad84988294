#include "server/blocking/block_timeout.h"

#include <cmath>
#include <limits>
#include <optional>

#include "base/number.h"

namespace strata {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

}  // namespace

Result<int64_t> ParseBlockTimeout(std::string_view text, TimeoutUnit unit, int64_t now_ms) {
  int64_t timeout_ms = 0;
  if (unit == TimeoutUnit::kSeconds) {
    const std::optional<long double> seconds = ParseLongDouble(text);
    if (!seconds) return Error{"ERR timeout is not a float or out of range"};
    const long double milliseconds = std::ceil(*seconds * 1000);
    if (milliseconds > static_cast<long double>(kMost)) {
      return Error{"ERR timeout is out of range"};
    }
    const bool below = milliseconds < static_cast<long double>(kLeast);
    timeout_ms = below ? kLeast : static_cast<int64_t>(milliseconds);
  } else {
    const std::optional<int64_t> milliseconds = ParseInt64(text);
    if (!milliseconds) return Error{"ERR timeout is not an integer or out of range"};
    timeout_ms = *milliseconds;
  }
  if (timeout_ms < 0) return Error{"ERR timeout is negative"};
  if (timeout_ms > kMost - now_ms) return Error{"ERR timeout is out of range"};
  return timeout_ms;
}

}  // namespace strata
