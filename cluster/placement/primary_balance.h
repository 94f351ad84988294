#pragma once

#include "cluster/placement/members.h"

namespace strata {

// Puts a primary first in each partition's copies, so that each member is primary of its share by
// weight, as far as the copies it has allow; the others follow by id. A primary of before stays one
// if it can. `previous` has the primary first as well; a partition of it may be empty.
// REQUIRES: each partition of `table` has a copy.
void BalancePrimaries(const Members& members, const CopyTable& previous, CopyTable& table);

}  // namespace strata
