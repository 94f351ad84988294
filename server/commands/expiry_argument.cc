#include "server/commands/expiry_argument.h"

#include <limits>
#include <string>

namespace strata {
namespace {

constexpr int64_t kLatest = std::numeric_limits<int64_t>::max();
constexpr int64_t kEarliest = std::numeric_limits<int64_t>::min();

struct LifetimeWord {
  std::string_view word;
  Lifetime lifetime;
  TimeFormat format;
};
constexpr LifetimeWord kTimedWords[] = {
    {"ex", Lifetime::kEx, {TimeUnit::kSeconds, TimeOrigin::kNow}},
    {"px", Lifetime::kPx, {TimeUnit::kMilliseconds, TimeOrigin::kNow}},
    {"exat", Lifetime::kExAt, {TimeUnit::kSeconds, TimeOrigin::kEpoch}},
    {"pxat", Lifetime::kPxAt, {TimeUnit::kMilliseconds, TimeOrigin::kEpoch}},
};

bool MaySay(const LifetimeOption& option, Lifetime lifetime) {
  return option.lifetime == Lifetime::kUnsaid || option.lifetime == lifetime;
}

std::optional<int64_t> ToUnixMs(int64_t amount, TimeFormat format, int64_t now_ms) {
  if (format.unit == TimeUnit::kSeconds) {
    if (amount > kLatest / 1000 || amount < kEarliest / 1000) return std::nullopt;
    amount *= 1000;
  }
  if (format.origin == TimeOrigin::kEpoch) return amount;
  if (amount > kLatest - now_ms) return std::nullopt;
  return amount + now_ms;
}

}  // namespace

void ReplyInvalidExpiry(CommandContext& c) {
  c.reply.Error("ERR invalid expire time in '" + std::string(c.command.name) + "' command");
}

std::optional<int64_t> ParseExpiryMs(CommandContext& c, std::string_view amount, TimeFormat format,
                                     PastTime past) {
  std::optional<int64_t> number = ParseInt64(amount);
  if (!number) {
    c.reply.Error(errors::kNotInteger);
    return std::nullopt;
  }
  std::optional<int64_t> expiry_ms = ToUnixMs(*number, format, c.now_ms());
  if (past == PastTime::kRefused && *number <= 0) expiry_ms.reset();
  if (!expiry_ms) ReplyInvalidExpiry(c);
  const bool is_ttl = expiry_ms && format.origin == TimeOrigin::kNow;
  return is_ttl ? c.JitteredExpiryMs(c.keys[0], *expiry_ms) : expiry_ms;
}

bool TakeTimedLifetime(ArgumentReader& reader, LifetimeOption& option) {
  for (const LifetimeWord& row : kTimedWords) {
    if (!MaySay(option, row.lifetime) || !reader.Take(row.word, 1)) continue;
    option = {row.lifetime, reader.Next()};
    return true;
  }
  return false;
}

bool TakeBareLifetime(ArgumentReader& reader, std::string_view word, Lifetime lifetime,
                      LifetimeOption& option) {
  if (!MaySay(option, lifetime) || !reader.Take(word)) return false;
  option.lifetime = lifetime;
  return true;
}

std::optional<int64_t> LifetimeExpiryMs(CommandContext& c, const LifetimeOption& option) {
  size_t row = static_cast<size_t>(option.lifetime) - static_cast<size_t>(Lifetime::kEx);
  return ParseExpiryMs(c, option.amount, kTimedWords[row].format, PastTime::kRefused);
}

}  // namespace strata
