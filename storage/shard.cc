#include "storage/shard.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/hash.h"
#include "base/number.h"
#include "storage/collection.h"
#include "storage/eviction/adaptive_shard.h"
#include "storage/hash_value.h"
#include "storage/reclaimer.h"

namespace strata {
namespace {

constexpr size_t kLongestInteger = 20;

struct StringValue {
  std::string_view bytes;
  std::optional<int64_t> integer;  // if the bytes are the spelling of one
};

Entry* NewString(std::string_view key, const StringValue& value, std::optional<int64_t> expiry_ms) {
  if (value.integer) return Entry::NewInteger(key, *value.integer, expiry_ms);
  if (value.bytes.size() < kInlineValueLimit) {
    return Entry::NewInline(key, value.bytes, StringEncoding::kInline, expiry_ms);
  }
  SharedBytes bytes = SharedBytes::Allocate(value.bytes.size(), value.bytes.size());
  std::memcpy(bytes.mutable_data(), value.bytes.data(), value.bytes.size());
  return Entry::NewShared(key, std::move(bytes), expiry_ms);
}

// Overwriting a string of about the same size is the common SET: no allocation, no new pointer. If
// this fails, the entry has its old value or already the new one.
bool OverwriteInPlace(Entry& entry, const StringValue& value, std::optional<int64_t> expiry_ms) {
  if (entry.has_expiry() != expiry_ms.has_value() || entry.type() != ValueType::kString ||
      entry.is_stub()) {
    return false;
  }
  if (value.integer) {
    if (entry.string_encoding() != StringEncoding::kInteger) return false;
    entry.set_integer(*value.integer);
  } else {
    if (value.bytes.size() >= kInlineValueLimit) return false;
    if (!entry.SetInlineInPlace(value.bytes, StringEncoding::kInline)) return false;
  }
  return !expiry_ms || entry.SetExpiryInPlace(*expiry_ms);
}

std::optional<int64_t> NextFieldExpiryMs(Entry& entry) {
  if (entry.type() != ValueType::kHash || entry.is_stub()) return std::nullopt;
  return HashValue(entry, {}).NextExpiryMs();
}

// Of the entry, or of a field in it.
std::optional<int64_t> NextExpiryMs(Entry& entry) {
  const std::optional<int64_t> fields_ms = NextFieldExpiryMs(entry);
  if (!entry.has_expiry()) return fields_ms;
  return std::min(entry.expiry_ms(), fields_ms.value_or(entry.expiry_ms()));
}

}  // namespace

void ExpiryStatistics::Count(int64_t lag) {
  ++expired;
  auto bucket = static_cast<size_t>(std::bit_width(static_cast<uint64_t>(lag < 0 ? 0 : lag)));
  ++lag_ms[std::min(bucket, kBuckets - 1)];
}

void ExpiryStatistics::Add(const ExpiryStatistics& other) {
  expired += other.expired;
  expired_fields += other.expired_fields;
  for (size_t i = 0; i < kBuckets; ++i) lag_ms[i] += other.lag_ms[i];
}

double ExpiryStatistics::Quantile(double share) const {
  uint64_t total = 0;
  for (uint64_t count : lag_ms) total += count;
  double wanted = share * static_cast<double>(total);
  double below = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    auto count = static_cast<double>(lag_ms[i]);
    if (count > 0 && below + count >= wanted) {
      double low = i == 0 ? 0 : std::exp2(static_cast<double>(i) - 1);
      double high = std::exp2(static_cast<double>(i));
      return low + (high - low) * (wanted - below) / count;
    }
    below += count;
  }
  return 0;
}

ShardDatabase::ShardDatabase(int index, CopySpace space, int64_t now_ms,
                             const Surroundings& surroundings)
    : index_(index),
      space_(space),
      seed_(surroundings.seed),
      table_(surroundings.seed),
      created_ms_(now_ms),
      statistics_(&surroundings.statistics),
      evicted_(&surroundings.evicted),
      entries_(&surroundings.entries),
      stubs_(&surroundings.stubs),
      stubs_may_go_(&surroundings.stubs_may_go),
      adaptive_(&surroundings.adaptive),
      copies_(&surroundings.copies),
      classes_(&surroundings.classes),
      reclaimer_(&surroundings.reclaimer),
      observer_(surroundings.observer),
      expiry_rule_(&surroundings.expiry_rule) {}

