#pragma once

namespace strata {

// Bring a cache line in while something else is done. GCC 12 takes a function that only prefetches
// for one without any effect and leaves its calls out; the empty assembly is the effect.
inline void PrefetchForRead(const void* address) {
  __builtin_prefetch(address);
  asm volatile("");
}
inline void PrefetchForWrite(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("");
}

}  // namespace strata
