#pragma once

// What CACHE.TIER STATUS and INFO tell of the tier below memory: the same figures under the same
// names.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/services.h"
#include "server/tiers/tier_servers.h"

namespace strata {

// A number and its name, as "clean-demotions".
struct TierFigure {
  std::string_view name;
  uint64_t value;
};

struct TierReport {
  std::string_view name;
  std::string_view kind;
  std::string_view state;
  std::vector<TierFigure> figures;
  std::vector<TierServerReport> servers;
};

// REQUIRES: the configuration has a tier. Takes shards' locks.
TierReport ReadTierReport(const Services& services);

// Whether values may go there.
enum class TierGate : uint8_t {
  kOpen,
  kFull,       // it has refused one, a moment ago
  kUnclaimed,  // the names there are not this server's yet (storage/tiers/tier_lease.h)
  kForeign,    // they are another's
};
// "down": no server can be reached; "foreign", "full", "starting": as the gate is; "degraded": some
// thread cannot reach some server; else "up".
std::string_view StateOf(const std::vector<TierServerReport>& servers, TierGate gate);
std::vector<TierFigure> FiguresOf(const TierServerReport& server);
std::string_view NameOf(CircuitBreaker::State state);

}  // namespace strata
