#pragma once

// The one door to the allocator (jemalloc, or the C library under sanitizers; docs/adr/0001).

#include <cstddef>
#include <cstdint>
#include <string>

namespace strata {

// Never null: throws std::bad_alloc.
void* AllocateBytes(size_t size);
// The same, aligned to 64 bytes. REQUIRES: size is a multiple of 64.
void* AllocateCacheLines(size_t size);
// `size` as it was asked for: jemalloc then needs no look-up.
void FreeBytes(void* memory, size_t size);
// What the allocator really sets aside for a request of `size` bytes.
size_t AllocationSize(size_t size);

// In bytes, as of now. Fields follow jemalloc: what the program asked for, the pages that hold it,
// and what is resident.
struct AllocatorStatistics {
  uint64_t allocated = 0;
  uint64_t active = 0;
  uint64_t resident = 0;
  uint64_t retained = 0;  // reserved from the system, not resident
  uint64_t dirty = 0;     // free pages, not yet returned
};
AllocatorStatistics ReadAllocatorStatistics();
// Moves the bytes of an allocation that shares its pages with few others to where there are more,
// so that pages become empty; returns where they are now, or null if they stay. `size` as it was
// asked for, not aligned specially. Always null where the allocator cannot tell. Some 100 ns.
void* MoveIfSparse(void* memory, size_t size);
// What the calling thread has allocated so far, and freed, be it others'. Costs a few nanoseconds.
// Always 0 where the allocator cannot tell.
struct ThreadAllocations {
  uint64_t allocated = 0;
  uint64_t freed = 0;
};
ThreadAllocations ReadThreadAllocations();
// Returns free pages to the operating system.
void PurgeAllocator();
// Whether some thread does that now. Pages on their way count as dirty no more, and are resident
// still: what is resident says little then.
bool IsReturningPages();
// As INFO's mem_allocator names it.
const char* AllocatorName();
// The allocator's own account of itself, for people.
std::string AllocatorReport();

}  // namespace strata
