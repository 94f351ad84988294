#pragma once

// Moves values between memory and a tier below. Where the races are won and lost:
//
//   Take     victim -> it has a clean copy below:  a stub takes its place at once
//                   -> else sealed, and stored under the key's name; when the tier has it, a stub
//                      takes its place, unless the value has changed or gone meanwhile: then the
//                      copy is stale, and to be erased
//   Promote  stub   -> loaded, opened, in its place again, with a clean copy below;
//                      unless the stub has gone meanwhile. A key is loaded once, however many wait.
//   Seek     key    -> is there a copy that the run before has left? (tier_mover_seek.cc)
//   EraseSome       -> copies that are stale, until the tier says that they are gone
//   a value that needs a dictionary which is not here waits for that, and is loaded again
//                      (tier_mover_dictionaries.cc)
//   Rewrite  copy   -> loaded, opened, sealed by the key that writes now, stored in its own place
//                      (tier_mover_rewrite.cc)
//   StoreThrough     -> what was written is stored before who wrote it is answered, and stays here
//                      with a clean copy below (tier_mover_through.cc)
//
// A copy is one if it has the stamp that the entry's mark has (storage/tiers/copy_mark.h), and each
// key has one operation under way at a time (storage/tiers/copy_ledger.h).
//
// One I/O thread's own. What says REQUIRES a lock means that of the key's shard, or the world
// stopped.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "storage/eviction/eviction_run.h"
#include "storage/keyspace.h"
#include "storage/rdb_load.h"
#include "storage/tiers/dictionary_store.h"
#include "storage/tiers/tier.h"
#include "storage/tiers/tier_traffic.h"
#include "storage/tiers/value_sealer.h"

namespace strata {

struct TierRules {
  std::string prefix;              // of names, up to the key space
  size_t least_value_bytes = 256;  // a smaller one is not worth a stub
  size_t most_value_bytes = size_t{8} << 20;
  size_t most_storing_bytes = size_t{8} << 20;  // under way, of all threads
  bool writes_through = false;
};

// Of memory, what values on their way below may take at most: they are there twice, or more, until
// the tier has answered.
inline constexpr size_t kStoringShare = 16;

class TierMover final : public TierListener, public VictimTaker {
 public:
  struct Means {
    Keyspace& keyspace;
    Tier& tier;
    TierTraffic& traffic;
    const Clock& clock;
    const tiers::SealingRules& sealing;  // changes only while the world is stopped
    // Null: a value that needs a dictionary which is not on the shelf is unreadable.
    DictionaryStore* dictionaries = nullptr;
  };
  TierMover(const Means& means, TierRules rules);

  // Forms that promoted values take.
  void set_limits(const ValueLimits& limits) { limits_ = limits; }
  // At the end, where it does not matter what stubs take.
  void TakeSmallValues() { rules_.least_value_bytes = 0; }
  // How much memory there is; 0: no limit.
  void set_memory_bytes(size_t bytes) {
    most_storing_bytes_ = bytes == 0 ? rules_.most_storing_bytes
                                     : std::min(rules_.most_storing_bytes, bytes / kStoringShare);
  }

  bool IsUp() const { return means_.tier.IsUp(); }
  // Whether the tier has been asked for something and has not answered.
  bool IsAnythingUnderWay() const { return free_tickets_.size() < pending_.size(); }
  // Demotes.
  Taken Take(ShardDatabase& part, const KeyRef& key, Entry& entry) override;
  // Whether it would take values that have no copy.
  bool MayStore() const { return !IsBusy() && IsTaking(); }
  // Whether it would, if not so much was on its way already.
  bool IsBusy() const {
    return IsTaking() && (bytes_under_way() >= most_storing_bytes_ || owes_much());
  }
  // What will be free when the tier has answered; nothing while it does not.
  size_t freeing_bytes() const { return IsTaking() ? storing_bytes() : 0; }
  // Whether there will be more memory then.
  bool IsFreeing() const { return IsTaking() && (bytes_under_way() > 0 || owed_erasures() > 0); }
  uint64_t owed_erasures() const { return TierTraffic::Read(means_.traffic.owed_erasures); }
  // So that they should not wait for the next tick; they take memory themselves.
  bool owes_much() const { return owed_erasures() > kMuchOwed; }
  size_t storing_bytes() const { return TierTraffic::Read(means_.traffic.storing_bytes); }
  // And those of values that stay.
  size_t bytes_under_way() const {
    return storing_bytes() + TierTraffic::Read(means_.traffic.writing_bytes);
  }

  // Whether the tier has been asked to store or to erase the key's copy, and has not answered.
  // REQUIRES: the lock.
  bool IsAnswerDue(CopySpace space, const KeyRef& key);
  // Is among the awake when that answer is there. REQUIRES: it is due; the lock.
  void AwaitAnswer(CopySpace space, const KeyRef& key, WaiterId waiter);

