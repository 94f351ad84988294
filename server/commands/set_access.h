#pragma once

// How the families of sets open the set of a key.

#include <optional>

#include "server/command_context.h"
#include "server/commands/collection_replies.h"
#include "server/value_limits.h"
#include "storage/set_value.h"

namespace strata {

inline SetLimits SetLimitsOf(const CommandContext& c) {
  return SetLimitsOf(c.options(), c.services.keyspace.hash_seed());
}

}  // namespace strata
