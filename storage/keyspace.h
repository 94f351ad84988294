#pragma once

// All databases of a node, spread over shards, and the few operations that span shards.
//
// Who locks: the dispatcher locks the shards of a command's keys before its handler runs, so the
// handler uses `Database` freely for those keys. Whole-database operations here lock each shard
// for themselves, one at a time. Flush and Swap need the world stopped.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/prefetch.h"
#include "storage/eviction/adaptive_shard.h"
#include "storage/eviction/victim_board.h"
#include "storage/shard.h"
#include "storage/tiers/tier_traffic.h"

namespace strata {

struct KeyspaceOptions {
  size_t shards = 64;  // a power of two, at most 4096
  int databases = 16;
  uint64_t hash_seed = 0;
};

struct DatabaseStatistics {
  uint64_t keys = 0;
  uint64_t volatile_keys = 0;
  int64_t average_ttl_ms = 0;
};

// Of values in a tier below, and of copies there that are stale.
struct CopyStatistics {
  StubTally stubs;
  uint64_t owed = 0;      // erasures
  bool littered = false;  // more were owed than are remembered
};

struct ExpiryStep {
  size_t looked_at = 0;
  bool is_behind = false;  // more is due

  explicit operator bool() const { return is_behind; }
};

class Keyspace {
 public:
  // What is too big to be freed at once goes to the reclaimer.
  Keyspace(const KeyspaceOptions& options, const Clock& clock, Reclaimer& reclaimer);
  ~Keyspace();
  Keyspace(const Keyspace&) = delete;
  Keyspace& operator=(const Keyspace&) = delete;

  // From the first key on. The observer must stay. REQUIRES: nothing was ever stored.
  void Observe(KeyspaceObserver& observer) { observer_ = &observer; }
  // From now on; without one, every key may expire. The rule must stay. REQUIRES: the world is
  // stopped, or nothing runs yet.
  void FollowExpiryRule(const ExpiryRule& rule) { expiry_rule_ = &rule; }
  // REQUIRES: the lock of the key's shard.
  bool MayExpire(int database, std::string_view key) const {
    return expiry_rule_ == nullptr || expiry_rule_->MayExpire(database, key);
  }

  KeyRef Ref(std::string_view key) const { return {key, Hash64(key, options_.hash_seed)}; }
  size_t ShardIndex(uint64_t hash) const { return hash & (options_.shards - 1); }
  Shard& shard(size_t index) { return shards_[index]; }
  size_t shard_count() const { return options_.shards; }
  int databases() const { return options_.databases; }
  // Of keys' hashes, and of those within collections.
  uint64_t hash_seed() const { return options_.hash_seed; }

  // The part of a database in the key's shard; null if nothing was ever stored there, or made.
  // REQUIRES: the shard's lock.
  ShardDatabase* Part(int database, uint64_t hash) {
    return shards_[ShardIndex(hash)].databases[static_cast<size_t>(database)].load(
        std::memory_order_relaxed);
  }
  ShardDatabase& PartForWrite(int database, uint64_t hash);

  // Takes no lock.
  void Prefetch(int database, uint64_t hash) const {
    const Shard& shard = shards_[ShardIndex(hash)];
    const ShardDatabase* part =
        shard.databases[static_cast<size_t>(database)].load(std::memory_order_acquire);
    if (part != nullptr) part->Prefetch(hash);
  }

  // Behind Prefetch, once the bucket had time to come. Takes the shard's lock for a moment.
  void PrefetchEntry(int database, uint64_t hash) {
    Shard& shard = shards_[ShardIndex(hash)];
    SpinLock lock(shard.mutex);
    const ShardDatabase* part = Part(database, hash);
    if (part != nullptr) part->PrefetchEntry(hash);
    if (shard.adaptive != nullptr) PrefetchForWrite(shard.adaptive.get());
  }

  uint64_t Size(int database);
  DatabaseStatistics Statistics(int database);
  ExpiryStatistics ReadExpiryStatistics();
  // Keys evicted.
  uint64_t ReadEvicted();
  void ResetStatistics();
  // Bytes of tables and expiry wheels.
  uint64_t OverheadBytes();
  // Nothing without KeepCopies.
  CopyStatistics ReadCopyStatistics();

