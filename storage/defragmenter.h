#pragma once

// Walks over all entries in small steps, and moves those whose pages are sparsely used (base's
// MoveIfSparse), with packed collections that they hold. What it leaves behind becomes empty pages,
// which can be given back.
//
// Not moved: members of collections that are tables, for which one entry could be a step of
// millions, and values of 16 KiB and more, which share their pages with nobody.
//
// One thread's own. Takes shards' locks, one at a time.

#include <cstddef>
#include <cstdint>

#include "storage/entry.h"

namespace strata {

class Keyspace;

class Defragmenter {
 public:
  explicit Defragmenter(Keyspace& keyspace) : keyspace_(keyspace) {}

  // Some dozen entries more. False when all have been seen; then it begins anew. The caller has its
  // side of the world.
  bool Step(MoveTally& tally);

 private:
  bool EndPart();

  Keyspace& keyspace_;
  size_t shard_ = 0;
  size_t database_ = 0;
  uint64_t place_ = 0;
};

}  // namespace strata
