#pragma once

// Where the memory is, for INFO, MEMORY STATS and MEMORY DOCTOR.

#include <cstdint>

#include "base/allocator.h"
#include "server/services.h"

namespace strata {

// In bytes.
struct MemoryReport {
  AllocatorStatistics allocator;  // `allocated` is used_memory
  uint64_t peak = 0;
  uint64_t resident = 0;  // of the whole process
  uint64_t startup = 0;   // in use before the first key
  uint64_t clients = 0;   // connections with their buffers
  uint64_t keyspace = 0;  // tables and expiry wheels
  uint64_t overhead = 0;  // all that is no entry: startup, clients, keyspace
  uint64_t dataset = 0;   // the rest
};

// Walks the clients and shards: some hundred microseconds with thousands of either.
MemoryReport ReadMemory(Services& services);

// What one connection holds. Reads only its atomic fields and its size.
uint64_t ClientBytes(const Client& client);

// 0 if the divisor is.
double Ratio(uint64_t part, uint64_t whole);
inline int64_t Difference(uint64_t a, uint64_t b) {
  return static_cast<int64_t>(a) - static_cast<int64_t>(b);
}

}  // namespace strata