  // One SCAN step: calls `visit(entry)` under the shard's lock for live entries from `cursor` on,
  // until `count` were visited and a bucket is done. Returns the next cursor, 0 at the end; always
  // below 2^53. A cursor that is none starts wherever it falls.
  template <class Visitor>
  uint64_t Scan(int database, uint64_t cursor, size_t count, Visitor&& visit);
  // How much of the keyspace lies before a cursor of Scan's, in [0, 1).
  double ShareBefore(uint64_t cursor) const;
  // Calls `visit(entry)` for every live entry, shard by shard, releasing the lock now and then.
  template <class Visitor>
  void ForEach(int database, Visitor&& visit);
  // A live key, each about as likely; nothing if the database is empty.
  std::optional<std::string> RandomKey(int database, uint64_t random, int64_t now_ms);

  // One step of expiry in a shard, all databases: at most `limit` items. The database at which the
  // limit is reached comes last in the next step, so none waits for another's backlog.
  ExpiryStep ExpireSome(size_t shard_index, int64_t now_ms, size_t limit);

  // Keys are evicted by the adaptive policy from now on, or by another. REQUIRES: the world is
  // stopped, or nothing was ever stored.
  void UseAdaptivePolicy(eviction::Objective objective);
  void UseOtherPolicy();
  // Null under other policies.
  const eviction::SharedLearning* learning() const { return learning_.get(); }
  eviction::ClassCurves* curves() const { return curves_.get(); }
  // Of all shards. REQUIRES: the adaptive policy.
  eviction::VictimBoard& victims() { return *victims_; }
  // Of the adaptive policy, besides what entries keep of their use.
  uint64_t EvictionBytes();

  // Not to be changed but while the world is stopped.
  KeyClasses& classes() { return classes_; }
  const KeyClasses& classes() const { return classes_; }

  // From the first key on: values may be moved to a tier below. REQUIRES: nothing was ever stored.
  void KeepCopies(TierTraffic& traffic);
  bool keeps_copies() const { return shards_[0].copies != nullptr; }
  // The database whose copies lie under that; nothing if it was flushed meanwhile.
  std::optional<int> DatabaseOf(CopySpace space) const;
  // Whether databases with keys were flushed since the last call: their copies are those of no key
  // any more. On one thread, inside a batch.
  bool TakeFlushed() { return std::exchange(has_flushed_, false); }
  CopySpace SpaceOf(int database) const {
    return spaces_.by_database[static_cast<size_t>(database)];
  }
  const CopySpaces& spaces() const { return spaces_; }
  // Goes on with those of the run before. REQUIRES: nothing was ever stored.
  void AdoptSpaces(const CopySpaces& spaces);
  // Whether keys may have copies there that the run before made.
  bool IsAdopted(CopySpace space) const { return space < first_own_space_; }

  // REQUIRES for both: the world is stopped.
  DetachedDatabases Flush(int database);
  void Swap(int a, int b);

 private:
  ShardDatabase& MakePart(Shard& shard, int database);

  const Clock& clock_;
  Reclaimer& reclaimer_;
  KeyspaceObserver* observer_ = nullptr;
  const ExpiryRule* expiry_rule_ = nullptr;
  KeyspaceOptions options_;
  int shard_bits_;
  KeyClasses classes_;
  std::unique_ptr<eviction::SharedLearning> learning_;  // outlives what the shards refer to
  std::unique_ptr<eviction::ClassCurves> curves_;       // likewise
  std::unique_ptr<eviction::VictimBoard> victims_;      // null under other policies
  std::vector<Shard> shards_;
  CopySpaces spaces_;  // changed while the world is stopped
  CopySpace first_own_space_ = 0;
  bool has_flushed_ = false;
  // By shard, under its lock: the database that the next step of expiry begins with.
  std::vector<size_t> first_to_expire_;
};

// Whether a key's time can be over for who looks at a database.
enum class Expiry : uint8_t { kByTime, kNever };

// One database as a command sees it, at one moment. REQUIRES for every method: the lock of the
// key's shard. Cheap to copy; borrows the keyspace.
class Database {
 public:
  Database(Keyspace& keyspace, int index, int64_t now_ms, Expiry expiry = Expiry::kByTime)
      : keyspace_(&keyspace),
        index_(index),
        now_ms_(now_ms),
        due_ms_(expiry == Expiry::kByTime ? now_ms : kNothingIsDue) {}

  Keyspace& keyspace() const { return *keyspace_; }
  int index() const { return index_; }
  int64_t now_ms() const { return now_ms_; }
  // What expires then or earlier is over.
  int64_t due_ms() const { return due_ms_; }
  // Another one at the same moment.
  Database Other(int index) const {
    Database other = *this;
    other.index_ = index;
    other.hides_stubs_ = false;
    return other;
  }

