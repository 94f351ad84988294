#pragma once

// The server's own keyspace as a cache: keys are stored and found, and evicted as its
// commands and RoomMaker do.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "storage/eviction/evict_adaptive.h"
#include "storage/keyspace.h"
#include "storage/reclaimer.h"

namespace strata::hits {

class KeyspaceCache {
 public:
  // `shards`: a power of two.
  KeyspaceCache(size_t capacity, size_t shards)
      : capacity_(capacity), keyspace_({shards, 1, 42}, clock_, reclaimer_) {
    keyspace_.UseAdaptivePolicy(eviction::Objective::kRequests);
  }

  // True if the key is resident; it is afterwards.
  bool Access(uint32_t number) {
    // A second passes now and then, as for a server of some thousand requests a second.
    if (++accesses_ % 4096 == 0) clock_.AdvanceMs(1000);
    const std::string bytes = std::to_string(number);
    const KeyRef key = keyspace_.Ref(bytes);
    const Database database(keyspace_, 0, clock_.WallMs());
    if (Entry* entry = database.Find(key)) {
      database.NoteHit(key, *entry);
      entry->use().Touch(database.now_ms() / 1000);
      return true;
    }
    if (size_ == capacity_) Evict();
    database.SetString(key, "value")->use().Touch(database.now_ms() / 1000);
    ++size_;
    return false;
  }

 private:
  void Evict() {
    if (EvictAdaptive(keyspace_, {clock_.WallMs(), random_}) == 0) std::abort();
    --size_;
  }

  size_t capacity_;
  size_t size_ = 0;
  size_t accesses_ = 0;
  FakeClock clock_;
  Reclaimer reclaimer_;
  Keyspace keyspace_;
  Random random_{1};
};

}  // namespace strata::hits