ShardDatabase::~ShardDatabase() = default;

Entry* ShardDatabase::Find(const KeyRef& key, int64_t now_ms) {
  EntryTable::Position position = table_.Find(key.bytes, key.hash);
  if (!position) return nullptr;
  Entry* entry = table_.At(position);
  if (!entry->IsExpired(now_ms)) [[likely]] {
    return entry;
  }
  if (!MayExpire(key.bytes)) return nullptr;
  statistics_->Count(now_ms - entry->expiry_ms());
  TellExpired(key);
  ExpireCopy(key, *entry);
  RemoveAt(position, key);
  return nullptr;
}

void ShardDatabase::Put(const KeyRef& key, Entry* entry) {
  std::optional<int64_t> old_expiry_ms;
  bool is_new = false;
  if (EntryTable::Position position = table_.Find(key.bytes, key.hash)) {
    Entry* old = table_.Replace(position, entry);
    if (old->has_expiry()) old_expiry_ms = old->expiry_ms();
    DropCopy(key, *old);
    CountOut(*old);
    Discard(old);
  } else {
    table_.Insert(entry, key.hash);
    ++*entries_;
    is_new = true;
  }
  CountIn(key, *entry);
  if (is_new) OnAdded(key, *entry);
  File(key, old_expiry_ms, *entry);
  if (std::optional<int64_t> fields_ms = NextFieldExpiryMs(*entry))
    NoteFieldExpiry(key, *fields_ms);
}

bool ShardDatabase::Erase(const KeyRef& key) {
  EntryTable::Position position = table_.Find(key.bytes, key.hash);
  if (!position) return false;
  RemoveAt(position, key);
  return true;
}

Entry* ShardDatabase::Take(const KeyRef& key) {
  EntryTable::Position position = table_.Find(key.bytes, key.hash);
  return position ? TakeAt(position, key) : nullptr;
}

Entry* ShardDatabase::SetString(const KeyRef& key, std::string_view value,
                                std::optional<int64_t> expiry_ms, int64_t now_ms) {
  EntryTable::Position position = table_.Find(key.bytes, key.hash);
  Entry* old = position ? table_.At(position) : nullptr;
  std::optional<int64_t> old_expiry_ms;
  if (old != nullptr && old->has_expiry()) {
    old_expiry_ms = old->expiry_ms();
    if (*old_expiry_ms <= now_ms) {  // a new key takes the room of the old one
      statistics_->Count(now_ms - *old_expiry_ms);
      old->use().Forget();
      TellExpired(key);
      OnAdded(key, *old);
    }
  }
  StringValue string{value, value.size() <= kLongestInteger ? ParseInt64(value) : std::nullopt};
  Entry* entry = old;
  if (old == nullptr) {
    entry = NewString(key.bytes, string, expiry_ms);
    table_.Insert(entry, key.hash);
    ++*entries_;
    CountIn(key, *entry);
    OnAdded(key, *entry);
  } else if (DropCopy(key, *old); !OverwriteInPlace(*old, string, expiry_ms)) {
    entry = NewString(key.bytes, string, expiry_ms);
    entry->use() = old->use();
    table_.Replace(position, entry);
    CountOut(*old);
    Discard(old);
    CountIn(key, *entry);
  }
  File(key, old_expiry_ms, *entry);
  return entry;
}

Entry* ShardDatabase::SetExpiry(const KeyRef& key, std::optional<int64_t> expiry_ms) {
  EntryTable::Position position = table_.Find(key.bytes, key.hash);
  Entry* entry = table_.At(position);
  std::optional<int64_t> old_expiry_ms;
  if (entry->has_expiry()) old_expiry_ms = entry->expiry_ms();
  if (!expiry_ms && !old_expiry_ms) return entry;
  DropCopy(key, *entry);
  if (!expiry_ms || !entry->SetExpiryInPlace(*expiry_ms)) {
    entry = Entry::Move(entry, key.bytes, expiry_ms);
    table_.Replace(position, entry);
  }
  File(key, old_expiry_ms, *entry);
  return entry;
}

void ShardDatabase::NoteInsert(const KeyRef& key, Entry& entry) {
  (*adaptive_)->SetEntries(*entries_);
  (*adaptive_)->OnInsert(index_, key.hash, entry);
}

