#include "storage/class_census.h"

#include "storage/keyspace.h"

namespace strata {

bool ClassCensus::Step() {
  constexpr size_t kBuckets = 64;
  constexpr size_t kEmptyParts = 64;
  KeyClasses& classes = keyspace_.classes();
  if (!classes.any()) return false;
  if (generation_ != classes.generation()) {
    generation_ = classes.generation();
    shard_ = database_ = place_ = 0;
    seen_.fill({});
    is_first_round_ = true;
  }
  size_t buckets_left = kBuckets;
  for (size_t parts = 0; parts < kEmptyParts && buckets_left > 0; ++parts) {
    Shard& shard = keyspace_.shard(shard_);
    SpinLock lock(shard.mutex);
    ShardDatabase* part = shard.databases[database_].load(std::memory_order_relaxed);
    if (part == nullptr || part->size() == 0) {
      EndPart(part);
      continue;
    }
    for (; buckets_left > 0 && place_ < EntryTable::kScanEnd; --buckets_left) {
      place_ = part->TakeCensus(place_, seen_);
    }
    if (place_ >= EntryTable::kScanEnd) EndPart(part);
  }
  return is_first_round_;
}

// REQUIRES: the shard's lock.
void ClassCensus::EndPart(ShardDatabase* part) {
  if (part != nullptr) part->CorrectTallies(seen_);
  seen_.fill({});
  place_ = 0;
  if (++database_ < keyspace_.shard(shard_).databases.size()) return;
  database_ = 0;
  if (++shard_ < keyspace_.shard_count()) return;
  shard_ = 0;
  is_first_round_ = false;
}

}  // namespace strata
