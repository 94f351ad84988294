#include "cluster/placement/copy_placer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "cluster/placement/node_score.h"

namespace strata {
namespace {

bool Contains(const std::vector<size_t>& copies, size_t member) {
  return std::find(copies.begin(), copies.end(), member) != copies.end();
}

}  // namespace

CopyPlacer::CopyPlacer(const Members& members, const CopyQuotas& quotas, const CopyTable& previous)
    : members_(members),
      quotas_(quotas),
      previous_(previous),
      nobody_(members.size()),
      table_(previous.size()),
      load_(members.size()),
      best_from_(members.size() + 1),
      prices_(members.size() + 2) {
  for (size_t partition = 0; partition < previous.size(); ++partition) {
    for (const Member& member : members) {
      scores_.push_back(NodeScore(member.id, static_cast<uint32_t>(member.weight), partition));
    }
  }
}

CopyTable CopyPlacer::Place() {
  for (size_t partition = 0; partition < table_.size(); ++partition) Keep(partition);
  for (size_t round = 1; round <= quotas_.copies; ++round) {
    for (size_t partition = 0; partition < table_.size(); ++partition) {
      if (table_[partition].size() < round) Fill(partition);
    }
  }
  EvenOut(&CopyQuota::most, &CopyQuota::most);
  EvenOut(&CopyQuota::least, &CopyQuota::least);
  // There is a way. A table within the bounds exists, for each member could have an equal part of
  // each partition, and what fits in parts fits in whole numbers (flows in networks with whole
  // capacities, Ford and Fulkerson).
  CHECK(IsDone());
  return std::move(table_);
}

// What a member had of a partition costs nothing to give back to it.
uint64_t CopyPlacer::Score(size_t member, size_t partition) const {
  if (Contains(previous_[partition], member)) return 0;
  return scores_[partition * members_.size() + member];
}

size_t CopyPlacer::CountInZone(size_t partition, size_t zone) const {
  const std::vector<size_t>& copies = table_[partition];
  return static_cast<size_t>(std::count_if(
      copies.begin(), copies.end(), [&](size_t member) { return members_[member].zone == zone; }));
}

// What a copy is counted as crowded that comes to so many others in its zone. The more there are,
// the worse it is: no partition is to lie in one zone because others lie in three.
int64_t CopyPlacer::CrowdingAt(size_t copies) const {
  return copies < quotas_.zone_limit ? 0 : static_cast<int64_t>(copies + 1 - quotas_.zone_limit);
}

// A copy that was not there before moves once, wherever it goes.
int64_t CopyPlacer::CostOf(const Handover& handover) const {
  const auto& [from, to, partition] = handover;
  const size_t zone = members_[to].zone;
  int64_t moves = Contains(previous_[partition], to) ? 0 : 1;
  int64_t crowding = CrowdingAt(CountInZone(partition, zone));
  if (from != nobody_) {
    moves -= Contains(previous_[partition], from) ? 0 : 1;
    const size_t zone_before = members_[from].zone;
    crowding =
        zone == zone_before ? 0 : crowding - CrowdingAt(CountInZone(partition, zone_before) - 1);
  }
  return crowding * kCrowdedCost + moves * kMoveCost;
}

// Also of members that have too much: who they give it to is better seen when all is there.
void CopyPlacer::Keep(size_t partition) {
  std::vector<std::pair<uint64_t, size_t>> order;
  for (const size_t member : previous_[partition]) {
    order.emplace_back(scores_[partition * members_.size() + member], member);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [score, member] : order) {
    if (table_[partition].size() == quotas_.copies ||
        CountInZone(partition, members_[member].zone) >= quotas_.zone_limit) {
      continue;
    }
    table_[partition].push_back(member);
    ++load_[member];
  }
}

void CopyPlacer::Fill(size_t partition) {
  Apply(FindChainTo(&CopyQuota::most, {{nobody_}}, partition));
}

// Until there is no way from members that have more than one bound to those with less than another.
void CopyPlacer::EvenOut(Bound above, Bound below) {
  for (;;) {
    std::vector<ChainStart> starts;
    for (size_t member = 0; member < members_.size(); ++member) {
      const CopyQuota& quota = quotas_.of_member[member];
      if (load_[member] <= quota.*above) continue;
      starts.push_back({member, load_[member] > quota.quota ? -kOverQuotaCost : 0});
    }
    const Chain chain = FindChainTo(below, std::move(starts), kNoPartition);
    if (chain.empty()) return;
    Apply(chain);
  }
}

bool CopyPlacer::IsDone() const {
  for (size_t member = 0; member < members_.size(); ++member) {
    const CopyQuota& quota = quotas_.of_member[member];
    if (load_[member] > quota.most || load_[member] < quota.least) return false;
  }
  return std::all_of(table_.begin(), table_.end(),
                     [&](const auto& copies) { return copies.size() == quotas_.copies; });
}

void CopyPlacer::OfferOf(size_t partition, size_t from, BestHandovers& best) const {
  for (size_t to = 0; to < members_.size(); ++to) {
    if (Contains(table_[partition], to)) continue;
    const HandoverCost cost{CostOf({from, to, partition}), Score(to, partition)};
    if (!best[to] ||
        std::tie(cost.cost, cost.score) < std::tie(best[to]->cost.cost, best[to]->cost.score)) {
      best[to] = BestHandover{partition, cost};
    }
  }
}

const CopyPlacer::BestHandovers& CopyPlacer::BestFrom(size_t from, size_t hole) {
  BestHandovers& best = best_from_[from];
  if (!best.empty()) return best;
  best.resize(members_.size());
  if (from == nobody_) OfferOf(hole, from, best);
  for (size_t partition = 0; partition < table_.size(); ++partition) {
    if (Contains(table_[partition], from)) OfferOf(partition, from, best);
  }
  return best;
}

// A cheapest chain comes through one partition more than once only within different zones, so each
// handover of it stays possible, and costs the same, after those before it.
Chain CopyPlacer::FindChainTo(Bound below, std::vector<ChainStart> starts, size_t hole) {
  return FindChain({.starts = std::move(starts),
                    .end_cost = [=, this](size_t to) -> std::optional<int64_t> {
                      const CopyQuota& quota = quotas_.of_member[to];
                      if (load_[to] >= quota.*below) return std::nullopt;
                      return load_[to] < quota.quota ? 0 : kOverQuotaCost;
                    },
                    .offers_of =
                        [this, hole](size_t from, const ChainProblem::Offer& offer) {
                          const BestHandovers& best = BestFrom(from, hole);
                          for (size_t to = 0; to < best.size(); ++to) {
                            if (best[to]) offer(to, best[to]->partition, best[to]->cost);
                          }
                        }},
                   prices_);
}

void CopyPlacer::Apply(const Chain& chain) {
  for (const auto& [from, to, partition] : chain.handovers) {
    std::vector<size_t>& copies = table_[partition];
    for (const size_t member : copies) best_from_[member].clear();
    best_from_[from].clear();
    best_from_[to].clear();
    if (from == nobody_) {
      copies.push_back(to);
    } else {
      std::replace(copies.begin(), copies.end(), from, to);
      --load_[from];
    }
    ++load_[to];
  }
}

}  // namespace strata
