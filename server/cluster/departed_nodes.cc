#include "server/cluster/departed_nodes.h"

#include <algorithm>

namespace strata {

void DepartedNodes::OnMap(const ClusterMap& map, int64_t now_ms) {
  MutexLock lock(mutex_);
  for (const auto& [id, name] : members_) {
    if (!map.nodes.contains(id)) departed_[name] = now_ms;
  }
  while (departed_.size() > kMostNodes) {
    const auto by_time = [](const auto& a, const auto& b) { return a.second < b.second; };
    departed_.erase(std::min_element(departed_.begin(), departed_.end(), by_time));
  }
  members_.clear();
  for (const auto& [id, node] : map.nodes) members_[id] = node.name;
}

bool DepartedNodes::Has(std::string_view name, int64_t now_ms) const {
  MutexLock lock(mutex_);
  const auto found = departed_.find(name);
  return found != departed_.end() && now_ms < found->second + kRememberedMs;
}

}  // namespace strata
