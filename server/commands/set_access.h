#pragma once

// How the families of sets open the set of a key.

#include <optional>

#include "server/command_context.h"
#include "server/commands/collection_replies.h"
#include "storage/set_value.h"

namespace strata {

inline SetLimits SetLimitsOf(const CommandContext& c) {
  const Options& options = c.options();
  return {static_cast<size_t>(options.set_max_intset_entries),
          static_cast<size_t>(options.set_max_listpack_entries),
          static_cast<size_t>(options.set_max_listpack_value), c.services.keyspace.hash_seed()};
}

}  // namespace strata
