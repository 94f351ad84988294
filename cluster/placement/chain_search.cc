#include "cluster/placement/chain_search.h"

#include <algorithm>
#include <optional>

namespace strata {
namespace {

class Search {
 public:
  explicit Search(const ChainProblem& problem)
      : problem_(problem), is_known_(problem.nodes), way_to_(problem.nodes) {
    for (const size_t start : problem.starts) is_known_[start] = true;
  }

  std::vector<Handover> Run() {
    std::vector<size_t> level = problem_.starts;
    while (!level.empty()) {
      const std::vector<size_t> next = Next(level);
      if (const std::optional<size_t> end = BestWithRoom(next)) return ChainTo(*end);
      level = next;
    }
    return {};
  }

 private:
  struct Way {
    Handover last;
    uint64_t score = 0;
  };

  // The nodes that are one handover away from those of a level, and were not reached before.
  std::vector<size_t> Next(const std::vector<size_t>& level) {
    std::vector<size_t> next;
    for (const size_t from : level) {
      problem_.offers_of(from, [&](size_t to, size_t partition, uint64_t score) {
        if (is_known_[to]) return;
        if (!way_to_[to]) next.push_back(to);
        if (!way_to_[to] || score < way_to_[to]->score)
          way_to_[to] = Way{{from, to, partition}, score};
      });
    }
    for (const size_t node : next) is_known_[node] = true;
    std::sort(next.begin(), next.end());
    return next;
  }

  std::optional<size_t> BestWithRoom(const std::vector<size_t>& nodes) const {
    std::optional<size_t> best;
    for (const size_t node : nodes) {
      if (!problem_.has_room(node)) continue;
      if (!best || way_to_[node]->score < way_to_[*best]->score) best = node;
    }
    return best;
  }

  std::vector<Handover> ChainTo(size_t end) const {
    std::vector<Handover> chain;
    for (size_t node = end; way_to_[node]; node = way_to_[node]->last.from) {
      chain.push_back(way_to_[node]->last);
    }
    std::reverse(chain.begin(), chain.end());
    return chain;
  }

  const ChainProblem& problem_;
  std::vector<bool> is_known_;
  std::vector<std::optional<Way>> way_to_;  // not of the starts
};

}  // namespace

std::vector<Handover> FindChain(const ChainProblem& problem) {
  return Search(problem).Run();
}

}  // namespace strata
