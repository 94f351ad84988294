#include "server/commands/random_count.h"

#include <limits>

namespace strata {
namespace {

constexpr std::string_view kOutOfRange = "ERR value is out of range";

}  // namespace

std::optional<RandomCount> ParseRandomCount(CommandContext& c, std::string_view values_word) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const std::optional<int64_t> count = c.Integer(2);
  if (!count) return std::nullopt;
  const bool with_values = c.arguments.size() > 3;
  std::string_view error;
  if (*count < -kMost) {
    error =
        "ERR value is out of range, value must between -9223372036854775807 and "
        "9223372036854775807";
  } else if (c.arguments.size() > 4 ||
             (with_values && !EqualsIgnoreCase(c.argument(3), values_word))) {
    error = errors::kSyntax;
  } else if (with_values && (*count < -kMost / 2 || *count > kMost / 2)) {
    error = kOutOfRange;
  }
  if (error.empty()) return RandomCount{*count, with_values};
  c.reply.Error(error);
  return std::nullopt;
}

bool RefuseEndless(CommandContext& c, const RandomCount& wanted) {
  constexpr int64_t kMostDraws = 1 << 22;
  if (wanted.count >= -kMostDraws) return false;
  c.reply.Error(kOutOfRange);
  return true;
}

}  // namespace strata
