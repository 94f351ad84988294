#include "server/tiers/write_through.h"

#include <string>
#include <utility>

#include "protocol/errors.h"

namespace strata {

void WriteThrough::Begin(Keyspace& keyspace, TierMover& mover, const Clock& clock,
                         const TierDefinition& definition) {
  if (definition.write != TierWrite::kThrough) return;
  keyspace_ = &keyspace;
  mover_ = &mover;
  clock_ = &clock;
  on_error_ = definition.on_error;
  timeout_ms_ = definition.request_timeout_ms;
}

// By the space, since databases may be swapped before the command ends.
void WriteThrough::Note(int database, const KeyRef& key) {
  const CopySpace space = keyspace_->SpaceOf(database);
  std::vector<CopyLedger::Name>& keys = changes_.keys;
  const bool is_last = !keys.empty() && keys.back().space == space && keys.back().key == key.bytes;
  if (!is_last) keys.push_back({space, std::string(key.bytes), key.hash});
}

StoreWait& WriteThrough::wait() {
  if (changes_.wait == nullptr) {
    changes_.wait = std::make_shared<StoreWait>();
    changes_.wait->Begin();  // until End
  }
  return *changes_.wait;
}

SharedStoreWait WriteThrough::Join(WaiterId waiter) {
  wait().AddWaiter(waiter);
  return changes_.wait;
}

void WriteThrough::StoreNoted() {
  for (const CopyLedger::Name& name : changes_.keys) {
    wait().Begin();
    mover_->StoreThrough(name.space, name.ref(), {changes_.wait});
  }
  changes_.keys.clear();
}

SharedStoreWait WriteThrough::Store() {
  StoreNoted();
  return End(StoreWait::End::kStored);
}

SharedStoreWait WriteThrough::GiveUp() {
  changes_.keys.clear();
  return End(StoreWait::End::kFailed);
}

SharedStoreWait WriteThrough::End(StoreWait::End how) {
  wait().Finish(how);
  return std::exchange(changes_.wait, nullptr);
}

bool WriteThrough::MustWait() {
  if (!mover_->IsBusy()) {
    busy_since_ms_ = 0;
    return false;
  }
  const int64_t now_ms = clock_->MonotonicMs();
  if (busy_since_ms_ == 0) busy_since_ms_ = now_ms;
  return now_ms - busy_since_ms_ < timeout_ms_;
}

std::string_view WriteThrough::error() const {
  return on_error_ == TierError::kError ? errors::kInMemoryOnly : std::string_view();
}

}  // namespace strata
