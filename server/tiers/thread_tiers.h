#pragma once

// An I/O thread's side of the tier below memory: the connections, the mover of values, and the
// clients that wait for one.
//
//   a round of the thread:  replies of the tier -> TierMover, inside a batch
//                           -> who waited runs again -> Flush: what was asked meanwhile goes out
//   its tick:               stale copies are erased, those of older keys written anew; the first
//                           thread keeps house (tier_steward.h), and sees to dictionaries
//                           (storage/tiers/dictionary_keeper.h); connections, deadlines
//
// One I/O thread's own.

#include <chrono>
#include <memory>
#include <optional>

#include "server/dispatcher.h"
#include "server/tiers/remote_tier.h"
#include "server/tiers/tier_steward.h"
#include "storage/tiers/dictionary_keeper.h"
#include "storage/tiers/reencryption.h"
#include "storage/tiers/tier_mover.h"

namespace strata {

class TierMigration;

class ThreadTiers final : private RemoteTier::Host {
 public:
  // Whom a run of answers concerns besides the keys: the thread.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Values that were on their way are below now: who waited for memory may go on.
    virtual void OnRoom() = 0;
  };

  // The shards that the thread cleans up for.
  using Share = ReencryptionWalk::Share;

  // REQUIRES: the configuration has a tier. Borrows all of it but the share.
  ThreadTiers(const RemoteThread& thread, Dispatcher& dispatcher, Owner& owner, Share share);

  TierMover& mover() { return *mover_; }
  const RemoteServers& servers() const { return tier_->servers(); }
  // At the end of each round.
  void Flush() { tier_->servers().Flush(); }
  // At least ten times a second, outside of any batch.
  void Tick();
  // For a command that has the world stopped: blocks until some answer came. False if none did in
  // time.
  bool WaitForAnswers(std::chrono::milliseconds most);
  // At the start, so that the first commands find the tier: until it can be asked, or a while.
  // REQUIRES: the thread does not run yet.
  void WaitUntilUp();
  // At the server's end, for a run that adopts what this one leaves: values that are in memory only
  // go below, as many as there is time for (monotonic). REQUIRES for both: no thread runs.
  void SaveAll(int64_t end_ms);
  // What is under way and owed is waited for, and then, by the first thread's, another may have the
  // names there.
  void Leave(int64_t end_ms);

 private:
  bool BeginAnswers() override;
  void EndAnswers() override;
  // REQUIRES: inside a batch, or before there are any.
  void FollowOptions();
  void Wake();
  // REQUIRES: inside a batch, or no thread runs.
  void EraseSome(const Share& share);
  bool IsLeft();
  bool Save(TierMigration& walk, int64_t end_ms);
  int64_t NowMs() const { return dispatcher_.services().clock.MonotonicMs(); }

  Dispatcher& dispatcher_;
  Owner& owner_;
  const Share share_;
  std::unique_ptr<RemoteTier> tier_;
  std::unique_ptr<DictionaryStore> dictionaries_;
  std::unique_ptr<TierMover> mover_;
  std::unique_ptr<ReencryptionWalk> reencryption_;
  // The first thread's.
  std::unique_ptr<TierSteward> steward_;
  std::unique_ptr<DictionaryKeeper> dictionary_keeper_;
  std::optional<BatchScope> scope_;  // of a run of answers
  bool has_world_ = false;           // WaitForAnswers is under way
  size_t storing_before_ = 0;        // bytes, when the run began
  uint64_t owed_before_ = 0;         // erasures, then
};

}  // namespace strata
