#pragma once

// `write: through`: the keys that a command changes, until they are on their way to the tier below.
//
//   c.Changed -> Note                           under the keys' locks, while the handler runs
//   behind the handler, and behind what it made ready for others (BLPOP), under the same locks:
//             -> Store: TierMover::StoreThrough for each, once, however often it has changed
//             -> the wait of all of them together: the reply waits for it (withheld_replies.h)
//
// A command that changes very many keys has them stored in between, from one nested call to the
// next.
//
// One dispatcher's own.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/tier_definition.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

class WriteThrough {
 public:
  // Of the command under way.
  struct Changes {
    std::vector<CopyLedger::Name> keys;
    SharedStoreWait wait;  // null: nobody waits yet
  };

  // Borrows all of it, which must stay. Without, or with `write: back`, it is not active.
  void Begin(Keyspace& keyspace, TierMover& mover, const Clock& clock,
             const TierDefinition& definition);
  bool active() const { return mover_ != nullptr; }

  // REQUIRES: active(); the lock of the key's shard.
  void Note(int database, const KeyRef& key);
  bool any_noted() const { return !changes_.keys.empty(); }
  // Between two nested calls: what was noted is stored if it is much. REQUIRES: the locks of what
  // was noted, and no view of a value.
  void StoreIfMany() {
    if (changes_.keys.size() >= kMostNoted) [[unlikely]]
      StoreNoted();
  }
  // The waiter waits, too, for what was noted and what will be before Store; it is told when all of
  // it is over, unless that is so when Store returns.
  SharedStoreWait Join(WaiterId waiter);
  // The end of the command: what was noted is stored. REQUIRES: as StoreIfMany.
  SharedStoreWait Store();
  // The same if the locks are lost: nothing is stored, and that has failed.
  SharedStoreWait GiveUp();
  // Puts aside what a command under way has noted, or puts it back.
  void Exchange(Changes& changes) { std::swap(changes_, changes); }

  // So much is on its way below that who writes has to wait; not for ever, if nothing moves there.
  bool MustWait();
  // Until when a reply is withheld that waits from now on; monotonic.
  int64_t DeadlineMs() const { return clock_->MonotonicMs() + timeout_ms_; }
  // What is answered for what is not stored; empty: what would be if it were.
  std::string_view error() const;

 private:
  static constexpr size_t kMostNoted = 1024;

  StoreWait& wait();
  void StoreNoted();
  SharedStoreWait End(StoreWait::End how);

  Keyspace* keyspace_ = nullptr;
  TierMover* mover_ = nullptr;
  const Clock* clock_ = nullptr;
  TierError on_error_ = TierError::kError;
  int64_t timeout_ms_ = 0;
  Changes changes_;
  int64_t busy_since_ms_ = 0;  // monotonic; 0: it was not, when it was last asked
};

}  // namespace strata
