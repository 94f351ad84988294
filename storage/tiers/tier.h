#pragma once

// A place below memory where values lie under names: asked now, answering later. What the bytes
// mean is not its business; nor are keys.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace strata {

// Of one request; the asker's own number for it.
using TierTicket = uint64_t;

enum class TierOutcome : uint8_t {
  kDone,     // what was asked for is done; a value that was asked for comes with it
  kAbsent,   // there is no such value
  kRefused,  // it does not take the value now: it is full
  kLost,     // nobody knows: the connection broke, or no answer came in time
};

class TierListener {
 public:
  virtual ~TierListener() = default;
  // `value` is good until this returns. May ask again.
  virtual void OnDone(TierTicket ticket, TierOutcome outcome, std::string_view value) = 0;
};

// One I/O thread's way to a tier. Each request that it accepts (true) is answered once, on the same
// thread, and never before the call returns. What is asked for goes out at the end of a round.
class Tier {
 public:
  virtual ~Tier() = default;
  // Whether requests have a chance now.
  virtual bool IsUp() const = 0;
  [[nodiscard]] virtual bool Load(TierTicket ticket, std::string_view name) = 0;
  // Only the first `bytes` of it: fewer if it is shorter.
  [[nodiscard]] virtual bool LoadHead(TierTicket ticket, std::string_view name, size_t bytes) = 0;
  // It may drop the value once it has expired (unix ms).
  [[nodiscard]] virtual bool Store(TierTicket ticket, std::string_view name, std::string_view value,
                                   std::optional<int64_t> expiry_ms) = 0;
  // Done too if there was no such value.
  [[nodiscard]] virtual bool Erase(TierTicket ticket, std::string_view name) = 0;
};

}  // namespace strata