  // The live entry or null.
  Entry* Find(const KeyRef& key) const {
    ShardDatabase* part = keyspace_->Part(index_, key.hash);
    Entry* entry = part == nullptr ? nullptr : part->Find(key, due_ms_);
    if (hides_stubs_ && entry != nullptr && entry->is_stub()) [[unlikely]] {
      return nullptr;
    }
    return entry;
  }
  // From now on Find does as if keys whose values lie below were not there.
  void HideStubs() { hides_stubs_ = true; }
  // Stores a string, with the encoding Redis would choose. `expiry_ms`: unix time, nothing for
  // none, whatever the key had before.
  Entry* SetString(const KeyRef& key, std::string_view value,
                   std::optional<int64_t> expiry_ms = std::nullopt) const {
    return keyspace_->PartForWrite(index_, key.hash).SetString(key, value, expiry_ms, due_ms_);
  }
  // Stores an entry made by the caller for this key. Takes ownership.
  void Put(const KeyRef& key, Entry* entry) const {
    keyspace_->PartForWrite(index_, key.hash).Put(key, entry);
  }
  // False if there was no live key.
  bool Erase(const KeyRef& key) const {
    return Find(key) != nullptr && keyspace_->Part(index_, key.hash)->Erase(key);
  }
  // See ShardDatabase. REQUIRES: the key exists.
  void NoteFieldExpiry(const KeyRef& key, int64_t expiry_ms) const {
    keyspace_->Part(index_, key.hash)->NoteFieldExpiry(key, expiry_ms);
  }
  void CountExpiredFields(const KeyRef& key, size_t fields) const {
    keyspace_->Part(index_, key.hash)->CountExpiredFields(fields);
  }
  // Removes the entry, live or not, which is then the caller's; null if there is none.
  Entry* Take(const KeyRef& key) const {
    ShardDatabase* part = keyspace_->Part(index_, key.hash);
    return part == nullptr ? nullptr : part->Take(key);
  }
  // The key is used: to be told before its entry notes that (EntryUse::Use).
  void NoteHit(const KeyRef& key, Entry& entry) const {
    AdaptiveShard* adaptive = keyspace_->shard(keyspace_->ShardIndex(key.hash)).adaptive.get();
    if (adaptive != nullptr) adaptive->OnHit(index_, key.hash, entry, now_ms_ / 1000);
  }
  // REQUIRES: the key exists. The entry may move: use the one returned.
  Entry* SetExpiry(const KeyRef& key, std::optional<int64_t> expiry_ms) const {
    return keyspace_->Part(index_, key.hash)->SetExpiry(key, expiry_ms);
  }

 private:
  Keyspace* keyspace_;
  int index_;
  int64_t now_ms_;
  int64_t due_ms_;
  bool hides_stubs_ = false;
};

template <class Visitor>
uint64_t Keyspace::Scan(int database, uint64_t cursor, size_t count, Visitor&& visit) {
  // cursor = place in hash space (36 bits) × shards + shard: 0 is the start of shard 0.
  size_t index = cursor & (options_.shards - 1);
  uint64_t place = cursor >> shard_bits_;
  if (place >= EntryTable::kScanEnd) return 0;
  int64_t now_ms = clock_.WallMs();
  size_t visited = 0;
  // Empty buckets count too, a tenth each, so that a step over a sparse table ends.
  constexpr size_t kBucketsPerKey = 10;
  size_t buckets_left = (count + 1) * kBucketsPerKey;
  for (; index < options_.shards; ++index, place = 0) {
    SpinLock lock(shards_[index].mutex);
    ShardDatabase* part =
        shards_[index].databases[static_cast<size_t>(database)].load(std::memory_order_relaxed);
    if (part == nullptr || part->size() == 0) continue;
    while (place < EntryTable::kScanEnd) {
      if (visited >= count || buckets_left == 0) return place << shard_bits_ | index;
      --buckets_left;
      place = part->table().VisitBucket(place, [&](const Entry& entry) {
        ++visited;
        if (!entry.IsExpired(now_ms)) visit(entry);
      });
    }
  }
  return 0;
}

template <class Visitor>
void Keyspace::ForEach(int database, Visitor&& visit) {
  constexpr size_t kStep = 256;
  uint64_t cursor = 0;
  do {
    cursor = Scan(database, cursor, kStep, visit);
  } while (cursor != 0);
}

}  // namespace strata
