#pragma once

// What all threads together have under way to a tier, and have done. Atomic; relaxed, since each
// figure stands alone.

#include <atomic>
#include <cstdint>

namespace strata {

// Whose the names are under which values would be put there (storage/tiers/tier_lease.h).
enum class LeaseState : uint8_t { kOurs, kUnknown, kForeign };

struct TierTraffic {
  using Count = std::atomic<uint64_t>;

  // Bytes of values that are being written below, and will be free when that is done.
  Count storing_bytes{0};
  // Of those that are written below and stay here.
  Count writing_bytes{0};
  // Copies that are to be erased, and the tier has not been asked yet.
  Count owed_erasures{0};
  // The tier has refused values as full: none is offered before (monotonic, ms).
  std::atomic<int64_t> full_until_ms{0};
  // Unless they are ours nothing is put there.
  std::atomic<LeaseState> lease{LeaseState::kOurs};
  // Of the copies to come.
  Count next_stamp{0};
  // Not all copies are known yet that the run before left (storage/tiers/tier_mover_seek.cc).
  std::atomic<bool> is_adopting{false};
  Count swept_seeks{0};  // of a sweep, under way

  Count hits{0};  // loads begun because a command needed the value
  Count promotions{0};
  Count demotions{0};        // of both kinds
  Count clean_demotions{0};  // of values that had their copy still: nothing was written
  Count stored_bytes{0};
  Count payload_bytes{0};  // of what was sealed, before and after it was compressed
  Count packed_bytes{0};
  Count dictionary_values{0};  // sealed with a dictionary
  Count loaded_bytes{0};
  Count erasures{0};
  Count lost_values{0};        // stubs whose value was not there any more
  Count damaged_values{0};     // or was not what had been written
  Count unreadable_values{0};  // not to be opened with what is known here: the stub stays
  Count unknown_keys{0};       // of these: the key is not known
  Count failed_loads{0};
  Count failed_stores{0};
  Count superseded_stores{0};  // the value changed while it was written
  Count rewritten_copies{0};   // in their own place, by another key
  Count adopted_copies{0};     // of the run before
  Count adopted_old_keys{0};   // of these: by another key than writes now
  Count failed_seeks{0};       // of a sweep
  Count stored_writes{0};      // put there as they were written, and kept here
  Count unstored_writes{0};    // written, and not such as the tier takes

  // Of the search for copies that nobody needs (storage/tiers/tier_sweep.h).
  std::atomic<bool> is_sweeping{false};
  Count sweeps{0};        // that came to their end
  Count swept_names{0};   // looked at
  Count swept_copies{0};  // found to be erased

  // CONFIG RESETSTAT. What is under way stays, and so does what CACHE.KEYS STATUS tells of
  // re-encryption, which is how far it is.
  void ResetCounters() {
    for (Count* count : {&hits,
                         &promotions,
                         &demotions,
                         &clean_demotions,
                         &stored_bytes,
                         &payload_bytes,
                         &packed_bytes,
                         &dictionary_values,
                         &loaded_bytes,
                         &erasures,
                         &lost_values,
                         &damaged_values,
                         &unreadable_values,
                         &unknown_keys,
                         &failed_loads,
                         &failed_stores,
                         &superseded_stores,
                         &adopted_copies,
                         &stored_writes,
                         &unstored_writes,
                         &sweeps,
                         &swept_names,
                         &swept_copies}) {
      count->store(0, std::memory_order_relaxed);
    }
  }

  static void Add(Count& count, uint64_t amount = 1) {
    count.fetch_add(amount, std::memory_order_relaxed);
  }
  static uint64_t Read(const Count& count) { return count.load(std::memory_order_relaxed); }
};

}  // namespace strata
