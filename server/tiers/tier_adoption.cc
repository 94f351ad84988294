#include "server/tiers/tier_adoption.h"

#include "base/check.h"
#include "base/log.h"
#include "server/tiers/tier_options.h"
#include "storage/tiers/run_record_keeper.h"

namespace strata {
namespace {

constexpr int64_t kPatienceMs = 1'000;
constexpr int64_t kBetweenWordsMs = 10'000;

std::unique_ptr<RemoteTier> NewTier(const RemoteThread& thread, const TierDefinition& definition,
                                    RemoteTier::Host& host) {
  auto tier = RemoteTier::Create(thread, RemoteOptionsOf(definition), host);
  CHECK(tier.has_value());  // the server has checked the options
  return std::move(*tier);
}

}  // namespace

TierAdoption::TierAdoption(const TierDefinition& definition, const std::string& root,
                           const std::string& run_id, TierTraffic& traffic, const Clock& clock)
    : definition_(definition),
      root_(root),
      clock_(clock),
      tier_(NewTier({context_, sockets_, clock}, definition, *this)),
      lease_(tier_->upkeep(), traffic, clock, root, run_id),
      next_word_ms_(clock.MonotonicMs() + kPatienceMs) {}

Result<std::optional<RunRecord>> TierAdoption::FindLastRun(const std::function<bool()>& is_ending) {
  constexpr std::chrono::milliseconds kStep(20);
  while (!is_ending() && !is_answered_) {
    lease_.Step();
    if (lease_.MayList() && !is_asking_) AskForRecord();
    tier_->servers().Flush();
    tier_->servers().WaitForReplies(kStep);
    TellOfWaiting();
  }
  if (record_.empty()) return std::optional<RunRecord>();
  std::optional<RunRecord> record = ParseRunRecord(record_);
  if (!record) {
    return Error{"tier '" + definition_.name + "': the record '" + RunRecordName(root_) +
                 "' of what its last run left is damaged, or of another version: start with "
                 "'adopt no' to give that up"};
  }
  return record;
}

void TierAdoption::AskForRecord() {
  is_asking_ = tier_->upkeep().Read(RunRecordName(root_), [this](TierOutcome outcome, auto value) {
    is_asking_ = false;
    is_answered_ = outcome == TierOutcome::kDone || outcome == TierOutcome::kAbsent;
    if (outcome == TierOutcome::kDone) record_ = value;
  });
}

void TierAdoption::TellOfWaiting() {
  if (is_answered_ || clock_.MonotonicMs() < next_word_ms_) return;
  next_word_ms_ = clock_.MonotonicMs() + kBetweenWordsMs;
  std::string reason = "it cannot be reached";
  if (lease_.state() == LeaseState::kForeign) {
    reason = "its names below '" + root_ + "' are those of run id " + lease_.stranger() +
             ", until that ends, or for 10 seconds if it was killed";
  } else if (tier_->IsUp()) {
    reason = "it has not answered yet";
  }
  LogWarning("tier '" + definition_.name +
             "': waits for it before anything is served, to adopt what the last run left there: " +
             reason);
}

}  // namespace strata
