#include "base/mutex.h"

#include <emmintrin.h>

namespace strata {

// The three-state futex lock of Drepper, "Futexes Are Tricky" (2004), section 5, after a short
// spin.
void SpinMutex::LockSlow() {
  constexpr int kSpins = 200;
  for (int i = 0; i < kSpins; ++i) {
    uint32_t expected = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_weak(expected, kHeld, std::memory_order_acquire)) {
      return;
    }
    _mm_pause();
  }
  while (state_.exchange(kHeldWithSleepers, std::memory_order_acquire) != kFree) {
    state_.wait(kHeldWithSleepers, std::memory_order_relaxed);
  }
}

}  // namespace strata
