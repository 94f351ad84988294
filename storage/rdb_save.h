#pragma once

#include "storage/entry.h"
#include "storage/rdb_format.h"

namespace strata {

// The oldest form for a value that keeps all of it: redis-server 7.0 reads them all, but for hashes
// with expiring fields (7.4).
RdbType RdbTypeOf(const Entry& entry);
// Writes the value, without its type. Expiry and key are the caller's.
void SaveValue(const Entry& entry, RdbWriter& writer);

// What DUMP answers. REQUIRES: the lock of the entry's shard.
std::string DumpValue(const Entry& entry, Compression compression);

}  // namespace strata
