#pragma once

// A digest of what is stored, equal for equal data whatever the order of keys and the server: byte
// for byte Redis's DEBUG DIGEST, so that the two can be compared.

#include "base/sha1.h"
#include "storage/keyspace.h"

namespace strata {

// Of one value, with whether it expires (but not when). All zeros stand for no value.
Sha1Digest DigestValue(const Entry& entry);

// Of all databases. Locks each shard in turn: stop the world for the digest of one moment.
Sha1Digest DigestKeyspace(Keyspace& keyspace);

}  // namespace strata
