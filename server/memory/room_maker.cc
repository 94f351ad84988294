#include "server/memory/room_maker.h"

#include "server/memory/eviction_policy.h"
#include "storage/eviction/evict_adaptive.h"
#include "storage/eviction/evict_of_class.h"
#include "storage/eviction/evict_one.h"

namespace strata {
namespace {

// What an entry's place in a table takes, about.
constexpr size_t kPlaceBytes = 12;

}  // namespace

RoomMaker::RoomMaker(const Means& means, size_t thread_index)
    : means_(means), meter_(means.budget), random_(RandomSeed()), next_shard_(thread_index) {}

RoomMaker::Room RoomMaker::MakeRoom(const Options& options, int64_t now_ms) {
  constexpr int kMostKeys = 16;
  for (int i = 0; i < kMostKeys && Shortage() > 0; ++i) {
    if (!EvictOne(options, now_ms)) return WithoutMore();
  }
  if (too_many_stubs_ && !MayEvict(options)) return Room::kNone;
  // Keys went; the next command goes on.
  if (below_ == nullptr || MayEvict(options)) return Room::kSome;
  return WithoutMore();
}

size_t RoomMaker::MostStubBytes() const {
  const auto limit = static_cast<uint64_t>(means_.budget.limit());
  return limit <= means_.startup_bytes ? 0 : (limit - means_.startup_bytes) / 4 * 3;
}

void RoomMaker::CountStubs() {
  constexpr int64_t kPeriodMs = 50;
  const int64_t now_ms = means_.clock.MonotonicMs();
  if (below_ == nullptr || means_.budget.limit() == 0 || now_ms < next_count_ms_) return;
  next_count_ms_ = now_ms + kPeriodMs;
  const StubTally stubs = means_.keyspace.ReadCopyStatistics().stubs;
  too_many_stubs_ = stubs.bytes + stubs.count * kPlaceBytes > MostStubBytes();
}

RoomMaker::Room RoomMaker::WithoutMore() const {
  if (!means_.budget.IsOver()) return Room::kSome;
  // As a flushed database, which is freed in the background.
  const bool is_freeing = means_.reclaimer.pending_bytes() > 0;
  return is_freeing || (below_ != nullptr && below_->IsFreeing()) ? Room::kSoon : Room::kNone;
}

bool RoomMaker::WorkAhead(const Options& options, int64_t now_ms) {
  constexpr int64_t kBudgetNs = 1'000'000;
  const int64_t end_ns = means_.clock.StopwatchNs() + kBudgetNs;
  means_.keyspace.classes().AskAllAgain();
  bool has_more = true;
  while (has_more) {
    if (means_.clock.StopwatchNs() >= end_ns) return true;
    has_more = EvictOfClasses(options, now_ms);
    if (Shortage() > 0) has_more |= EvictOne(options, now_ms);
  }
  return false;
}

void RoomMaker::HoldQuotas(const Options& options, int64_t now_ms) {
  constexpr int kMostKeys = 16;
  for (int i = 0; i < kMostKeys && EvictOfClasses(options, now_ms); ++i) {
  }
}

bool RoomMaker::EvictOfClasses(const Options& options, int64_t now_ms) {
  KeyClasses& classes = means_.keyspace.classes();
  EvictionRun run = RunOf(options, now_ms);
  run.may_evict = true;
  while (const std::optional<ClassNumber> number = classes.OverQuota()) {
    if (MustWaitForTier()) return false;
    const EvictionRule common = EvictionRuleOf(options);
    const bool gave = EvictFromNext(
        [&](Shard& shard) { return EvictOfClass(shard, classes, *number, common, run); });
    if (gave) return true;
    classes.SetHasNothing(*number);
  }
  return false;
}

EvictionRun RoomMaker::RunOf(const Options& options, int64_t now_ms) {
  EvictionRun run{now_ms, random_};
  run.below = below_;
  run.may_evict = MayEvict(options);
  // Half of a shard's share, since not all shards have the same.
  if (too_many_stubs_) run.most_stub_bytes = MostStubBytes() / means_.keyspace.shard_count() / 2;
  return run;
}

bool RoomMaker::EvictOne(const Options& options, int64_t now_ms) {
  EvictionRun run = RunOf(options, now_ms);
  if (MustWaitForTier()) return false;
  if (!run.may_evict && (below_ == nullptr || !below_->MayStore())) return false;
  if (stubs_to_go_ > 0) {
    --stubs_to_go_;
    run.most_stub_bytes = 0;
  }
  // What has just been promoted gets away once.
  if (EvictOneOf(options, run) || (below_ != nullptr && EvictOneOf(options, run))) return true;
  if (below_ == nullptr || !run.may_evict || run.most_stub_bytes == 0) return false;
  // There is little left but keys whose values lie below. To find that out again would take long.
  constexpr int kAtOnce = 256;
  stubs_to_go_ = kAtOnce;
  run.most_stub_bytes = 0;
  return EvictOneOf(options, run);
}

bool RoomMaker::EvictOneOf(const Options& options, EvictionRun run) {
  if (options.maxmemory_policy != MaxmemoryPolicy::kAdaptive) {
    EvictionRule rule = EvictionRuleOf(options);
    if (below_ != nullptr) {
      run.evict_scope = rule.scope;
      rule.scope = EvictionScope::kAllKeys;
    }
    return EvictFromNext([&](Shard& shard) { return strata::EvictOne(shard, rule, run); });
  }
  if (EvictAdaptive(means_.keyspace, run) == 0) return false;
  ReadMeter();
  return true;
}

template <class Evict>
bool RoomMaker::EvictFromNext(Evict&& evict) {
  Keyspace& keyspace = means_.keyspace;
  for (size_t i = 0; i < keyspace.shard_count(); ++i) {
    if (evict(keyspace.shard(next_shard_++ % keyspace.shard_count())) == 0) continue;
    ReadMeter();
    return true;
  }
  return false;
}

}  // namespace strata
