#include "storage/defragmenter.h"

#include "storage/keyspace.h"

namespace strata {

bool Defragmenter::Step(MoveTally& tally) {
  constexpr size_t kBuckets = 16;
  Shard& shard = keyspace_.shard(shard_);
  SpinLock lock(shard.mutex);
  ShardDatabase* part = shard.databases[database_].load(std::memory_order_relaxed);
  if (part == nullptr || part->size() == 0) return EndPart();
  for (size_t i = 0; i < kBuckets && place_ < EntryTable::kScanEnd; ++i) {
    place_ = part->MoveSparse(place_, tally);
  }
  return place_ < EntryTable::kScanEnd || EndPart();
}

// False if it was the last one.
bool Defragmenter::EndPart() {
  place_ = 0;
  if (++database_ < keyspace_.shard(shard_).databases.size()) return true;
  database_ = 0;
  if (++shard_ < keyspace_.shard_count()) return true;
  shard_ = 0;
  return false;
}

}  // namespace strata
