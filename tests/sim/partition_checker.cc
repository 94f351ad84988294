#include "tests/sim/partition_checker.h"

namespace strata::sim {

size_t PartitionChecker::Known(const Place& place) const {
  const auto told = told_.find(place);
  return told == told_.end() ? 0 : told->second.size();
}

void PartitionChecker::OnTold(const Place& place, const List& list, size_t length, size_t needed) {
  Note(place.partition * kKeys + place.key + length * 64);
  const std::string name =
      "list " + std::to_string(place.key) + " of partition " + std::to_string(place.partition);
  if (length < needed) {
    return Fail(name + " is told with " + std::to_string(length) + " values after " +
                std::to_string(needed));
  }
  List& told = told_[place];
  const size_t common = std::min(told.size(), length);
  if (common > 0 && told[common - 1] != list[common - 1]) {
    return Fail(name + " is told with other values than before");
  }
  if (length > told.size()) {
    told.assign(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(length));
  }
}

void PartitionChecker::OnState(uint64_t partition, const replication::Position& position,
                               uint64_t hash) {
  std::vector<State>& states = states_[{partition, position.sequence}];
  for (const State& state : states) {
    if (state.epoch != position.epoch) continue;
    if (state.hash != hash) {
      Fail("two copies of partition " + std::to_string(partition) + " differ at sequence " +
           std::to_string(position.sequence));
    }
    return;
  }
  states.push_back({position.epoch, hash});
}

}  // namespace strata::sim
