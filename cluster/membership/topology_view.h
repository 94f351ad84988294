#pragma once

// The newest cluster map, for all threads. One thread applies Raft's log and publishes; others look
// at a count of changes, which is one load, and take the map when it is another. What they have
// taken stays as it is: a request is served by one map from its beginning to its end.

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/mutex.h"
#include "cluster/membership/cluster_map.h"

namespace strata {

// Thread-safe. A leaf among the locks.
class TopologyView {
 public:
  // Owned by the view, and by whoever looks at it still.
  using Pointer = std::shared_ptr<const ClusterMap>;

  // How often there was another map.
  uint64_t changes() const { return changes_.load(std::memory_order_acquire); }
  // Never null. Takes a lock: who comes often has a TopologyReader.
  Pointer Read() const;

  // REQUIRES: its version is larger than that of the one before.
  void Publish(ClusterMap map);
  // The empty one again; the next one may have any version.
  void Clear();

 private:
  mutable Mutex mutex_;
  Pointer map_ GUARDED_BY(mutex_) = std::make_shared<const ClusterMap>();
  std::atomic<uint64_t> changes_{0};
};

// One thread's way to the newest map, without a lock while there is no newer one.
class TopologyReader {
 public:
  // Borrowed.
  explicit TopologyReader(const TopologyView& view)
      : view_(view), seen_(view.changes()), map_(view.Read()) {}

  // Until the next call; who needs it longer takes a copy of the pointer.
  const TopologyView::Pointer& Get();

 private:
  const TopologyView& view_;
  uint64_t seen_;  // changes; the map is not older
  TopologyView::Pointer map_;
};

}  // namespace strata
