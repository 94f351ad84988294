#pragma once

// Where a tier's definition says that its keys are.

#include <cstdint>
#include <memory>
#include <optional>

#include "base/result.h"
#include "config/tier_definition.h"
#include "storage/tiers/key_ring.h"

namespace strata {

// Null if it names no keys. `writing_id`: the key that writes; nothing: the last one. Errors name
// file or variable, and the line; never what stands in it.
Result<std::shared_ptr<const tiers::KeyRing>> ReadKeys(const TierDefinition& definition,
                                                       std::optional<uint32_t> writing_id);

}  // namespace strata
