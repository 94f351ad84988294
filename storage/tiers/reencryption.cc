#include "storage/tiers/reencryption.h"

#include <algorithm>

#include "storage/tiers/tier_mover.h"

namespace strata {
namespace {

// A window ends with the bucket that reaches one of these.
constexpr size_t kBuckets = 64;
constexpr size_t kMostRewrites = 64;
constexpr size_t kMostBytes = 1 << 20;  // of the values that these are of

// Until a window of which something came to nothing is tried again.
constexpr int64_t kRetryMs = 100;

// That with the lowest space from there on; null if there is none.
const ShardDatabase* PartFrom(const Shard& shard, CopySpace space) {
  const ShardDatabase* lowest = nullptr;
  for (size_t i = 0; i < shard.databases.size(); ++i) {
    const ShardDatabase* part = shard.databases[i].load(std::memory_order_relaxed);
    if (part == nullptr || part->size() == 0 || part->space() < space) continue;
    if (lowest == nullptr || part->space() < lowest->space()) lowest = part;
  }
  return lowest;
}

}  // namespace

void Reencryption::Begin(uint64_t end_stamp) {
  end_stamp_.store(end_stamp, std::memory_order_relaxed);
  looked_at_ = 0;
  round_.fetch_add(1, std::memory_order_release);
}

bool Reencryption::IsUnderWay() const {
  for (size_t shard = 0; shard < ended_.size(); ++shard) {
    if (!HasEnded(shard)) return true;
  }
  return false;
}

void ReencryptionWalk::Step(const Share& share) {
  if (all_.round() == 0) return;
  if (round_ != all_.round()) {
    round_ = all_.round();
    begin_ = end_ = {share.first, 0, 0};
    copies_ = 0;
    next_try_ms_ = 0;
  }
  if (begin_.shard >= keyspace_.shard_count() || mover_.rewrites_under_way() > 0) return;
  if (EndWindow()) BeginWindow(share);
}

bool ReencryptionWalk::EndWindow() {
  const int64_t now_ms = clock_.MonotonicMs();
  if (mover_.TakeFailedRewrites() > 0) {
    end_ = begin_;
    next_try_ms_ = now_ms + kRetryMs;
    copies_ = 0;
  }
  all_.AddLookedAt(std::exchange(copies_, 0));
  if (end_.shard != begin_.shard) all_.EndShard(begin_.shard, round_);
  begin_ = end_;
  return begin_.shard < keyspace_.shard_count() && now_ms >= next_try_ms_;
}

void ReencryptionWalk::BeginWindow(const Share& share) {
  bytes_ = 0;
  const int64_t now_ms = clock_.WallMs();
  Shard& shard = keyspace_.shard(begin_.shard);
  SpinLock lock(shard.mutex);
  for (size_t i = 0; i < kBuckets && bytes_ < kMostBytes; ++i) {
    if (mover_.rewrites_under_way() >= kMostRewrites) return;
    const ShardDatabase* part = PartFrom(shard, end_.space);
    if (part == nullptr) {
      end_ = {begin_.shard + share.step, 0, 0};
      return;
    }
    if (part->space() != end_.space) end_ = {begin_.shard, part->space(), 0};
    end_.bucket = part->table().VisitBucket(
        end_.bucket, [&](const Entry& entry) { Look(*part, entry, now_ms); });
    if (end_.bucket >= EntryTable::kScanEnd) end_ = {begin_.shard, end_.space + 1, 0};
  }
}

void ReencryptionWalk::Look(const ShardDatabase& part, const Entry& entry, int64_t now_ms) {
  if (!entry.has_mark() || entry.IsExpired(now_ms)) return;
  const CopyMark mark = entry.mark();
  if (mark.state() == CopyState::kNone || mark.state() == CopyState::kGone) return;
  ++copies_;
  if (!all_.MayBeOld(mark.stamp())) return;
  bytes_ += mark.value_bytes();
  mover_.Rewrite(part, {entry.key(), part.HashOf(entry)});
}

}  // namespace strata
