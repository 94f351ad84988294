#pragma once

#include <cstdint>
#include <vector>

#include "cluster/placement/chain_search.h"
#include "cluster/placement/copy_quotas.h"

namespace strata {

// Gives each partition its copies, by quotas. What is there stays, unless it can be spread better
// over zones. Holes, and members out of balance, are made good by the shortest chains, so that as
// little moves as is needed. In rounds: as long as a zone limit leaves a way, no zone gets more.
class CopyPlacer {
 public:
  // All borrowed.
  CopyPlacer(const Members& members, const CopyQuotas& quotas, const CopyTable& previous);

  CopyTable Place();

 private:
  static constexpr size_t kNoPartition = SIZE_MAX;

  using Bound = uint64_t CopyQuota::*;

  uint64_t Score(size_t member, size_t partition) const;
  size_t CountInZone(size_t partition, size_t zone) const;
  void Keep(size_t partition, size_t zone_limit);
  void Spread(size_t partition);
  bool Fill(size_t partition);
  void EvenOut(Bound above, Bound below);
  int CopiesThatMove(const std::vector<Handover>& chain) const;
  bool IsDone() const;
  bool CanReplace(size_t partition, size_t from, size_t to) const;
  void OfferFrom(size_t from, size_t partition, const ChainProblem::Offer& offer) const;
  // Of copies, which go to members that have less than a bound; `hole` is a partition that needs
  // one, or kNoPartition.
  ChainProblem ProblemOf(std::vector<size_t> starts, size_t hole, Bound below) const;
  void Apply(const std::vector<Handover>& chain);

  const Members& members_;
  const CopyQuotas& quotas_;
  const CopyTable& previous_;
  const size_t nobody_;  // an index behind those of members: has no copy, and gives one for a hole
  size_t zone_limit_;
  std::vector<uint64_t> scores_;  // of all members for partition 0, then 1 …
  CopyTable table_;
  std::vector<uint64_t> load_;
};

}  // namespace strata
