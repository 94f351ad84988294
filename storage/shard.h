#pragma once

// A shard: the part of the node's keyspace under one lock, with its share of every database.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/mutex.h"
#include "base/random.h"
#include "storage/entry.h"
#include "storage/eviction/eviction_pool.h"
#include "storage/eviction/eviction_rule.h"
#include "storage/eviction/eviction_run.h"
#include "storage/expiry_rule.h"
#include "storage/expiry_wheel.h"
#include "storage/hash_table.h"
#include "storage/key_classes.h"
#include "storage/key_ref.h"
#include "storage/keyspace_observer.h"
#include "storage/tiers/copy_ledger.h"

namespace strata {

class AdaptiveShard;
class Reclaimer;
using EntryTable = HashTable<Entry>;

// What expired, and how late keys were removed, in powers of two of a millisecond. Guarded by the
// shard's lock.
struct ExpiryStatistics {
  static constexpr size_t kBuckets = 24;
  uint64_t expired = 0;
  uint64_t expired_fields = 0;              // of hashes
  std::array<uint64_t, kBuckets> lag_ms{};  // [i]: below 2^i ms

  void Count(int64_t lag);
  void Add(const ExpiryStatistics& other);
  // The lag, in milliseconds, that `share` of the keys stayed below; 0 if there were none.
  double Quantile(double share) const;
};

// Entries whose values lie in a lower tier.
struct StubTally {
  size_t count = 0;
  size_t bytes = 0;        // that they take here
  size_t value_bytes = 0;  // that their values would, each rounded to 512

  StubTally& operator+=(const StubTally& other) {
    count += other.count;
    bytes += other.bytes;
    value_bytes += other.value_bytes;
    return *this;
  }
  StubTally& operator-=(const StubTally& other) {
    count -= other.count;
    bytes -= other.bytes;
    value_bytes -= other.value_bytes;
    return *this;
  }
};

// One database's entries in one shard. Every method needs the shard's lock; an entry that a method
// returned is good until the lock is released or the key is changed.
class alignas(64) ShardDatabase {
 public:
  // What it shares with the other databases of its shard.
  struct Surroundings {
    uint64_t seed;
    ExpiryStatistics& statistics;
    uint64_t& evicted;
    size_t& entries;   // of all databases
    StubTally& stubs;  // likewise
    const bool& stubs_may_go;
    const std::unique_ptr<AdaptiveShard>& adaptive;  // null under other policies
    const std::unique_ptr<CopyLedger>& copies;       // null where there is no tier below
    KeyClasses& classes;
    Reclaimer& reclaimer;
    KeyspaceObserver* observer;            // null: nobody listens
    const ExpiryRule* const& expiry_rule;  // null: every key may expire
  };
  ShardDatabase(int index, CopySpace space, int64_t now_ms, const Surroundings& surroundings);
  ~ShardDatabase();

  // The live entry or null. One that has expired is removed, if that may be.
  Entry* Find(const KeyRef& key, int64_t now_ms);
  // Inserts or replaces. Takes ownership; the key must be the entry's.
  void Put(const KeyRef& key, Entry* entry);
  bool Erase(const KeyRef& key);
  // Removes the entry, which is then the caller's; null if there is none.
  Entry* Take(const KeyRef& key);
  // A string value without expiry, or with; the fast way of SET: in place if there is room. That it
  // was used is the caller's to tell the entry.
  Entry* SetString(const KeyRef& key, std::string_view value, std::optional<int64_t> expiry_ms,
                   int64_t now_ms);
  // REQUIRES: the key exists. Returns the entry, which may have moved.
  Entry* SetExpiry(const KeyRef& key, std::optional<int64_t> expiry_ms);

  // A field of the key's hash will expire then: so that ExpireSome removes it. To be told whenever
  // that is earlier than the hash's next expiry was.
  void NoteFieldExpiry(const KeyRef& key, int64_t expiry_ms);
  // Somebody else removed so many fields that were due.
  void CountExpiredFields(size_t fields) { statistics_->expired_fields += fields; }

  // Takes no lock.
  void Prefetch(uint64_t hash) const { table_.Prefetch(hash); }
  void PrefetchEntry(uint64_t hash) const { table_.PrefetchNode(hash); }

  // One bounded step of expiry: at most `limit` items. Returns how many it looked at.
  size_t ExpireSome(int64_t now_ms, size_t limit);
  // True if keys that are due are still waiting for ExpireSome.
  bool ExpiryBehind() const { return wheel_ && wheel_->HasWaiting(); }

