#include "base/memory_budget.h"

namespace strata {

bool MemoryMeter::Read() {
  // Many threads write to the budget's cache line, so not for every small change.
  constexpr int64_t kStepBytes = 16 * 1024;
  const ThreadAllocations now = ReadThreadAllocations();
  const auto allocated = static_cast<int64_t>(now.allocated - told_.allocated);
  const auto freed = static_cast<int64_t>(now.freed - told_.freed);
  if (allocated < kStepBytes && freed < kStepBytes) return false;
  told_ = now;
  return budget_.Add(allocated, freed);
}

}  // namespace strata
