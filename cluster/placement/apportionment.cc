#include "cluster/placement/apportionment.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"

namespace strata {
namespace {

// What is left for those who do not get all that they can take, and their weights together.
struct Open {
  uint64_t total = 0;
  uint64_t weight = 0;
  std::vector<size_t> claimants;
};

// Gives those all they can take whose share is no less. Each one makes the shares of others larger.
Open GiveTheMost(uint64_t total, std::span<const Claimant> claimants,
                 std::vector<uint64_t>& given) {
  Open open{.total = total, .weight = 0, .claimants = {}};
  for (size_t i = 0; i < claimants.size(); ++i) {
    open.weight += claimants[i].weight;
    open.claimants.push_back(i);
  }
  for (bool goes_on = true; goes_on;) {
    const auto full = std::find_if(open.claimants.begin(), open.claimants.end(), [&](size_t i) {
      return open.total * claimants[i].weight >= claimants[i].most * open.weight;
    });
    goes_on = full != open.claimants.end();
    if (!goes_on) break;
    given[*full] = claimants[*full].most;
    open.total -= claimants[*full].most;
    open.weight -= claimants[*full].weight;
    open.claimants.erase(full);
  }
  return open;
}

}  // namespace

std::vector<uint64_t> Apportion(uint64_t total, std::span<const Claimant> claimants) {
  std::vector<uint64_t> given(claimants.size());
  const Open open = GiveTheMost(total, claimants, given);
  uint64_t left = open.total;
  // Whether it lets go of one if it gets no more, the remainder, and who it is.
  std::vector<std::tuple<bool, uint64_t, size_t>> order;
  for (const size_t i : open.claimants) {
    const uint64_t share = open.total * claimants[i].weight;
    given[i] = share / open.weight;
    left -= given[i];
    order.emplace_back(claimants[i].held <= given[i], open.weight - share % open.weight, i);
  }
  CHECK(left <= order.size());
  std::sort(order.begin(), order.end());
  for (size_t i = 0; i < left; ++i) ++given[std::get<2>(order[i])];
  return given;
}

}  // namespace strata
