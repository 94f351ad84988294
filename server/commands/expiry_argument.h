#pragma once

// Times in arguments (SET … EX 10, EXPIREAT key 1700000000) to what the store keeps: unix
// milliseconds. Every function that fails has answered with the error.

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocol/argument_reader.h"
#include "server/command_context.h"

namespace strata {

enum class TimeUnit : uint8_t { kSeconds, kMilliseconds };
enum class TimeOrigin : uint8_t { kNow, kEpoch };

struct TimeFormat {
  TimeUnit unit;
  TimeOrigin origin;
};

// Redis is of two minds: SET refuses times that are not positive, EXPIRE deletes the key.
enum class PastTime : uint8_t { kRefused, kAllowed };

// "ERR invalid expire time in 'set' command", by the command that runs.
void ReplyInvalidExpiry(CommandContext& c);

std::optional<int64_t> ParseExpiryMs(CommandContext& c, std::string_view amount, TimeFormat format,
                                     PastTime past);

// The last word of SET and GETEX about the key's expiry.
enum class Lifetime : uint8_t { kUnsaid, kEx, kPx, kExAt, kPxAt, kKeepTtl, kPersist };

struct LifetimeOption {
  Lifetime lifetime = Lifetime::kUnsaid;
  std::string_view amount;  // of the four with a time

  bool timed() const { return lifetime >= Lifetime::kEx && lifetime <= Lifetime::kPxAt; }
};

// Steps over EX, PX, EXAT or PXAT with their time, if the option has not said another word yet
// (the same one again is no error in Redis; the last counts).
bool TakeTimedLifetime(ArgumentReader& reader, LifetimeOption& option);
// The same for a word without a time.
bool TakeBareLifetime(ArgumentReader& reader, std::string_view word, Lifetime lifetime,
                      LifetimeOption& option);

// REQUIRES: option.timed().
std::optional<int64_t> LifetimeExpiryMs(CommandContext& c, const LifetimeOption& option);

}  // namespace strata
