#pragma once

// One thread's way to the newest routes, without a lock while there is no newer map.

#include <cstdint>
#include <functional>

#include "cluster/membership/topology_view.h"
#include "server/routing/route.h"

namespace strata {

class RouteReader {
 public:
  // Which node this server is: another one after CLUSTER RESET. Thread-safe.
  using Self = std::function<NodeRun()>;

  // The view is borrowed.
  RouteReader(const TopologyView& view, Self self);

  // Good until the next call, as is map().
  const RouteTable& Get();
  // The one that the table was made of.
  const ClusterMap& map() const { return *map_; }

 private:
  void MakeTable();

  TopologyReader reader_;
  const Self self_;
  TopologyView::Pointer map_;
  RouteTable table_;
};

inline const RouteTable& RouteReader::Get() {
  const TopologyView::Pointer& newest = reader_.Get();
  // Who the node is may be told a little later than the map that has it.
  if (newest != map_ || !table_.is_member()) [[unlikely]] {
    map_ = newest;
    MakeTable();
  }
  return table_;
}

}  // namespace strata
