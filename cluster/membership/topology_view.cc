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
  version_.store(map_->version, std::memory_order_release);
}

const TopologyView::Pointer& TopologyReader::Get() {
  if (view_.version() != map_->version) map_ = view_.Read();
  return map_;
}

}  // namespace strata