// Keeps the volatile count and the wheel's duty after an entry took the place of another.
void ShardDatabase::File(const KeyRef& key, std::optional<int64_t> old_expiry_ms,
                         const Entry& entry) {
  if (old_expiry_ms) --volatile_size_;
  if (!entry.has_expiry()) return;
  ++volatile_size_;
  if (old_expiry_ms && *old_expiry_ms <= entry.expiry_ms()) return;
  AddToWheel(key.hash, entry.expiry_ms());
}

void ShardDatabase::NoteFieldExpiry(const KeyRef& key, int64_t expiry_ms) {
  AddToWheel(key.hash, expiry_ms);
}

void ShardDatabase::AddToWheel(uint64_t hash, int64_t expiry_ms) {
  if (!wheel_) wheel_ = std::make_unique<ExpiryWheel>(created_ms_);
  wheel_->Add(hash, expiry_ms);
  if (next_wheel_) next_wheel_->Add(hash, expiry_ms);
}

Entry* ShardDatabase::TakeAt(const EntryTable::Position& position, const KeyRef& key) {
  Entry* entry = table_.Remove(position, key.hash);
  DropCopy(key, *entry);
  --*entries_;
  if (entry->has_expiry()) --volatile_size_;
  CountOut(*entry);
  return entry;
}

void ShardDatabase::RemoveAt(const EntryTable::Position& position, const KeyRef& key) {
  Discard(TakeAt(position, key));
}

// A big collection is freed elsewhere: the shard's lock is held.
void ShardDatabase::Discard(Entry* entry) {
  constexpr size_t kFreedAtOnce = 64;
  if (entry->is_collection() && !entry->is_stub() &&
      entry->collection().encoding == CollectionEncoding::kTable) {
    size_t elements = CollectionSize(entry->collection());
    if (elements > kFreedAtOnce && reclaimer_->Free(entry, elements)) return;
  }
  Entry::Delete(entry);
}

size_t ShardDatabase::ExpireSome(int64_t now_ms, size_t limit) {
  if (!wheel_) return 0;
  auto fire = [&](uint64_t hash) { return Fire(hash, now_ms); };
  size_t looked_at = wheel_->Advance(now_ms, limit, fire);
  RenewWheelSome(now_ms);
  return looked_at;
}

// A bounded step towards a new wheel, once left-overs outweigh the rest of the old one or the clock
// was set back.
void ShardDatabase::RenewWheelSome(int64_t now_ms) {
  constexpr size_t kToleratedItems = 4096;
  constexpr int kBucketsPerStep = 64;
  if (!next_wheel_) {
    bool is_littered = wheel_->items() > 2 * (volatile_size_ + timed_hashes_) + kToleratedItems;
    if (!is_littered && !wheel_->IsAheadOf(now_ms)) return;
    next_wheel_ = std::make_unique<ExpiryWheel>(now_ms);
    next_wheel_place_ = 0;
    timed_hashes_ = 0;
  }
  for (int i = 0; i < kBucketsPerStep && next_wheel_place_ < EntryTable::kScanEnd; ++i) {
    next_wheel_place_ = table_.VisitBucket(next_wheel_place_, [&](Entry& entry) {
      uint64_t hash = Hash64(entry.key(), seed_);
      if (entry.has_expiry()) next_wheel_->Add(hash, entry.expiry_ms());
      if (std::optional<int64_t> fields_ms = NextFieldExpiryMs(entry)) {
        next_wheel_->Add(hash, *fields_ms);
        ++timed_hashes_;
      }
    });
  }
  if (next_wheel_place_ >= EntryTable::kScanEnd) wheel_ = std::move(next_wheel_);
}

