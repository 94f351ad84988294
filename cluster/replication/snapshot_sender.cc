#include "cluster/replication/snapshot_sender.h"

#include <utility>

#include "cluster/replication/backlog.h"

namespace strata::replication {

void SnapshotSender::Add(SnapshotItem item) {
  bytes_ += Backlog::SizeOf(item.bytes);
  items_.push_back(std::move(item));
}

void SnapshotSender::End(const Position& position) {
  end_ = position;
  Add({.kind = SnapshotItem::Kind::kEnd});
}

std::optional<SnapshotItems> SnapshotSender::Next(size_t most_message_bytes,
                                                  size_t most_in_flight_bytes) {
  SnapshotItems message{.id = id_, .begin = begin_, .first = sent_ + 1};
  size_t bytes = 0;
  while (sent_ - received_ < items_.size()) {
    const SnapshotItem& item = items_[sent_ - received_];
    const size_t size = Backlog::SizeOf(item.bytes);
    const bool has_room =
        bytes + size <= most_message_bytes && in_flight_bytes_ + size <= most_in_flight_bytes;
    if (!has_room && in_flight_bytes_ > 0) break;
    message.items.push_back(item);
    bytes += size;
    in_flight_bytes_ += size;
    ++sent_;
  }
  if (message.items.empty()) return std::nullopt;
  return message;
}

bool SnapshotSender::Acknowledge(uint64_t received) {
  if (received <= received_ || received > received_ + items_.size()) return false;
  for (; received_ < received; ++received_) {
    const size_t size = Backlog::SizeOf(items_.front().bytes);
    bytes_ -= size;
    // After a rewind, what was sent before it can be acknowledged as well.
    if (received_ < sent_) in_flight_bytes_ -= size;
    items_.pop_front();
  }
  sent_ = std::max(sent_, received_);
  return true;
}

}  // namespace strata::replication