  enum class Promotion : uint8_t { kUnderWay, kDown };
  enum class Purpose : uint8_t { kCommand, kMigration, kSweep };
  struct Want {
    // Is among the awake when the value is here, or will not be.
    std::optional<WaiterId> waiter = std::nullopt;
    // It stays, then, until Unpin or for a while.
    bool keep = false;
    Purpose purpose = Purpose::kCommand;
  };
  // Asks for a stub's value, if nobody has. REQUIRES: the lock.
  Promotion Promote(const ShardDatabase& part, const KeyRef& key, const Want& want);
  // Whether it will be told of the value already. REQUIRES: the lock.
  bool IsAwaitedBy(WaiterId waiter, CopySpace space, const KeyRef& key);
  // The same as Promote, even if another thread has asked: for whoever has the world stopped, so
  // that no other thread can take its answer. False if the tier cannot be asked.
  [[nodiscard]] bool LoadNow(const ShardDatabase& part, const KeyRef& key);
  // Whoever waited for the key has used it. REQUIRES: the lock.
  void Unpin(CopySpace space, const KeyRef& key);

  // Whether copies of the run before may be below that no entry knows of.
  bool IsAdopting() const { return means_.traffic.is_adopting.load(std::memory_order_relaxed); }
  // Whether the key may have one. REQUIRES for these three: the lock, or the world stopped.
  bool IsUnknown(int database, const KeyRef& key) {
    return IsAdopting() && MayBeAdopted(database, key);
  }
  // Asks for it, if nobody has. REQUIRES: it is unknown.
  Promotion Seek(CopySpace space, const KeyRef& key, const Want& want);
  // As LoadNow.
  [[nodiscard]] bool SeekNow(CopySpace space, const KeyRef& key);

  // The key has changed, or is gone: sees to it that below lies what it is now, or nothing. Each of
  // the waits has begun for it, and is finished then, or if that fails. REQUIRES: the lock.
  void StoreThrough(CopySpace space, const KeyRef& key, StoreWaits writers);

  // Asks the tier to erase some of what the shard owes; with write through, where the key has a
  // value, to store that. Takes its lock.
  void EraseSome(size_t shard_index);

  // Seals the copy that an entry has below anew, if it is not of the key that writes. REQUIRES: the
  // lock.
  void Rewrite(const ShardDatabase& part, const KeyRef& key);
  size_t rewrites_under_way() const { return rewrites_under_way_; }
  // Those that came to nothing, since the last call: their copies may be of another key still.
  size_t TakeFailedRewrites() { return std::exchange(failed_rewrites_, 0); }

  void OnDone(TierTicket ticket, TierOutcome outcome, std::string_view value) override;

  // Those whose wait is over, since the last call.
  std::vector<WaiterId> TakeAwake() { return std::exchange(awake_, {}); }

 private:
  static constexpr uint64_t kMuchOwed = 4096;
  // For a client that never comes back for what it waited for; and how long absence is remembered.
  static constexpr int64_t kLongestPinMs = 1000;

  // What becomes of a value that has been stored.
  enum class AfterStore : uint8_t { kStub, kStays };
  struct Pending {
    CopyLedger::Operation operation;
    CopySpace space = 0;
    std::string key;
    uint64_t hash = 0;
    uint64_t stamp = 0;
    size_t bytes = 0;
    AfterStore after_store = AfterStore::kStub;
    bool owns_item = true;             // the ledger's item is about this request
    bool is_after_dictionary = false;  // the one that it needs was asked for already

    KeyRef ref() const { return {key, hash}; }
  };
  // What the value that came for a stub is.
  enum class Verdict : uint8_t { kGood, kLost, kDamaged, kUnreadable, kAwaitsDictionary };
  struct Unsealed {
    Verdict verdict;
    tiers::OpenedValue value;  // if it is good; its payload, until another is unsealed
  };
  struct Opened {
    Verdict verdict;
    OwnedEntry entry;
  };

