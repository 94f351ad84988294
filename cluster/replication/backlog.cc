#include "cluster/replication/backlog.h"

#include <utility>

#include "base/check.h"

namespace strata::replication {

std::optional<Position> Backlog::At(Sequence sequence) const {
  if (sequence == base_.sequence) return base_;
  if (sequence < base_.sequence || sequence > last_sequence()) return std::nullopt;
  return Position{sequence, EffectAt(sequence).epoch};
}

void Backlog::Add(Effect effect) {
  bytes_ += SizeOf(effect.bytes);
  effects_.push_back(std::move(effect));
}

void Backlog::CutBehind(Sequence sequence) {
  CHECK(sequence >= base_.sequence);
  while (last_sequence() > sequence) {
    bytes_ -= SizeOf(effects_.back().bytes);
    effects_.pop_back();
  }
}

void Backlog::Trim(size_t most_bytes, Sequence keep) {
  while (bytes_ > most_bytes && base_.sequence < keep) {
    bytes_ -= SizeOf(effects_.front().bytes);
    base_ = {base_.sequence + 1, effects_.front().epoch};
    effects_.pop_front();
  }
}

void Backlog::Reset(const Position& position) {
  base_ = position;
  effects_.clear();
  bytes_ = 0;
}

}  // namespace strata::replication
