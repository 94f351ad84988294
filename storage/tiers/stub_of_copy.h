#pragma once

// A copy that the run before has left below, as the entry that its key gets: a stub.

#include <cstdint>
#include <string_view>

#include "storage/rdb_load.h"
#include "storage/tiers/envelope.h"

namespace strata {

// Null if the copy has expired by `now_ms`, or is of no type that is moved below. The value's form
// in memory, of which the head says only part, is guessed until it is loaded.
OwnedEntry StubOfCopy(const tiers::EnvelopeHead& head, std::string_view key, int64_t now_ms);

}  // namespace strata
