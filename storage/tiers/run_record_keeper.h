#pragma once

// Keeps the record of this run in the tier (run_record.h) as it is: written when its names are this
// server's, and again when spaces have changed or the stamps that it allows are half used.
//
// One I/O thread's own.

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "storage/keyspace.h"
#include "storage/tiers/copy_name.h"
#include "storage/tiers/run_record.h"
#include "storage/tiers/tier_upkeep.h"

namespace strata {

// Where the record of the runs under a root lies.
std::string RunRecordName(std::string_view root);

class RunRecordKeeper {
 public:
  // That a record allows beyond those given out.
  static constexpr uint64_t kStampsAhead = uint64_t{1} << 24;
  static constexpr int64_t kRetryMs = 1'000;

  // Borrows all but the run.
  RunRecordKeeper(TierUpkeep& tier, const Keyspace& keyspace, const TierTraffic& traffic,
                  const Clock& clock, TierRun run)
      : tier_(tier), keyspace_(keyspace), traffic_(traffic), clock_(clock), run_(std::move(run)) {}

  // At each tick, inside a batch. REQUIRES: the names are this server's.
  void Step();
  // Whether the tier has one of this run.
  bool is_written() const { return written_.has_value(); }
  // Whether it says what holds now.
  bool IsCurrent() const;
  // Whether the tier would not take it, when it was last asked.
  bool is_refused() const { return is_refused_; }

 private:
  void OnWritten(const RunRecord& record, TierOutcome outcome);

  TierUpkeep& tier_;
  const Keyspace& keyspace_;
  const TierTraffic& traffic_;
  const Clock& clock_;
  const TierRun run_;
  std::optional<RunRecord> written_;
  bool is_asking_ = false;
  bool is_refused_ = false;
  int64_t next_ms_ = 0;  // monotonic
};

}  // namespace strata
