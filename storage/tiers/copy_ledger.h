#pragma once

// A shard's account of keys whose copies are under way to or from the tier below, or are to be
// erased there. A key has one operation at a time: so the tier sees what happens to a name in
// order, whichever connection each request takes, and however often it is tried.
//
//   kLoad    a stub's value is asked for; those who wait for it are woken when it is here, or not
//   kSeek    it is not known whether there is a copy: asked for (Keyspace::IsAdopted)
//   kPin     it is here, and stays, until those who waited have used it
//   kAbsent  it is known to be nowhere, for a while: whoever asked, and others, use that meanwhile
//   kStore   a value is written below; if it changes meanwhile, what lies there then is stale
//   kReread  a copy's envelope is asked for, to be sealed anew
//   kRewrite and is written below again, in its own place
//   kErase   a stale copy is to be erased: owed, or asked for
//
// Bound: what is owed while the tier is down. Beyond that, stale copies stay below as litter, which
// `littered` tells: they have to be looked for there (tier_sweep.h).
//
// Guarded by the lock of the shard.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "storage/key_ref.h"
#include "storage/tiers/store_wait.h"

namespace strata {

// Under which a database's copies lie below: it moves with the database when databases are swapped,
// and a flushed one begins with another.
using CopySpace = uint32_t;
// Those of all databases.
struct CopySpaces {
  std::vector<CopySpace> by_database;
  CopySpace next = 0;  // none of this and above was ever used

  bool operator==(const CopySpaces&) const = default;
};

class CopyLedger {
 public:
  static constexpr size_t kMostOwed = 2 * 1024;  // of a shard

  enum class Operation : uint8_t { kLoad, kSeek, kPin, kAbsent, kStore, kReread, kRewrite, kErase };
  struct Item {
    Operation operation;
    bool is_asked = false;   // kErase: the tier has been asked
    bool is_stale = false;   // the copy is to be erased when this has ended
    bool is_wanted = false;  // kReread: becomes a load when it is answered
    bool is_kept = false;    // kLoad: becomes a pin
    bool is_known = false;   // kSeek: from an answer to somebody else
    bool is_swept = false;   // kSeek: a sweep waits for it
    int64_t until_ms = 0;    // kPin, kAbsent: the latest, monotonic
    std::vector<WaiterId> waiters = {};
    // Of those who wrote (storage/tiers/store_wait.h): for this to end, and for what is to be done
    // for the key then.
    StoreWaits writers = {};
    StoreWaits later_writers = {};
  };
  struct Name {
    CopySpace space;
    std::string key;
    uint64_t hash;
    KeyRef ref() const { return {key, hash}; }
  };

  // `owed_by_all`: how much all shards owe; kept here, read by anybody.
  explicit CopyLedger(std::atomic<uint64_t>& owed_by_all) : owed_by_all_(owed_by_all) {}

  // Null if nothing is under way. Good until the next Begin or End.
  Item* Find(CopySpace space, const KeyRef& key);
  // REQUIRES: nothing is under way for the key.
  Item& Begin(CopySpace space, const KeyRef& key, Operation operation);
  void End(CopySpace space, const KeyRef& key);

  // The copy below is not that of the key's value any more.
  void Owe(CopySpace space, const KeyRef& key);
  // A copy that is about to be written takes the place of the one to be erased. True if nothing is
  // under way for the key then.
  bool Forgive(CopySpace space, const KeyRef& key);
  // No more is remembered.
  bool is_full() const { return owed_.size() >= kMostOwed; }
  // What is owed longest, which counts as asked for from now on.
  std::optional<Name> TakeOwed();
  // It could not be erased: it is owed again. REQUIRES: it was taken.
  void OweAgain(CopySpace space, const KeyRef& key);
  size_t owed() const { return owed_.size(); }
  bool littered() const { return littered_; }
  // Whether it was; what is below will be looked for.
  bool TakeLittered() { return std::exchange(littered_, false); }

  // Ends pins and absences whose time is over; a few at a time.
  void DropOldPins(int64_t now_ms);
  void Pin(CopySpace space, const KeyRef& key, int64_t until_ms) {
    BeginUntil(space, key, Operation::kPin, until_ms);
  }
  void NoteAbsent(CopySpace space, const KeyRef& key, int64_t until_ms) {
    BeginUntil(space, key, Operation::kAbsent, until_ms);
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(const Name& name) const { return name.hash; }
    size_t operator()(const std::pair<CopySpace, KeyRef>& name) const { return name.second.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Name& a, const Name& b) const {
      return a.space == b.space && a.key == b.key;
    }
    bool operator()(const std::pair<CopySpace, KeyRef>& a, const Name& b) const {
      return a.first == b.space && a.second.bytes == b.key;
    }
  };

  static bool IsTimed(const Item& item) {
    return item.operation == Operation::kPin || item.operation == Operation::kAbsent;
  }
  void BeginUntil(CopySpace space, const KeyRef& key, Operation operation, int64_t until_ms);
  void PushOwed(CopySpace space, const KeyRef& key);

  std::atomic<uint64_t>& owed_by_all_;
  std::unordered_map<Name, Item, Hash, Equal> items_;
  std::deque<Name> owed_;   // in their order; those that were forgiven meanwhile are skipped
  std::deque<Name> timed_;  // pins and absences, likewise
  bool littered_ = false;
};

}  // namespace strata
