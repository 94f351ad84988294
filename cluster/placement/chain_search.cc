#include "cluster/placement/chain_search.h"

#include <algorithm>
#include <queue>
#include <tuple>

namespace strata {
namespace {

class Search {
 public:
  Search(const ChainProblem& problem, ChainPrices& prices)
      : problem_(problem), prices_(prices), end_(prices.size() - 1), way_to_(prices.size()) {}

  Chain Run() {
    for (const auto& [start, cost] : problem_.starts) {
      Reach(start, {.last = {}, .handovers = 0, .cost = cost - prices_[start], .score = 0});
    }
    while (!queue_.empty()) {
      const auto [cost, handovers, node] = queue_.top();
      queue_.pop();
      if (node == end_) return ChainToEnd();
      const Way& way = *way_to_[node];
      if (way.is_final) continue;
      way_to_[node]->is_final = true;
      problem_.offers_of(
          node, [&, from = node](size_t to, size_t partition, const HandoverCost& handover) {
            Reach(to, {.last = {from, to, partition},
                       .handovers = way.handovers + 1,
                       .cost = way.cost + handover.cost + prices_[from] - prices_[to],
                       .score = handover.score});
          });
    }
    return {};
  }

 private:
  // Beyond what prices say.
  struct Way {
    Handover last;  // if there are any; that of the end is the one before
    size_t handovers = 0;
    int64_t cost = 0;
    uint64_t score = 0;  // of the last
    bool is_final = false;
  };

  // The cheapest first, of those the shortest, and the end before all nodes.
  struct Later {
    using Reached = std::tuple<int64_t, size_t, size_t>;
    bool operator()(const Reached& a, const Reached& b) const {
      return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(b)) >
             std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(a));
    }
  };

  static bool IsBetter(const Way& a, const Way& b) {
    return std::tie(a.cost, a.handovers, a.score) < std::tie(b.cost, b.handovers, b.score);
  }

  void Reach(size_t node, const Way& way) {
    std::optional<Way>& known = way_to_[node];
    if (known && (known->is_final || !IsBetter(way, *known))) return;
    if (!known || way.cost != known->cost || way.handovers != known->handovers) {
      queue_.emplace(way.cost, way.handovers, node);
    }
    known = way;
    if (node == end_ || way.handovers == 0) return;
    const std::optional<int64_t> end_cost = problem_.end_cost(node);
    if (!end_cost) return;
    Way to_end = way;
    to_end.cost += *end_cost + prices_[node] - prices_[end_];
    Reach(end_, to_end);
  }

  Chain ChainToEnd() {
    const int64_t cost = way_to_[end_]->cost;
    Chain chain{{}, cost + prices_[end_]};
    for (const Way* way = &*way_to_[end_]; way->handovers > 0; way = &*way_to_[way->last.from]) {
      chain.handovers.push_back(way->last);
    }
    std::reverse(chain.handovers.begin(), chain.handovers.end());
    for (size_t node = 0; node < prices_.size(); ++node) {
      prices_[node] += way_to_[node] ? std::min(way_to_[node]->cost, cost) : cost;
    }
    return chain;
  }

  const ChainProblem& problem_;
  ChainPrices& prices_;
  const size_t end_;
  std::vector<std::optional<Way>> way_to_;
  std::priority_queue<Later::Reached, std::vector<Later::Reached>, Later> queue_;
};

}  // namespace

Chain FindChain(const ChainProblem& problem, ChainPrices& prices) {
  return Search(problem, prices).Run();
}

}  // namespace strata
