#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cluster/placement/chain_search.h"
#include "cluster/placement/copy_quotas.h"

namespace strata {

// Gives each partition its copies, within the bounds of quotas. As few are crowded as can be, that
// is beyond the limit of their zone; and of all tables of which that is true, one is found to which
// the fewest copies move. This is a flow of least cost, which begins with what may stay, since that
// costs nothing. Holes, and members out of balance, are then made good by the cheapest chains. Of
// equally cheap ones those that bring members nearer to their quotas go first.
class CopyPlacer {
 public:
  // All borrowed.
  CopyPlacer(const Members& members, const CopyQuotas& quotas, const CopyTable& previous);

  CopyTable Place();

 private:
  static constexpr size_t kNoPartition = SIZE_MAX;
  // That all copies are beyond quotas costs less than that one moves; and that all move, less than
  // that one is crowded.
  static constexpr int64_t kOverQuotaCost = 1;
  static constexpr int64_t kMoveCost = int64_t{1} << 16;
  static constexpr int64_t kCrowdedCost = int64_t{1} << 32;

  using Bound = uint64_t CopyQuota::*;

  struct BestHandover {
    size_t partition = 0;
    HandoverCost cost;
  };
  using BestHandovers = std::vector<std::optional<BestHandover>>;  // by whom it goes to

  uint64_t Score(size_t member, size_t partition) const;
  size_t CountInZone(size_t partition, size_t zone) const;
  int64_t CrowdingAt(size_t copies) const;
  int64_t CostOf(const Handover& handover) const;
  void Keep(size_t partition);
  void Fill(size_t partition);
  void EvenOut(Bound above, Bound below);
  bool IsDone() const;
  void OfferOf(size_t partition, size_t from, BestHandovers& best) const;
  const BestHandovers& BestFrom(size_t from, size_t hole);
  // To members that have less than a bound; `hole` is a partition that needs a copy, or
  // kNoPartition.
  Chain FindChainTo(Bound below, std::vector<ChainStart> starts, size_t hole);
  void Apply(const Chain& chain);

  const Members& members_;
  const CopyQuotas& quotas_;
  const CopyTable& previous_;
  const size_t nobody_;  // an index behind those of members: has no copy, and gives one for a hole
  std::vector<uint64_t> scores_;  // of all members for partition 0, then 1 …
  CopyTable table_;
  std::vector<uint64_t> load_;
  std::vector<BestHandovers> best_from_;  // by whom it comes from; empty if it is to be found
  ChainPrices prices_;
};

}  // namespace strata
