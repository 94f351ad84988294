#include "cluster/placement/copy_placer.h"

#include <algorithm>
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
      zone_limit_(quotas.zone_limit),
      table_(previous.size()),
      load_(members.size()) {
  for (size_t partition = 0; partition < previous.size(); ++partition) {
    for (const Member& member : members) {
      scores_.push_back(NodeScore(member.id, static_cast<uint32_t>(member.weight), partition));
    }
  }
}

CopyTable CopyPlacer::Place() {
  for (size_t partition = 0; partition < table_.size(); ++partition) {
    Keep(partition, zone_limit_);
    Keep(partition, quotas_.copies);
  }
  for (;; ++zone_limit_) {
    for (size_t round = 1; round <= quotas_.copies; ++round) {
      for (size_t partition = 0; partition < table_.size(); ++partition) {
        if (table_[partition].size() < round) Fill(partition);
      }
    }
    for (size_t partition = 0; partition < table_.size(); ++partition) Spread(partition);
    EvenOut(&CopyQuota::most, &CopyQuota::quota);
    EvenOut(&CopyQuota::quota, &CopyQuota::least);
    if (IsDone()) return std::move(table_);
    // There is a way when all copies may lie in one zone. A table of copies by quotas exists, for
    // each member could have an equal part of each partition, and what fits in parts fits in whole
    // numbers (flows in networks with whole capacities, Ford and Fulkerson).
    CHECK(zone_limit_ < quotas_.copies);
  }
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

// Also of members that have too much: who they give it to is better seen when all is there.
void CopyPlacer::Keep(size_t partition, size_t zone_limit) {
  std::vector<std::pair<uint64_t, size_t>> order;
  for (const size_t member : previous_[partition]) {
    if (Contains(table_[partition], member)) continue;
    order.emplace_back(scores_[partition * members_.size() + member], member);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [score, member] : order) {
    if (table_[partition].size() == quotas_.copies) return;
    if (CountInZone(partition, members_[member].zone) >= zone_limit) continue;
    table_[partition].push_back(member);
    ++load_[member];
  }
}

// Replaces copies beyond the zone limit, the last that were kept first. The member that gives one
// up is no room for the chain, or one partition would be spread at the cost of another.
void CopyPlacer::Spread(size_t partition) {
  const std::vector<size_t> copies = table_[partition];
  for (auto copy = copies.rbegin(); copy != copies.rend(); ++copy) {
    if (CountInZone(partition, members_[*copy].zone) <= zone_limit_) continue;
    std::erase(table_[partition], *copy);
    if (Fill(partition)) {
      --load_[*copy];
    } else {
      table_[partition].push_back(*copy);
    }
  }
}

// Whether there was a way.
bool CopyPlacer::Fill(size_t partition) {
  std::vector<Handover> chain = FindChain(ProblemOf({nobody_}, partition, &CopyQuota::quota));
  if (CopiesThatMove(chain) > 1) {
    std::vector<Handover> direct = FindChain(ProblemOf({nobody_}, partition, &CopyQuota::most));
    if (direct.size() == 1) chain = std::move(direct);
  }
  Apply(chain);
  return !chain.empty();
}

// From members that have more than one bound to those that have less than another.
void CopyPlacer::EvenOut(Bound above, Bound below) {
  for (;;) {
    std::vector<size_t> starts;
    for (size_t member = 0; member < members_.size(); ++member) {
      if (load_[member] > quotas_.of_member[member].*above) starts.push_back(member);
    }
    const auto chain = FindChain(ProblemOf(std::move(starts), kNoPartition, below));
    if (chain.empty()) return;
    Apply(chain);
  }
}

// A copy that was not there before moves once, wherever it goes.
int CopyPlacer::CopiesThatMove(const std::vector<Handover>& chain) const {
  int copies = 0;
  for (const auto& [from, to, partition] : chain) {
    copies += Contains(previous_[partition], to) ? 0 : 1;
    copies -= from == nobody_ || Contains(previous_[partition], from) ? 0 : 1;
  }
  return copies;
}

bool CopyPlacer::IsDone() const {
  for (size_t member = 0; member < members_.size(); ++member) {
    const CopyQuota& quota = quotas_.of_member[member];
    if (load_[member] > quota.most || load_[member] < quota.least) return false;
  }
  return std::all_of(table_.begin(), table_.end(),
                     [&](const auto& copies) { return copies.size() == quotas_.copies; });
}

bool CopyPlacer::CanReplace(size_t partition, size_t from, size_t to) const {
  if (Contains(table_[partition], to)) return false;
  const size_t zone = members_[to].zone;
  if (from != nobody_ && members_[from].zone == zone) return true;
  return CountInZone(partition, zone) < zone_limit_;
}

void CopyPlacer::OfferFrom(size_t from, size_t partition, const ChainProblem::Offer& offer) const {
  for (size_t to = 0; to < members_.size(); ++to) {
    if (CanReplace(partition, from, to)) offer(to, partition, Score(to, partition));
  }
}

// A shortest chain comes through one partition more than once only within different zones, so each
// handover of it stays possible after those before it.
ChainProblem CopyPlacer::ProblemOf(std::vector<size_t> starts, size_t hole, Bound below) const {
  return {.nodes = members_.size() + 1,
          .starts = std::move(starts),
          .has_room = [=, this](size_t to) { return load_[to] < quotas_.of_member[to].*below; },
          .offers_of =
              [this, hole](size_t from, const ChainProblem::Offer& offer) {
                if (from == nobody_) return OfferFrom(from, hole, offer);
                for (size_t partition = 0; partition < table_.size(); ++partition) {
                  if (Contains(table_[partition], from)) OfferFrom(from, partition, offer);
                }
              }};
}

void CopyPlacer::Apply(const std::vector<Handover>& chain) {
  for (const auto& [from, to, partition] : chain) {
    std::vector<size_t>& copies = table_[partition];
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
