#pragma once

#include <cstdint>
#include <vector>

#include "cluster/placement/members.h"

namespace strata {

// How many copies a member is to have. Within the bounds around it a member is in balance, and
// nothing moves for its sake.
struct CopyQuota {
  uint64_t least = 0;
  uint64_t quota = 0;
  uint64_t most = 0;
};

struct CopyQuotas {
  size_t copies = 0;  // of each partition
  // So many copies of a partition a zone has at most, as long as others have room.
  size_t zone_limit = 0;
  std::vector<CopyQuota> of_member;  // the quotas are all copies of all partitions together
};

// The copies wanted are fewer if there are fewer members. `previous` is what they have, which
// decides the rounding. REQUIRES: there is a member.
CopyQuotas ShareCopies(const Members& members, size_t copies_wanted, const CopyTable& previous);

}  // namespace strata
