#include "server/memory/defragmentation.h"

#include <algorithm>

#include "base/log.h"
#include "base/number.h"

namespace strata {

void Defragmentation::Consider(const AllocatorStatistics& memory, const Options& options) {
  if (!options.activedefrag || running() || clock_.MonotonicMs() < next_walk_ms_) return;
  const uint64_t holes = memory.active - std::min(memory.active, memory.allocated);
  const bool worth_it =
      holes > static_cast<uint64_t>(options.active_defrag_ignore_bytes) &&
      holes > memory.allocated / 100 * static_cast<uint64_t>(options.active_defrag_threshold_lower);
  if (!worth_it) return;
  LogNotice("active defragmentation begins: " + FormatInt64(static_cast<int64_t>(holes)) +
            " bytes are in holes");
  of_walk_ = {};
  running_.store(true, std::memory_order_relaxed);
}

void Defragmentation::Work(const Options& options) {
  constexpr int64_t kBudgetNs = 1'000'000;
  if (!running()) return;
  if (!options.activedefrag) return running_.store(false, std::memory_order_relaxed);
  const int64_t start_ns = clock_.StopwatchNs();
  MoveTally tally;
  int64_t now_ns = start_ns;
  bool has_more = true;
  while (has_more && DurationNs(start_ns, now_ns) < kBudgetNs) {
    has_more = walk_.Step(tally);
    now_ns = clock_.StopwatchNs();
  }
  of_walk_.moved += tally.moved;
  of_walk_.stayed += tally.stayed;
  moved_.fetch_add(tally.moved, std::memory_order_relaxed);
  stayed_.fetch_add(tally.stayed, std::memory_order_relaxed);
  worked_ns_.fetch_add(static_cast<uint64_t>(DurationNs(start_ns, now_ns)),
                       std::memory_order_relaxed);
  if (!has_more) EndWalk();
}

void Defragmentation::EndWalk() {
  constexpr int64_t kRestMs = 60'000;
  constexpr size_t kHardlyAny = 100;  // one in so many
  const size_t seen = of_walk_.moved + of_walk_.stayed;
  LogNotice("active defragmentation moved " + FormatInt64(static_cast<int64_t>(of_walk_.moved)) +
            " of " + FormatInt64(static_cast<int64_t>(seen)) + " allocations");
  if (of_walk_.moved <= seen / kHardlyAny) next_walk_ms_ = clock_.MonotonicMs() + kRestMs;
  running_.store(false, std::memory_order_relaxed);
}

}  // namespace strata
