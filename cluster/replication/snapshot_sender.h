#pragma once

// A snapshot on its way to one replica, with all that is done to the partition meanwhile:
//
//   begin at P │ chunk │ chunk │ effect P+1 │ chunk │ effect P+2 │ … │ end at Q
//
// A chunk has some keys as they were at its place. So the keys are walked through while the
// partition serves, and nothing is copied on write; the replica puts together in the same order
// what it gets, out of sight, and shows it at the end. An effect on a key that was not in a chunk
// yet has nothing to do there: the chunk will have it.
//
// Items are numbered; what the replica has not acknowledged is kept and sent again. Chunks are only
// taken while there is room. Effects are not held back, so a replica that is slower than the
// writers overflows at last, and has to begin anew.

#include <cstdint>
#include <deque>
#include <optional>

#include "cluster/replication/message.h"

namespace strata::replication {

class SnapshotSender {
 public:
  SnapshotSender(SnapshotId id, const Position& begin) : id_(id), begin_(begin) {}

  const SnapshotId& id() const { return id_; }
  bool has_ended() const { return end_.has_value(); }
  // Which is there, of one that has ended.
  const Position& end() const { return *end_; }
  size_t queued_bytes() const { return bytes_; }

  void Add(SnapshotItem item);
  void End(const Position& position);
  // What is to be sent now, at most so many bytes but for one longer item, and at most so many
  // bytes under way. Nothing: it waits for an answer, or for items.
  std::optional<SnapshotItems> Next(size_t most_message_bytes, size_t most_in_flight_bytes);
  // Whether it is news.
  bool Acknowledge(uint64_t received);
  // What is not acknowledged is to be sent anew.
  void Rewind() {
    sent_ = received_;
    in_flight_bytes_ = 0;
  }
  bool is_done() const { return end_ && items_.empty(); }

 private:
  const SnapshotId id_;
  const Position begin_;
  std::optional<Position> end_;
  std::deque<SnapshotItem> items_;  // from number received_ + 1 on
  uint64_t received_ = 0;
  uint64_t sent_ = 0;  // >= received_
  size_t bytes_ = 0;
  size_t in_flight_bytes_ = 0;
};

}  // namespace strata::replication