// An item of the wheel came up: removes what is due among the entries it may mean; answers with the
// expiry of the one it does mean, if that has time left.
std::optional<int64_t> ShardDatabase::Fire(uint64_t hash, int64_t now_ms) {
  // When a key is looked at again that another server is to remove: this one may come to decide.
  constexpr int64_t kLookAgainMs = 1000;
  Entry* found[EntryTable::kMaxVisited];
  size_t count = table_.Candidates(hash, found);
  std::optional<int64_t> again_ms;
  for (size_t i = 0; i < count; ++i) {
    Entry* entry = found[i];
    if (!entry->has_expiry() && entry->type() != ValueType::kHash) continue;
    uint64_t entry_hash = Hash64(entry->key(), seed_);
    if (!MayExpire(entry->key())) {
      const std::optional<int64_t> next_ms = NextExpiryMs(*entry);
      if (entry_hash == hash && next_ms) again_ms = std::max(*next_ms, now_ms + kLookAgainMs);
      continue;
    }
    if (entry->IsExpired(now_ms)) {
      statistics_->Count(now_ms - entry->expiry_ms());
      const KeyRef key{entry->key(), entry_hash};
      TellExpired(key);
      ExpireCopy(key, *entry);
      RemoveAt(table_.Find(key.bytes, entry_hash), key);
      continue;
    }
    std::optional<int64_t> next_ms;
    if (entry->has_expiry()) next_ms = entry->expiry_ms();
    if (std::optional<int64_t> fields_ms = FireFields(*entry, entry_hash, now_ms)) {
      next_ms = std::min(*fields_ms, next_ms.value_or(*fields_ms));
    }
    if (entry_hash == hash && next_ms) again_ms = std::min(*next_ms, again_ms.value_or(*next_ms));
  }
  return again_ms;
}

// Their buckets come from memory all at once, and then they themselves do.
size_t ShardDatabase::Sample(EvictionScope scope, Random& random, std::span<const Entry*> found) {
  if (table_.size() == own_stubs_.count && !*stubs_may_go_) return 0;
  size_t count = 0;
  if (IsRare(scope)) {
    for (size_t i = 0; i < found.size(); ++i) {
      if (const Entry* entry = SampleOne(scope, random)) found[count++] = entry;
    }
    return count;
  }
  CHECK(found.size() <= kMostSampled);
  uint64_t draws[kMostSampled];
  for (size_t i = 0; i < found.size(); ++i) {
    draws[i] = random.Next();
    table_.Prefetch(draws[i]);
  }
  for (size_t i = 0; i < found.size(); ++i) found[i] = Draw(draws[i]);
  for (const Entry* entry : found) {
    if (entry != nullptr && !MayEvict(*entry, scope)) entry = SampleOne(scope, random);
    if (entry != nullptr) found[count++] = entry;
  }
  return count;
}

const Entry* ShardDatabase::Draw(uint64_t random) const {
  return PassesOverStubs() ? table_.SampleOthers(random) : table_.Sample(random);
}

// Few keys expire: those are found faster that are known to.
bool ShardDatabase::IsRare(EvictionScope scope) const {
  constexpr size_t kRare = 8;
  return scope != EvictionScope::kAllKeys && !classes_->any() && own_stubs_.count == 0 &&
         volatile_size_ * kRare < table_.size();
}

// Where most may not go, because of their class, it takes some tries.
const Entry* ShardDatabase::SampleOne(EvictionScope scope, Random& random) {
  constexpr int kMostTries = 256;
  if (IsRare(scope)) {
    if (volatile_size_ == 0) return nullptr;
    if (const Entry* entry = SampleFromWheel()) return entry;
  }
  for (int i = 0; i < kMostTries; ++i) {
    const Entry* entry = Draw(random.Next());
    if (entry == nullptr || MayEvict(*entry, scope)) return entry;
  }
  return nullptr;
}

const Entry* ShardDatabase::SampleFromWheel() {
  constexpr int kMostTries = 4096;  // what keys left behind that are gone is dropped on the way
  for (int i = 0; i < kMostTries && wheel_; ++i) {
    const std::optional<uint64_t> hash = wheel_->TakeSample();
    if (!hash) return nullptr;
    Entry* entry = FindByHash(*hash);
    if (entry == nullptr) continue;
    const std::optional<int64_t> fields_ms = NextFieldExpiryMs(*entry);
    if (fields_ms) wheel_->Add(*hash, *fields_ms);
    if (!entry->has_expiry()) continue;
    wheel_->Add(*hash, entry->expiry_ms());
    return entry;
  }
  return nullptr;
}

Entry* ShardDatabase::FindByHash(uint64_t hash) {
  Entry* found[EntryTable::kMaxVisited];
  const size_t count = table_.Candidates(hash, found);
  for (size_t i = 0; i < count; ++i) {
    if (HashOf(*found[i]) == hash) return found[i];
  }
  return nullptr;
}