  static constexpr size_t kMostSampled = 16;
  // Entries that may be evicted, each about as likely, perhaps one more than once; fewer than there
  // is room for if none were come across. REQUIRES: room for kMostSampled at most.
  size_t Sample(EvictionScope scope, Random& random, std::span<const Entry*> found);
  // Entries to choose from, as HashTable::SampleBucket; stubs only where they may go.
  size_t SampleBucket(Random& random, const Entry** found) const {
    return PassesOverStubs() ? table_.SampleBucketOfOthers(random.Next(), found)
                             : table_.SampleBucket(random.Next(), found);
  }
  // Of entries with the same hash, some one; null if there is none.
  Entry* FindByHash(uint64_t hash);
  // Sends the value of the entry with that hash below, or evicts it, or removes it as expired if it
  // is. Returns about how many bytes it took; 0 if there is none, or it may not go.
  size_t Evict(uint64_t hash, EvictionScope scope, const EvictionRun& run);
  uint64_t HashOf(const Entry& entry) const { return Hash64(entry.key(), seed_); }

  const KeyClasses& classes() const { return *classes_; }
  bool MayEvict(const Entry& entry, EvictionScope scope) const {
    return (!entry.is_stub() || *stubs_may_go_) && classes_->MayEvict(entry, scope);
  }

  // Of copies in a lower tier. The value is there now: the entry becomes a stub. Returns the bytes
  // that this made free. REQUIRES: it has a mark.
  size_t Demote(const KeyRef& key, Entry& entry);
  // The value is here again. Takes the entry, which has the mark of a clean copy. REQUIRES: there
  // is a stub.
  Entry* Promote(const KeyRef& key, Entry* entry);
  // A value that was never here lies below. Takes the stub. REQUIRES: the key has no entry.
  void PutStub(const KeyRef& key, Entry* stub);
  // The entry's value is about to be written below. Returns where the entry is now.
  Entry* MarkCopy(const KeyRef& key, Entry* entry, const CopyMark& mark);
  // The key's value has changed, if there is one: a copy that it has below is not its any more.
  void ForgetCopy(const KeyRef& key);
  // The value of a stub is nowhere any more: the key is gone, as if it had been evicted.
  void Lose(const KeyRef& key);
  // The entry, expired or not; or null.
  Entry* Peek(const KeyRef& key) const {
    const EntryTable::Position position = table_.Find(key.bytes, key.hash);
    return position ? table_.At(position) : nullptr;
  }
  // False if the key surely has no stub. Reads no entry.
  bool MayBeStub(uint64_t hash) const { return own_stubs_.count > 0 && table_.MayBeAside(hash); }
  CopySpace space() const { return space_; }
  // A step of the census (storage/class_census.h): gives the entries of the bucket at `place` the
  // number of their class, and adds them to `seen`. Returns the next place.
  uint64_t TakeCensus(uint64_t place, std::span<ClassTally> seen);
  // A step of storage/defragmenter.h, for the bucket at `place`. Returns the next place.
  uint64_t MoveSparse(uint64_t place, MoveTally& tally) {
    return table_.MoveNodes(place,
                            [&tally](Entry* entry) { return Entry::MoveIfSparse(entry, tally); });
  }
  // When the last bucket was seen.
  void CorrectTallies(std::span<const ClassTally> seen);
  // Before it is detached: its entries count no more.
  void CountAllOut();

  // The number of the database, as the observer is told.
  int index() const { return index_; }
  void set_index(int index) { index_ = index; }
  size_t size() const { return table_.size(); }
  size_t volatile_size() const { return volatile_size_; }
  // What volatile keys have left, in milliseconds: an estimate, by sampling.
  double AverageTtlMs(int64_t now_ms, uint64_t random) const;
  size_t overhead_bytes() const;

  const EntryTable& table() const { return table_; }
  // For freeing in steps, after the database was detached: up to `limit` entries.
  size_t FreeSome(size_t limit);

 private:
  bool MayExpire(std::string_view key) const {
    return *expiry_rule_ == nullptr || (*expiry_rule_)->MayExpire(index_, key);
  }
  void AddToWheel(uint64_t hash, int64_t expiry_ms);
  void File(const KeyRef& key, std::optional<int64_t> old_expiry_ms, const Entry& entry);
  void RenewWheelSome(int64_t now_ms);
  Entry* TakeAt(const EntryTable::Position& position, const KeyRef& key);
  void RemoveAt(const EntryTable::Position& position, const KeyRef& key);
  void Discard(Entry* entry);
  const Entry* SampleFromWheel();
  // Stubs are set aside in the table.
  bool PassesOverStubs() const { return own_stubs_.count > 0 && !*stubs_may_go_; }
  bool IsRare(EvictionScope scope) const;
  // Null if none was come across.
  const Entry* SampleOne(EvictionScope scope, Random& random);
  const Entry* Draw(uint64_t random) const;
  // What has just been promoted does, once.
  static bool GetsAway(Entry& entry);
  size_t EvictNow(Entry& entry, uint64_t hash, int64_t now_ms);
  std::optional<int64_t> Fire(uint64_t hash, int64_t now_ms);
  std::optional<int64_t> FireFields(Entry& entry, uint64_t entry_hash, int64_t now_ms);

