#pragma once

// How a world of the partition simulation is; each seed has its own (see raft_profile.h).

#include <cstddef>
#include <cstdint>

#include "cluster/replication/core.h"
#include "cluster/replication/leases.h"
#include "tests/sim/chance.h"

namespace strata::sim {

struct PartitionProfile {
  size_t nodes;
  size_t copies;
  int64_t drift_percent;  // between the slowest clock and the fastest
  bool clocks_are_extreme;

  int64_t delay_ms;  // of a message, at most, but for a few
  int64_t long_delay_ms;
  int long_delay_percent;
  int loss_percent;

  int64_t ask_ms;        // between two looks at the map
  int64_t map_delay_ms;  // until a node learns of a change
  int map_jump_percent;  // and not of each version
  int map_loss_percent;  // until it asks
  int64_t proposal_delay_ms;

  bool encodes;  // messages as the bytes of packets

  int write_percent;     // of what clients ask
  int eventual_percent;  // of writes
  int64_t client_ms;     // between two commands
  int lazy_percent;      // effects that wait for the next tick before they are sent

  int64_t chunk_ms;  // between chunks of a snapshot
  size_t effect_bytes;
  size_t backlog_bytes;
  size_t message_bytes;

  int64_t least_calm_ms;  // between two mishaps
  int64_t more_calm_ms;
  int64_t more_pause_ms;
  int64_t more_down_ms;
  int promotion_weight;  // how often, beside other mishaps
  int move_weight;
  int crash_weight;
  int pause_weight;
  int cut_weight;
  int map_cut_weight;  // of links with the map service
  int heal_weight;

  static PartitionProfile Of(Random& random) {
    const size_t nodes = OneOf<size_t>(random, {2, 3, 3, 5});
    const size_t effect_bytes = OneOf<size_t>(random, {8, 8, 100});
    return {
        .nodes = nodes,
        .copies = nodes == 5 ? OneOf<size_t>(random, {2, 3, 4}) : nodes,
        .drift_percent = 4,
        .clocks_are_extreme = OneOf(random, {false, true}),
        .delay_ms = OneOf<int64_t>(random, {3, 10, 40}),
        .long_delay_ms = OneOf<int64_t>(random, {100, 400}),
        .long_delay_percent = OneOf(random, {0, 3, 8}),
        .loss_percent = OneOf(random, {0, 3, 10}),
        .ask_ms = OneOf<int64_t>(random, {70, 70, 500}),
        .map_delay_ms = OneOf<int64_t>(random, {5, 20, 150, 500}),
        .map_jump_percent = OneOf(random, {0, 10, 50}),
        .map_loss_percent = OneOf(random, {0, 10, 40}),
        .proposal_delay_ms = OneOf<int64_t>(random, {5, 20, 150}),
        .encodes = OneOf(random, {false, false, true}),
        .write_percent = OneOf(random, {60, 30, 10}),
        .eventual_percent = OneOf(random, {0, 20, 80}),
        .client_ms = OneOf<int64_t>(random, {10, 20, 30}),
        .lazy_percent = OneOf(random, {0, 0, 50}),
        .chunk_ms = OneOf<int64_t>(random, {2, 15, 60}),
        .effect_bytes = effect_bytes,
        .backlog_bytes = OneOf<size_t>(random, {1'000, 6'000, 100'000}),
        .message_bytes = OneOf<size_t>(random, {100, 500, 100'000}),
        .least_calm_ms = OneOf<int64_t>(random, {5, 40}),
        .more_calm_ms = OneOf<int64_t>(random, {80, 500}),
        .more_pause_ms = OneOf<int64_t>(random, {200, 1'200}),
        .more_down_ms = OneOf<int64_t>(random, {100, 900}),
        .promotion_weight = OneOf(random, {1, 3, 6}),
        .move_weight = OneOf(random, {0, 2, 8}),
        .crash_weight = OneOf(random, {0, 1, 3}),
        .pause_weight = OneOf(random, {0, 1, 4}),
        .cut_weight = OneOf(random, {0, 1, 3}),
        .map_cut_weight = OneOf(random, {0, 1, 5}),
        .heal_weight = OneOf(random, {2, 4}),
    };
  }

  replication::LeaseOptions Leases() const {
    return {.lease_ms = 300, .drift_percent = 4, .margin_ms = 5};
  }
  replication::Options Options() const {
    return {.most_backlog_bytes = backlog_bytes,
            .most_message_bytes = message_bytes,
            .most_in_flight_bytes = backlog_bytes / 2,
            .resend_ms = 120,
            .slow_ms = 500,
            .silent_ms = 450,
            .propose_again_ms = 250,
            .most_hold_ms = 100};
  }
};

}  // namespace strata::sim