size_t ShardDatabase::Evict(uint64_t hash, EvictionScope scope, const EvictionRun& run) {
  Entry* entry = FindByHash(hash);
  if (entry == nullptr || GetsAway(*entry)) return 0;
  if (run.below != nullptr && !entry->IsExpired(run.now_ms)) {
    const EntryUse use = entry->use();
    const std::string_view key = entry->key();
    const VictimTaker::Taken taken = run.below->Take(*this, {key, hash}, *entry);
    if (taken.bytes > 0 && *adaptive_ != nullptr) {
      (*adaptive_)->OnEvict(index_, hash, use, run.now_ms / 1000);
    }
    if (taken.bytes > 0 || !taken.may_go) return taken.bytes;
    entry = FindByHash(hash);
  }
  if (!run.may_evict || !MayEvict(*entry, run.evict_scope.value_or(scope))) return 0;
  return EvictNow(*entry, hash, run.now_ms);
}

size_t ShardDatabase::EvictNow(Entry& entry, uint64_t hash, int64_t now_ms) {
  constexpr size_t kSamples = 5;  // of a collection's elements
  const KeyRef key{entry.key(), hash};
  const size_t bytes = AllocationSize(entry.TotalBytes(kSamples));
  if (entry.IsExpired(now_ms)) {
    statistics_->Count(now_ms - entry.expiry_ms());
    TellExpired(key);
    ExpireCopy(key, entry);
  } else {
    ++*evicted_;
    classes_->CountEvicted(entry.use().class_number());
    if (*adaptive_ != nullptr) (*adaptive_)->OnEvict(index_, hash, entry.use(), now_ms / 1000);
    if (observer_ != nullptr) observer_->OnEvicted(index_, key);
  }
  RemoveAt(table_.Find(key.bytes, hash), key);
  return bytes;
}

// Removes fields that are due, a bounded number, and the key with its last field; answers with the
// expiry of the next one. The entry may be gone then.
std::optional<int64_t> ShardDatabase::FireFields(Entry& entry, uint64_t entry_hash,
                                                 int64_t now_ms) {
  constexpr size_t kFieldsPerStep = 64;
  if (entry.type() != ValueType::kHash || entry.is_stub()) return std::nullopt;
  HashValue hash(entry, {});
  std::vector<std::string> fields;
  const bool named = observer_ != nullptr && observer_->WantsFields();
  const size_t erased = hash.EraseDue(now_ms, kFieldsPerStep, named ? &fields : nullptr);
  if (erased == 0) return hash.NextExpiryMs();
  CountExpiredFields(erased);
  using HashIs = KeyspaceObserver::HashIs;
  const bool empty = hash.size() == 0;
  if (observer_ != nullptr) {
    observer_->OnFieldsExpired(index_, {entry.key(), entry_hash},
                               empty ? HashIs::kRemoved : HashIs::kLeft, fields);
  }
  if (empty) {
    RemoveAt(table_.Find(entry.key(), entry_hash), {entry.key(), entry_hash});
    return std::nullopt;
  }
  return hash.NextExpiryMs();
}

double ShardDatabase::AverageTtlMs(int64_t now_ms, uint64_t random) const {
  if (volatile_size_ == 0) return 0;
  constexpr int kSamples = 16;
  double sum = 0;  // expiries go up to the end of 64 bits
  int counted = 0;
  for (int i = 0; i < kSamples; ++i) {
    const Entry* entry = table_.Sample(random + static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15);
    if (entry == nullptr || !entry->has_expiry() || entry->IsExpired(now_ms)) continue;
    sum += static_cast<double>(entry->expiry_ms() - now_ms);
    ++counted;
  }
  return counted == 0 ? 0 : sum / counted;
}

size_t ShardDatabase::overhead_bytes() const {
  return table_.memory_bytes() + (wheel_ ? wheel_->memory_bytes() : 0) +
         (next_wheel_ ? next_wheel_->memory_bytes() : 0);
}

size_t ShardDatabase::FreeSome(size_t limit) {
  return table_.FreeSome(limit);
}

Shard::Shard() = default;
Shard::~Shard() = default;

ShardDatabase& Shard::DrawDatabase(size_t entries_before) {
  ShardDatabase* last = nullptr;
  for (size_t i = 0; i < databases.size(); ++i) {
    ShardDatabase* part = databases[i].load(std::memory_order_relaxed);
    if (part == nullptr || part->size() == 0) continue;
    last = part;
    if (entries_before < part->size()) break;
    entries_before -= part->size();
  }
  return *last;
}

}  // namespace strata
