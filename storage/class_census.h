#pragma once

// Walks over all entries, round after round, in small steps: those that have the number of another
// class, since classes were defined anew, get theirs; and what a class takes becomes exact again.
//
// One thread's own. Takes shards' locks, one at a time.

#include <array>
#include <cstddef>
#include <cstdint>

#include "storage/key_classes.h"

namespace strata {

class Keyspace;

class ClassCensus {
 public:
  explicit ClassCensus(Keyspace& keyspace) : keyspace_(keyspace) {}

  // Some hundred entries. True if the first round since classes were defined goes on. Does nothing
  // where there are none. The caller has its side of the world.
  bool Step();

 private:
  void EndPart(class ShardDatabase* part);

  Keyspace& keyspace_;
  uint64_t generation_ = 0;  // of the classes that it counts
  size_t shard_ = 0;
  size_t database_ = 0;
  uint64_t place_ = 0;
  std::array<ClassTally, kMostClassNumbers> seen_{};  // of the part where it stands
  bool is_first_round_ = false;
};

}  // namespace strata
