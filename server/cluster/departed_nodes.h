#pragma once

// The names of nodes that have left a short while ago. `redis-cli --cluster del-node` has every
// node forget the one that goes, in turn, while here the first to be asked removes it for all: the
// others are to say that it is forgotten, and not that they have never heard of it.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Thread-safe. A leaf among the locks.
class DepartedNodes {
 public:
  static constexpr int64_t kRememberedMs = 60'000;

  // A map that came in place of the one of the last call. Times are monotonic.
  void OnMap(const ClusterMap& map, int64_t now_ms);
  bool Has(std::string_view name, int64_t now_ms) const;

 private:
  mutable Mutex mutex_;
  // As many as a map has nodes, at most.
  std::map<NodeId, std::string> members_ GUARDED_BY(mutex_);
  // By name: when they were found gone. The oldest make room.
  std::map<std::string, int64_t, std::less<>> departed_ GUARDED_BY(mutex_);
};

}  // namespace strata