  void OnAdded(const KeyRef& key, Entry& entry) {
    if (*adaptive_ != nullptr) [[unlikely]]
      NoteInsert(key, entry);
    TellAdded(key);
  }
  void NoteInsert(const KeyRef& key, Entry& entry);
  // The entry goes, or its value changes.
  void DropCopy(const KeyRef& key, Entry& entry) {
    if (entry.has_mark()) [[unlikely]] {
      DropMark(key, entry);
    }
  }
  void DropMark(const KeyRef& key, Entry& entry);
  // Its time is over, and with it that of the copy.
  void ExpireCopy(const KeyRef& key, Entry& entry);
  void EndMark(Entry& entry);
  void CountInStub(const Entry& stub);
  void CountOutStub(const Entry& stub);
  // The entry is there now under this key, or is no more.
  void CountIn(const KeyRef& key, Entry& entry) {
    if (classes_->any()) [[unlikely]] {
      Classify(key.bytes, entry);
    }
  }
  void CountOut(const Entry& entry) {
    if (classes_->any()) [[unlikely]] {
      Count(entry, -1);
    }
  }
  void Classify(std::string_view key, Entry& entry);
  void Count(const Entry& entry, int sign);
  void CountChange(ClassNumber number, const ClassTally& change);
  void TellAdded(const KeyRef& key) {
    if (observer_ != nullptr && observer_->wants_added) [[unlikely]] {
      observer_->OnAdded(index_, key);
    }
  }
  void TellExpired(const KeyRef& key) {
    if (observer_ != nullptr) observer_->OnExpired(index_, key);
  }

  int index_;
  CopySpace space_;
  uint64_t seed_;
  EntryTable table_;
  std::unique_ptr<ExpiryWheel> wheel_;  // made with the first volatile key
  // Takes the wheel's place when every key up to the end of hash space was filed in it. Until then
  // new items go to both.
  std::unique_ptr<ExpiryWheel> next_wheel_;
  uint64_t next_wheel_place_ = 0;
  int64_t created_ms_;
  size_t volatile_size_ = 0;
  StubTally own_stubs_;
  size_t timed_hashes_ = 0;  // hashes with fields that expire, as counted for the present wheel
  ExpiryStatistics* statistics_;
  uint64_t* evicted_;
  size_t* entries_;
  StubTally* stubs_;
  const bool* stubs_may_go_;
  const std::unique_ptr<AdaptiveShard>* adaptive_;
  const std::unique_ptr<CopyLedger>* copies_;
  KeyClasses* classes_;
  std::vector<ClassTally> tallies_;  // by class; empty until there are any
  Reclaimer* reclaimer_;
  KeyspaceObserver* observer_;
  const ExpiryRule* const* expiry_rule_;
};

// Detached contents, to be freed off the hot path (storage/reclaimer.h).
using DetachedDatabases = std::vector<std::unique_ptr<ShardDatabase>>;

// A shard's share of every database. The first ones lie here, so with the shard's lock on one cache
// line, which every command needs anyway.
class DatabaseParts {
 public:
  using Part = std::atomic<ShardDatabase*>;

  size_t size() const { return size_; }
  // REQUIRES: nobody else sees the shard yet.
  void Resize(size_t size) {
    size_ = size;
    more_ = std::vector<Part>(size - std::min(size, first_.size()));
  }
  Part& operator[](size_t database) {
    return database < first_.size() ? first_[database] : more_[database - first_.size()];
  }
  const Part& operator[](size_t database) const {
    return const_cast<DatabaseParts&>(*this)[database];
  }

 private:
  std::array<Part, 4> first_{};
  std::vector<Part> more_;
  size_t size_ = 0;
};

struct alignas(64) Shard {
  SpinMutex mutex;
  // Null under other policies. Changed only while the world is stopped.
  std::unique_ptr<AdaptiveShard> adaptive;
  // Null until something is stored. Made under `mutex`, removed only while the world is stopped:
  // so a reader without the lock may prefetch through the pointer.
  DatabaseParts databases;
  ExpiryStatistics expiry;
  uint64_t evicted = 0;       // keys
  size_t entries = 0;         // of all databases
  StubTally stubs;            // likewise
  bool stubs_may_go = false;  // they take so much that they may be evicted; of the run under way
  // Null where there is no tier below. Made before anything is stored.
  std::unique_ptr<CopyLedger> copies;
  EvictionPool eviction_pool;
  EvictionOrder pooled_order = EvictionOrder::kRecency;  // what the ranks in it mean

  Shard();
  ~Shard();
  // Whether stubs may be evicted, too, as this run is. REQUIRES: the lock.
  void LetStubsGo(const EvictionRun& run) {
    stubs_may_go = run.may_evict && stubs.bytes > run.most_stub_bytes;
  }
  // The database of the entry that comes after so many others. REQUIRES: there are more; the lock.
  ShardDatabase& DrawDatabase(size_t entries_before);
};

}  // namespace strata
