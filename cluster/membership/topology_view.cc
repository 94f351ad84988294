#include "cluster/membership/topology_view.h"

#include <utility>

#include "base/check.h"

namespace strata {

TopologyView::Pointer TopologyView::Read() const {
  MutexLock lock(mutex_);
  return map_;
}

void TopologyView::Publish(ClusterMap map) {
  Pointer next = std::make_shared<const ClusterMap>(std::move(map));
  MutexLock lock(mutex_);
  CHECK(next->version > map_->version);
  map_.swap(next);
  changes_.fetch_add(1, std::memory_order_release);
}

void TopologyView::Clear() {
  Pointer empty = std::make_shared<const ClusterMap>();
  MutexLock lock(mutex_);
  map_.swap(empty);
  changes_.fetch_add(1, std::memory_order_release);
}

const TopologyView::Pointer& TopologyReader::Get() {
  const uint64_t changes = view_.changes();
  if (changes != seen_) {
    map_ = view_.Read();
    seen_ = changes;
  }
  return map_;
}

}  // namespace strata
