#pragma once

// How a world of the Raft simulation is: each seed has its own, since a uniform one missed six of
// fifteen planted faults (swarm testing, Groce et al. 2012).

#include <cstddef>
#include <cstdint>

#include "tests/sim/chance.h"

namespace strata::sim {

struct RaftProfile {
  int nodes;
  int first_voters;
  int election_ticks;
  bool timeouts_are_alike;  // so that elections are contested
  size_t most_entries;      // in a message

  int64_t delay_ms;       // of a message, at most, but for a few
  int64_t long_delay_ms;  // of those
  int long_delay_percent;
  int loss_percent;

  int64_t write_ms;  // likewise, to disk
  int64_t long_write_ms;
  int long_write_percent;

  int64_t least_down_ms;  // behind a crash
  int64_t more_down_ms;
  int64_t least_calm_ms;  // between two mishaps
  int64_t more_calm_ms;
  int configuration_weight;  // how often, beside other mishaps
  int power_cut_weight;

  static RaftProfile Of(Random& random) {
    return {
        .nodes = static_cast<int>(5 + random.Below(3)),
        .first_voters = OneOf(random, {3, 3, 4, 5}),
        .election_ticks = OneOf(random, {5, 10, 10, 20}),
        .timeouts_are_alike = OneOf(random, {false, false, true}),
        .most_entries = OneOf<size_t>(random, {1, 2, 64}),
        .delay_ms = OneOf<int64_t>(random, {5, 25, 25, 120}),
        .long_delay_ms = OneOf<int64_t>(random, {300, 1500}),
        .long_delay_percent = OneOf(random, {0, 3, 10}),
        .loss_percent = OneOf(random, {0, 5, 15}),
        .write_ms = OneOf<int64_t>(random, {2, 8, 60}),
        .long_write_ms = OneOf<int64_t>(random, {120, 600}),
        .long_write_percent = 5,
        .least_down_ms = OneOf<int64_t>(random, {1, 50, 50}),
        .more_down_ms = OneOf<int64_t>(random, {5, 200, 1500}),
        .least_calm_ms = OneOf<int64_t>(random, {5, 30}),
        .more_calm_ms = OneOf<int64_t>(random, {60, 400}),
        .configuration_weight = OneOf(random, {0, 1, 6}),
        .power_cut_weight = OneOf(random, {0, 1, 3}),
    };
  }
};

}  // namespace strata::sim
