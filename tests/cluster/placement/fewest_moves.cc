#include "tests/cluster/placement/fewest_moves.h"

#include <algorithm>
#include <deque>
#include <map>

namespace strata {
namespace {

constexpr int64_t kFar = INT64_MAX / 2;
constexpr int64_t kCrowdedCost = 1 << 20;  // more than all copies can move

// Flows that begin where nothing costs anything, so no cycle is cheaper than nothing. What is too
// much somewhere takes the cheapest ways to where there is too little, and so that stays true.
class FlowNetwork {
 public:
  explicit FlowNetwork(size_t vertices)
      : excess_(vertices), arcs_of_(vertices), distance_(vertices), is_dead_end_(vertices) {}

  void Supply(size_t vertex, int64_t amount) { excess_[vertex] += amount; }

  // With something flowing already. If it costs anything REQUIRES: that is 0.
  void AddArc(size_t from, size_t to, int64_t capacity, int64_t cost, int64_t flow = 0) {
    arcs_of_[from].push_back(arcs_.size());
    arcs_.push_back({to, capacity - flow, cost});
    arcs_of_[to].push_back(arcs_.size());
    arcs_.push_back({from, flow, -cost});
    excess_[from] -= flow;
    excess_[to] += flow;
  }

  // What it costs that nothing is too much or too little anywhere; nothing if there is no way.
  std::optional<int64_t> Settle() {
    int64_t cost = 0;
    while (MeasureDistances()) {
      bool has_moved = false;
      std::fill(is_dead_end_.begin(), is_dead_end_.end(), false);
      for (size_t vertex = 0; vertex < excess_.size(); ++vertex) {
        while (excess_[vertex] > 0) {
          const std::optional<int64_t> way = MoveOneFrom(vertex);
          if (!way) break;
          --excess_[vertex];
          cost += *way;
          has_moved = true;
        }
      }
      if (!has_moved) return std::nullopt;
    }
    return cost;
  }

 private:
  struct Arc {
    size_t to = 0;
    int64_t room = 0;
    int64_t cost = 0;
  };

  // From where there is too much (Bellman and Ford, with a queue). Whether there is such a vertex.
  bool MeasureDistances() {
    std::deque<size_t> queue;
    std::vector<bool> is_queued(excess_.size());
    for (size_t vertex = 0; vertex < excess_.size(); ++vertex) {
      distance_[vertex] = excess_[vertex] > 0 ? 0 : kFar;
      if (excess_[vertex] > 0) queue.push_back(vertex);
    }
    if (queue.empty()) return false;
    while (!queue.empty()) {
      const size_t from = queue.front();
      queue.pop_front();
      is_queued[from] = false;
      for (const size_t index : arcs_of_[from]) {
        const Arc& arc = arcs_[index];
        if (arc.room == 0 || distance_[arc.to] <= distance_[from] + arc.cost) continue;
        distance_[arc.to] = distance_[from] + arc.cost;
        if (!is_queued[arc.to]) queue.push_back(arc.to);
        is_queued[arc.to] = true;
      }
    }
    return true;
  }

  // By a shortest way to where there is too little; what it costs.
  std::optional<int64_t> MoveOneFrom(size_t from) {
    if (excess_[from] < 0) {
      ++excess_[from];
      return 0;
    }
    is_dead_end_[from] = true;  // as long as nothing else is known, or it would be tried in circles
    for (const size_t index : arcs_of_[from]) {
      const auto [to, room, cost] = arcs_[index];
      if (room == 0 || is_dead_end_[to] || distance_[to] != distance_[from] + cost) continue;
      const std::optional<int64_t> rest = MoveOneFrom(to);
      if (!rest) continue;
      --arcs_[index].room;
      ++arcs_[index ^ 1].room;
      is_dead_end_[from] = false;
      return cost + *rest;
    }
    return std::nullopt;
  }

  std::vector<int64_t> excess_;
  std::vector<Arc> arcs_;  // each is followed by the one that takes back what flows in it
  std::vector<std::vector<size_t>> arcs_of_;
  std::vector<int64_t> distance_;
  std::vector<bool> is_dead_end_;
};

// The vertices in order: partitions, their zones, nodes, and where all flows end.
FlowNetwork NetworkOf(const MoveProblem& problem) {
  size_t zones = 0;
  std::map<NodeId, size_t> index_of;
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    zones = std::max(zones, problem.nodes[i].zone + 1);
    index_of[problem.nodes[i].id] = i;
  }
  const size_t partitions = problem.before.size();
  const size_t first_node = partitions + partitions * zones;
  const size_t end = first_node + problem.nodes.size();
  FlowNetwork network(end + 1);
  std::vector<int64_t> load(problem.nodes.size());
  for (size_t partition = 0; partition < partitions; ++partition) {
    std::vector<int64_t> in_zone(zones);
    std::vector<int64_t> is_before(problem.nodes.size());
    std::vector<int64_t> stays(problem.nodes.size());
    int64_t kept = 0;
    for (const NodeId id : problem.before[partition]) {
      const auto found = index_of.find(id);
      if (found == index_of.end()) continue;
      const size_t node = found->second;
      is_before[node] = 1;
      int64_t& of_zone = in_zone[problem.nodes[node].zone];
      if (of_zone == problem.zone_limit || kept == problem.copies) continue;
      stays[node] = 1;
      ++of_zone, ++kept, ++load[node];
    }
    network.Supply(partition, problem.copies);
    for (size_t zone = 0; zone < zones; ++zone) {
      const size_t vertex = partitions + partition * zones + zone;
      network.AddArc(partition, vertex, problem.zone_limit, 0, in_zone[zone]);
      for (int64_t more = 1; problem.zone_limit + more <= problem.copies; ++more) {
        network.AddArc(partition, vertex, 1, more * kCrowdedCost);
      }
    }
    for (size_t node = 0; node < problem.nodes.size(); ++node) {
      network.AddArc(partitions + partition * zones + problem.nodes[node].zone, first_node + node,
                     1, 1 - is_before[node], stays[node]);
    }
  }
  int64_t beyond_least = static_cast<int64_t>(partitions) * problem.copies;
  for (size_t node = 0; node < problem.nodes.size(); ++node) {
    const auto& [id, zone, least, most] = problem.nodes[node];
    beyond_least -= least;
    network.Supply(first_node + node, -least);
    network.AddArc(first_node + node, end, most - least, 0,
                   std::clamp<int64_t>(load[node] - least, 0, most - least));
  }
  network.Supply(end, -beyond_least);
  return network;
}

}  // namespace

std::optional<FewestMoves> FindFewestMoves(const MoveProblem& problem) {
  const std::optional<int64_t> cost = NetworkOf(problem).Settle();
  if (!cost) return std::nullopt;
  return FewestMoves{*cost % kCrowdedCost, *cost / kCrowdedCost};
}

}  // namespace strata
