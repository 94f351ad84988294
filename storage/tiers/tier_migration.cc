#include "storage/tiers/tier_migration.h"

#include <utility>

#include "base/glob.h"

namespace strata {
namespace {

// Whether something is under way for the key. An erasure that is only owed keeps nobody waiting: a
// new copy takes the old one's place.
bool IsOccupied(CopyLedger& ledger, CopySpace space, const KeyRef& key) {
  const CopyLedger::Item* item = ledger.Find(space, key);
  if (item == nullptr) return false;
  return item->operation != CopyLedger::Operation::kErase || item->is_asked;
}

}  // namespace

bool TierMigration::Begin(Order order) {
  MutexLock lock(mutex_);
  if (progress_.is_under_way()) return false;
  progress_ = {.state = State::kRunning, .order = std::move(order)};
  ++number_;
  return true;
}

bool TierMigration::Cancel() {
  MutexLock lock(mutex_);
  if (!progress_.is_under_way()) return false;
  progress_.state = State::kCancelled;
  return true;
}

TierMigration::Progress TierMigration::Read() const {
  MutexLock lock(mutex_);
  return progress_;
}

bool TierMigration::TakeOrder() {
  MutexLock lock(mutex_);
  if (!progress_.is_under_way()) return false;
  if (walk_.number == number_) return true;
  walk_ = Walk();
  walk_.number = number_;
  walk_.progress = progress_;
  return true;
}

// Unless it was cancelled meanwhile, or another one has begun.
void TierMigration::Publish() {
  MutexLock lock(mutex_);
  if (number_ == walk_.number && progress_.is_under_way()) progress_ = walk_.progress;
}

bool TierMigration::Step(TierMover& mover, int64_t room_bytes) {
  if (!TakeOrder()) return false;
  walk_.progress.state = State::kRunning;
  Settle();
  MoveSome(mover, room_bytes);
  const bool is_all = walk_.is_scanned && walk_.cursor == 0;
  walk_.progress.share = is_all ? 1 : keyspace_.ShareBefore(walk_.cursor);
  if (walk_.is_scanned && walk_.found.empty() && walk_.under_way.empty()) {
    walk_.progress.state = walk_.ends_as;
  }
  Publish();
  return walk_.progress.state == State::kRunning;
}

void TierMigration::MoveSome(TierMover& mover, int64_t room_bytes) {
  const uint64_t last = walk_.progress.looked_at + kKeysPerStep;
  while (walk_.under_way.size() < kMostUnderWay) {
    if (walk_.found.empty()) {
      if (walk_.is_scanned || walk_.progress.looked_at >= last) return;
      Find();
      continue;
    }
    Key& key = walk_.found.front();
    const Move move = MoveOne(mover, key, room_bytes);
    if (move == Move::kLater) {
      if (!mover.IsBusy()) walk_.progress.state = State::kWaiting;
      return;
    }
    if (move == Move::kNoRoom) {
      walk_.ends_as = State::kNoRoom;
      walk_.is_scanned = true;
      return walk_.found.clear();
    }
    walk_.progress.moved += move == Move::kArrived;
    walk_.progress.refused += move == Move::kRefused;
    key.is_asked = move == Move::kAsked;
    if (key.is_asked || move == Move::kOccupied) walk_.under_way.push_back(std::move(key));
    walk_.found.pop_front();
  }
}

void TierMigration::Find() {
  constexpr size_t kAtOnce = 64;
  const Order& order = walk_.progress.order;
  walk_.cursor = keyspace_.Scan(order.database, walk_.cursor, kAtOnce, [&](const Entry& entry) {
    ++walk_.progress.looked_at;
    if (IsThere(entry) || !GlobMatch(order.pattern, entry.key())) return;
    const KeyRef key = keyspace_.Ref(entry.key());
    walk_.found.push_back({std::string(key.bytes), key.hash, 0, false});
  });
  walk_.is_scanned = walk_.cursor == 0;
}

TierMigration::Move TierMigration::MoveOne(TierMover& mover, Key& key, int64_t room_bytes) {
  SpinLock lock(ShardOf(key).mutex);
  ShardDatabase* part = keyspace_.Part(walk_.progress.order.database, key.hash);
  Entry* entry = part == nullptr ? nullptr : part->Peek(key.ref());
  if (entry == nullptr || IsThere(*entry)) return Move::kNothing;
  if (walk_.progress.order.direction == Direction::kDown) return Demote(mover, *part, key, *entry);
  return Promote(mover, *part, key, *entry, room_bytes);
}

TierMigration::Move TierMigration::Demote(TierMover& mover, ShardDatabase& part, const Key& key,
                                          Entry& entry) {
  const VictimTaker::Taken taken = mover.Take(part, key.ref(), entry);
  if (taken.bytes > 0) return IsThere(*part.Peek(key.ref())) ? Move::kArrived : Move::kAsked;
  if (!mover.MayStore()) return Move::kLater;
  return IsOccupied(*ShardOf(key).copies, part.space(), key.ref()) ? Move::kOccupied
                                                                   : Move::kRefused;
}

TierMigration::Move TierMigration::Promote(TierMover& mover, const ShardDatabase& part, Key& key,
                                           const Entry& stub, int64_t room_bytes) {
  key.bytes = static_cast<int64_t>(stub.mark().value_bytes());
  if (walk_.loading_bytes + key.bytes > room_bytes) return Move::kNoRoom;
  const TierMover::Want want{.purpose = TierMover::Purpose::kMigration};
  if (mover.Promote(part, key.ref(), want) == TierMover::Promotion::kDown) return Move::kLater;
  walk_.loading_bytes += key.bytes;
  return Move::kAsked;
}

void TierMigration::Settle() {
  std::erase_if(walk_.under_way, [this](Key& key) { return Settle(key); });
}

bool TierMigration::Settle(Key& key) {
  SpinLock lock(ShardOf(key).mutex);
  ShardDatabase* part = keyspace_.Part(walk_.progress.order.database, key.hash);
  const Entry* entry = part == nullptr ? nullptr : part->Peek(key.ref());
  const bool is_there = entry != nullptr && IsThere(*entry);
  const bool is_occupied =
      part != nullptr && IsOccupied(*ShardOf(key).copies, part->space(), key.ref());
  if (!is_there && is_occupied) return false;
  walk_.loading_bytes -= key.bytes;
  if (!is_there && !key.is_asked) {
    walk_.found.push_back(std::move(key));
    return true;
  }
  ++(is_there ? walk_.progress.moved : walk_.progress.refused);
  return true;
}

}  // namespace strata
