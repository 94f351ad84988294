#include "cluster/placement/primary_balance.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cluster/placement/apportionment.h"
#include "cluster/placement/chain_search.h"

namespace strata {
namespace {

class Balancer {
 public:
  Balancer(const Members& members, const CopyTable& previous, CopyTable& table)
      : members_(members),
        nobody_(members.size()),
        table_(table),
        load_(members.size()),
        prices_(members.size() + 2) {
    for (size_t i = 0; i < table_.size(); ++i) {
      std::sort(table_[i].begin(), table_[i].end());
      primary_of_.push_back(nobody_);
      const auto kept = previous[i].empty()
                            ? table_[i].end()
                            : std::find(table_[i].begin(), table_[i].end(), previous[i].front());
      if (kept != table_[i].end()) SetPrimary(i, *kept);
    }
    SetQuotas();
  }

  void Run() {
    for (size_t partition = 0; partition < table_.size(); ++partition) {
      if (primary_of_[partition] == nobody_) GivePrimary(partition);
    }
    EvenOut();
    for (size_t partition = 0; partition < table_.size(); ++partition) {
      std::vector<size_t>& copies = table_[partition];
      const auto primary = std::find(copies.begin(), copies.end(), primary_of_[partition]);
      std::rotate(copies.begin(), primary, primary + 1);
    }
  }

 private:
  void SetPrimary(size_t partition, size_t member) {
    if (primary_of_[partition] != nobody_) --load_[primary_of_[partition]];
    primary_of_[partition] = member;
    ++load_[member];
  }

  void SetQuotas() {
    const std::vector<uint64_t> copies = CountCopies(table_, members_.size());
    std::vector<Claimant> claimants;
    for (size_t i = 0; i < members_.size(); ++i) {
      claimants.push_back({members_[i].weight, copies[i], load_[i]});
    }
    quotas_ = Apportion(table_.size(), claimants);
  }

  void GivePrimary(size_t partition) {
    const Chain chain = FindChain(ProblemOf({{nobody_}}, partition), prices_);
    if (chain.empty()) return SetPrimary(partition, table_[partition].front());
    Apply(chain);
  }

  // Ends when there is no way: copies may lie so that not every member can have its share.
  void EvenOut() {
    for (;;) {
      std::vector<ChainStart> starts;
      for (size_t i = 0; i < members_.size(); ++i) {
        if (load_[i] > quotas_[i]) starts.push_back({i});
      }
      const Chain chain = FindChain(ProblemOf(std::move(starts), table_.size()), prices_);
      if (chain.empty()) return;
      Apply(chain);
    }
  }

  // Of being the primary; `orphan` is the partition that nobody gives away.
  ChainProblem ProblemOf(std::vector<ChainStart> starts, size_t orphan) const {
    return {.starts = std::move(starts),
            .end_cost = [this](size_t to) -> std::optional<int64_t> {
              if (load_[to] < quotas_[to]) return 0;
              return std::nullopt;
            },
            .offers_of =
                [this, orphan](size_t from, const ChainProblem::Offer& offer) {
                  for (size_t partition = 0; partition < table_.size(); ++partition) {
                    const bool gives =
                        from == nobody_ ? partition == orphan : primary_of_[partition] == from;
                    if (!gives) continue;
                    for (const size_t to : table_[partition])
                      offer(to, partition, {.cost = 0, .score = Surplus(to)});
                  }
                }};
  }

  // The emptiest one is the best: as if those over their quota were lower than all others.
  uint64_t Surplus(size_t member) const { return load_[member] + table_.size() - quotas_[member]; }

  void Apply(const Chain& chain) {
    for (const Handover& handover : chain.handovers) SetPrimary(handover.partition, handover.to);
  }

  const Members& members_;
  const size_t nobody_;
  CopyTable& table_;
  std::vector<size_t> primary_of_;
  std::vector<uint64_t> load_;
  std::vector<uint64_t> quotas_;
  ChainPrices prices_;  // stay zero
};

}  // namespace

void BalancePrimaries(const Members& members, const CopyTable& previous, CopyTable& table) {
  Balancer(members, previous, table).Run();
}

}  // namespace strata
