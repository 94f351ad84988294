#pragma once

#include "server/commands/hash_operations.h"
#include "server/commands/list_operations.h"
#include "server/commands/set_access.h"
#include "server/commands/sorted_set_access.h"
#include "storage/rdb_load.h"

namespace strata {

// The forms that loaded values take, by the options in effect.
inline ValueLimits ValueLimitsOf(const CommandContext& c) {
  return {HashLimitsOf(c), SetLimitsOf(c), SortedSetLimitsOf(c), ListLimitsOf(c)};
}

}  // namespace strata
