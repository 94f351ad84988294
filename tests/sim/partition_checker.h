#pragma once

// What must hold for the clients of partitions, and among their copies. The first thing that does
// not is kept.
//
// All that a quorum was told, about a list, must be beginnings of one list, each as long as any
// that was told before the command began. A write that is acknowledged tells of the list up to what
// it has appended. Since each value is appended once, that is linearizability.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cluster/replication/types.h"
#include "tests/sim/partition_keys.h"

namespace strata::sim {

class PartitionChecker {
 public:
  using List = PartitionKeys::List;
  struct Place {
    uint64_t partition = 0;
    uint32_t key = 0;
    auto operator<=>(const Place&) const = default;
  };

  bool is_sound() const { return !violation_; }
  const std::string& violation() const { return *violation_; }
  uint64_t digest() const { return digest_; }
  void Note(uint64_t number) { digest_ = HashNumber(number, digest_); }

  void Fail(std::string what) {
    if (!violation_) violation_ = std::move(what);
  }
  // How long the list is that clients know of.
  size_t Known(const Place& place) const;
  // A client is told of the list's first `length` values; it knew of `needed` when it asked.
  void OnTold(const Place& place, const List& list, size_t length, size_t needed);
  // The keys of some copy are what the effects up to the position make.
  void OnState(uint64_t partition, const replication::Position& position, uint64_t hash);

 private:
  struct State {
    replication::Epoch epoch;
    uint64_t hash;
  };

  std::optional<std::string> violation_;
  std::map<Place, List> told_;
  std::map<std::pair<uint64_t, replication::Sequence>, std::vector<State>> states_;
  uint64_t digest_ = 0;
};

}  // namespace strata::sim
