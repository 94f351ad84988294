#pragma once

// Which forms values take, by the options in effect.

#include "config/options.h"
#include "storage/rdb_load.h"

namespace strata {

inline HashLimits HashLimitsOf(const Options& options, uint64_t hash_seed) {
  return {static_cast<size_t>(options.hash_max_listpack_entries),
          static_cast<size_t>(options.hash_max_listpack_value), hash_seed};
}

inline SetLimits SetLimitsOf(const Options& options, uint64_t hash_seed) {
  return {static_cast<size_t>(options.set_max_intset_entries),
          static_cast<size_t>(options.set_max_listpack_entries),
          static_cast<size_t>(options.set_max_listpack_value), hash_seed};
}

inline SortedSetLimits SortedSetLimitsOf(const Options& options, uint64_t hash_seed) {
  return {.packed_entries = static_cast<size_t>(options.zset_max_listpack_entries),
          .packed_member_bytes = static_cast<size_t>(options.zset_max_listpack_value),
          .hash_seed = hash_seed};
}

inline ListLimits ListLimitsOf(const Options& options) {
  return ListLimits::FromOption(options.list_max_listpack_size);
}

inline ValueLimits ValueLimitsOf(const Options& options, uint64_t hash_seed) {
  return {HashLimitsOf(options, hash_seed), SetLimitsOf(options, hash_seed),
          SortedSetLimitsOf(options, hash_seed), ListLimitsOf(options)};
}

}  // namespace strata
