#include "cluster/membership/topology_view.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "tests/cluster/membership/cluster_fixture.h"

namespace strata {

TEST_CASE("readers get the newest map, and keep what they have") {
  TopologyView view;
  TopologyReader reader(view);
  CHECK(view.Read()->version == 0);
  CHECK(*reader.Get() == ClusterMap{});
  const ClusterMap map = MakeCluster(2);
  view.Publish(map);
  CHECK(view.Read()->version == 3);
  const TopologyView::Pointer kept = reader.Get();
  CHECK(*kept == map);
  CHECK(reader.Get() == kept);
  view.Publish(MakeCluster(3));
  CHECK(*kept == map);
  CHECK(reader.Get()->nodes.size() == 3);
  CHECK(view.Read() == reader.Get());
}

TEST_CASE("a reader of another thread sees each map whole, and never an older one", "[threads]") {
  TopologyView view;
  view.Publish(MakeCluster(0));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  constexpr size_t kNodes = 200;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      TopologyReader reader(view);
      for (raft::Index seen = 0; seen < kNodes + 1;) {
        const ClusterMap& map = *reader.Get();
        if (map.version < seen || map.nodes.size() + 1 != map.version) ++wrong;
        seen = map.version;
      }
    });
  }
  ClusterMap map = MakeCluster(0);
  for (NodeId id = 1; id <= kNodes; ++id) {
    (void)map.Apply(map.version + 1, AddNode{MakeNode(id)});
    view.Publish(map);
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

}  // namespace strata
