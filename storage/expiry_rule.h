#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace strata {

// Who may remove a key because its time is over. Where keys are copies of another server's, that
// one alone decides, by its own clock, and says so; here such a key is only hidden from those who
// look for it once its time is over (Database::Find), and stays.
//
// Asked under the lock of the key's shard: it must neither wait nor come back to the keyspace.
class ExpiryRule {
 public:
  virtual ~ExpiryRule() = default;
  virtual bool MayExpire(int database, std::string_view key) const = 0;
};

// A time at which nothing is over.
inline constexpr int64_t kNothingIsDue = std::numeric_limits<int64_t>::min();

}  // namespace strata