  // It is up, not full, and ours.
  bool IsTaking() const;
  bool IsWorthStoring(const Entry& entry) const;
  // REQUIRES: nothing is under way for the key.
  Taken Store(ShardDatabase& part, const KeyRef& key, Entry& entry, AfterStore after);
  TierTraffic::Count& BytesOf(AfterStore after) {
    return after == AfterStore::kStub ? means_.traffic.storing_bytes : means_.traffic.writing_bytes;
  }
  // Into sealed_; false if it is too large.
  bool Seal(const Entry& entry, uint64_t stamp, std::string_view name);
  void OnStored(const Pending& store, TierOutcome outcome);
  enum class Meanwhile : uint8_t { kSame, kChanged };
  void SettleStored(const Pending& store, TierOutcome outcome, Meanwhile meanwhile);
  void OnLoaded(const Pending& load, TierOutcome outcome, std::string_view value);
  void OnErased(const Pending& erasure, TierOutcome outcome);
  void OnSought(const Pending& seek, TierOutcome outcome, std::string_view head);
  bool MayBeAdopted(int database, const KeyRef& key);
  void EndSeek(const Pending& seek, const CopyLedger::Item& ended, TierOutcome outcome,
               std::string_view head);
  bool AskForHead(CopySpace space, const KeyRef& key, bool owns_item);
  // True if the key is known now.
  bool Learn(const Pending& seek, TierOutcome outcome, std::string_view head);
  void OnReread(const Pending& reread, TierOutcome outcome, std::string_view value);
  void OnRewritten(const Pending& rewrite, TierOutcome outcome);
  void Answer(const Pending& pending, TierOutcome outcome, std::string_view value);
  enum class Settled : uint8_t {
    kYes,  // the value is here again, or will not come any more
    kNo,
    kAwaitsDictionary,
  };
  Settled Settle(const Pending& load, TierOutcome outcome, std::string_view value);
  static Verdict VerdictOf(tiers::EnvelopeFailure failure);
  Unsealed Unseal(const Entry& entry, const Pending& load, std::string_view value);
  Opened Open(const Entry& stub, const Pending& load, std::string_view value);
  void Lose(ShardDatabase& part, const KeyRef& key, Verdict verdict);
  // Whether the request waits for the dictionary that the envelope needs, and is asked again then.
  bool AwaitDictionary(const Pending& pending, std::string_view envelope);
  void OnDictionary(uint32_t id, DictionaryStore::Finding finding);
  void AskAgain(Pending pending, DictionaryStore::Finding finding);
  // Whether there is something to be written anew; it is in sealed_ then.
  enum class Resealed : uint8_t { kSealed, kNothing, kFailed, kAwaitsDictionary };
  Resealed Reseal(const Pending& reread, TierOutcome outcome, std::string_view value);
  void DropBadCopy(ShardDatabase& part, const KeyRef& key, Verdict verdict);
  void EndRewrite(const Pending& pending);
  // Of StoreThrough: behind what is under way; the value; the end of a copy.
  void WaitInLine(CopyLedger::Item& item, bool is_gone, StoreWaits writers);
  void StoreWritten(ShardDatabase& part, const KeyRef& key, Entry& entry, StoreWaits writers);
  void EraseWritten(CopySpace space, const KeyRef& key, StoreWaits writers);
  // Of a key that is owed an erasure: whether its value takes the copy's place. REQUIRES: it was
  // taken from what is owed.
  enum class Payment : uint8_t { kStored, kNotNow, kToErase };
  Payment PayWithValue(CopySpace space, const KeyRef& key);
  void KeepStored(Entry& entry);
  void Finish(const StoreWaits& writers, StoreWait::End how);
  // An operation is over: tells who waited for it. Returns those who wrote meanwhile, who are to be
  // seen to when the item has ended.
  StoreWaits LetGo(CopyLedger::Item& item, TierOutcome outcome);
  void SeeToWriters(const Pending& ended, StoreWaits writers);
  void CountSealed();
  void NoteFull();
  // Who follows the rules as they are now.
  tiers::ValueSealer& sealer();

  void Wake(CopyLedger::Item& item) {
    awake_.insert(awake_.end(), item.waiters.begin(), item.waiters.end());
    item.waiters.clear();
  }
  Shard& ShardOf(uint64_t hash) { return means_.keyspace.shard(means_.keyspace.ShardIndex(hash)); }
  // Null if the database was flushed meanwhile, or is empty.
  ShardDatabase* PartOf(CopySpace space, uint64_t hash);
  ShardDatabase* PartOf(const Pending& pending) { return PartOf(pending.space, pending.hash); }
  const std::string& NameOf(CopySpace space, std::string_view key);
  TierTicket NewTicket(CopyLedger::Operation operation, CopySpace space, const KeyRef& key);
  // Of a stub.
  TierTicket NewLoad(const ShardDatabase& part, const KeyRef& key);
  void DropTicket(TierTicket ticket) { free_tickets_.push_back(ticket); }

  Means means_;
  TierRules rules_;
  size_t most_storing_bytes_;  // of rules_, or less if memory is small
  ValueLimits limits_;
  std::vector<Pending> pending_;  // by ticket
  std::vector<TierTicket> free_tickets_;
  // By the dictionary's id. Each is of an operation that the ledger has, or of somebody who waits
  // with the world stopped.
  std::unordered_map<uint32_t, std::vector<Pending>> await_dictionary_;
  std::vector<WaiterId> awake_;
  size_t rewrites_under_way_ = 0;
  size_t failed_rewrites_ = 0;
  tiers::ValueSealer sealer_;
  // Reused.
  std::string name_;
  ByteBuffer sealed_;
  ByteBuffer opened_;
};

}  // namespace strata
