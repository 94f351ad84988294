#include "storage/tiers/run_record_keeper.h"

namespace strata {

std::string RunRecordName(std::string_view root) {
  return std::string(root) + "run";
}

bool RunRecordKeeper::IsCurrent() const {
  return written_ && written_->spaces == keyspace_.spaces() &&
         TierTraffic::Read(traffic_.next_stamp) + kStampsAhead / 2 < written_->end_stamp;
}

void RunRecordKeeper::Step() {
  if (is_asking_ || IsCurrent() || clock_.MonotonicMs() < next_ms_) return;
  const RunRecord record{run_.generation, TierTraffic::Read(traffic_.next_stamp) + kStampsAhead,
                         keyspace_.spaces()};
  is_asking_ =
      tier_.Keep(RunRecordName(run_.root), FormatRunRecord(record),
                 [this, record](TierOutcome outcome, auto) { OnWritten(record, outcome); });
}

void RunRecordKeeper::OnWritten(const RunRecord& record, TierOutcome outcome) {
  is_asking_ = false;
  is_refused_ = outcome == TierOutcome::kRefused;
  if (outcome == TierOutcome::kDone) {
    written_ = record;
  } else {
    next_ms_ = clock_.MonotonicMs() + kRetryMs;
  }
}

}  // namespace strata
