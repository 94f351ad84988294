#include "storage/keyspace.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace strata {

Keyspace::Keyspace(const KeyspaceOptions& options, const Clock& clock, Reclaimer& reclaimer)
    : clock_(clock),
      reclaimer_(reclaimer),
      options_(options),
      shard_bits_(std::countr_zero(options.shards)),
      shards_(options.shards),
      spaces_{std::vector<CopySpace>(static_cast<size_t>(options.databases)),
              static_cast<CopySpace>(options.databases)},
      first_to_expire_(options.shards) {
  CHECK(std::has_single_bit(options.shards) && options.shards <= 4096);
  for (Shard& shard : shards_) shard.databases.Resize(static_cast<size_t>(options.databases));
  std::iota(spaces_.by_database.begin(), spaces_.by_database.end(), CopySpace{0});
}

Keyspace::~Keyspace() {
  for (int i = 0; i < options_.databases; ++i) Flush(i);
}

ShardDatabase& Keyspace::PartForWrite(int database, uint64_t hash) {
  ShardDatabase* part = Part(database, hash);
  if (part != nullptr) [[likely]] {
    return *part;
  }
  return MakePart(shards_[ShardIndex(hash)], database);
}

ShardDatabase& Keyspace::MakePart(Shard& shard, int database) {
  const ShardDatabase::Surroundings surroundings{
      options_.hash_seed, shard.expiry,       shard.evicted,  shard.entries,
      shard.stubs,        shard.stubs_may_go, shard.adaptive, shard.copies,
      classes_,           reclaimer_,         observer_,      expiry_rule_};
  auto part =
      std::make_unique<ShardDatabase>(database, SpaceOf(database), clock_.WallMs(), surroundings);
  ShardDatabase& made = *part;
  shard.databases[static_cast<size_t>(database)].store(part.release(), std::memory_order_release);
  return made;
}

void Keyspace::UseAdaptivePolicy(eviction::Objective objective) {
  if (!learning_) {
    learning_ = std::make_unique<eviction::SharedLearning>(shards_.size(), options_.hash_seed);
    curves_ = std::make_unique<eviction::ClassCurves>(classes_);
    victims_ = std::make_unique<eviction::VictimBoard>(shards_.size());
  }
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    if (!shard.adaptive) {
      shard.adaptive = std::make_unique<AdaptiveShard>(*learning_, *curves_, objective);
    }
    shard.adaptive->SetEntries(shard.entries);
    shard.adaptive->set_objective(objective);
  }
}

void Keyspace::UseOtherPolicy() {
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    shard.adaptive = nullptr;
  }
  learning_ = nullptr;
  curves_ = nullptr;
  victims_ = nullptr;
}

void Keyspace::KeepCopies(TierTraffic& traffic) {
  for (Shard& shard : shards_) shard.copies = std::make_unique<CopyLedger>(traffic.owed_erasures);
}

std::optional<int> Keyspace::DatabaseOf(CopySpace space) const {
  const std::vector<CopySpace>& spaces = spaces_.by_database;
  const auto found = std::find(spaces.begin(), spaces.end(), space);
  if (found == spaces.end()) return std::nullopt;
  return static_cast<int>(found - spaces.begin());
}

void Keyspace::AdoptSpaces(const CopySpaces& spaces) {
  first_own_space_ = spaces.next;
  spaces_.next = spaces.next;
  for (size_t i = 0; i < spaces_.by_database.size(); ++i) {
    const bool is_known = i < spaces.by_database.size();
    spaces_.by_database[i] = is_known ? spaces.by_database[i] : spaces_.next++;
  }
}

uint64_t Keyspace::EvictionBytes() {
  uint64_t bytes = learning_ ? learning_->memory_bytes() + curves_->memory_bytes() : 0;
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    if (shard.adaptive) bytes += shard.adaptive->memory_bytes();
  }
  return bytes;
}

uint64_t Keyspace::Size(int database) {
  uint64_t keys = 0;
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    ShardDatabase* part = shard.databases[static_cast<size_t>(database)];
    if (part != nullptr) keys += part->size();
  }
  return keys;
}

DatabaseStatistics Keyspace::Statistics(int database) {
  DatabaseStatistics sum;
  int64_t now_ms = clock_.WallMs();
  double weighted_ttl = 0;
  uint64_t random = static_cast<uint64_t>(now_ms);
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    ShardDatabase* part = shard.databases[static_cast<size_t>(database)];
    if (part == nullptr) continue;
    sum.keys += part->size();
    sum.volatile_keys += part->volatile_size();
    random = FoldedMultiply(random, 0x9e3779b97f4a7c15) + 1;
    weighted_ttl += part->AverageTtlMs(now_ms, random) * static_cast<double>(part->volatile_size());
  }
  if (sum.volatile_keys > 0) {
    double average = weighted_ttl / static_cast<double>(sum.volatile_keys);
    sum.average_ttl_ms = static_cast<int64_t>(std::min(average, 9e18));
  }
  return sum;
}

ExpiryStatistics Keyspace::ReadExpiryStatistics() {
  ExpiryStatistics sum;
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    sum.Add(shard.expiry);
  }
  return sum;
}

uint64_t Keyspace::ReadEvicted() {
  uint64_t evicted = 0;
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    evicted += shard.evicted;
  }
  return evicted;
}

void Keyspace::ResetStatistics() {
  classes_.ResetStatistics();
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    shard.expiry = {};
    shard.evicted = 0;
  }
}

uint64_t Keyspace::OverheadBytes() {
  uint64_t bytes = shards_.size() * sizeof(Shard);
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    for (size_t i = 0; i < shard.databases.size(); ++i) {
      const ShardDatabase* part = shard.databases[i].load(std::memory_order_relaxed);
      if (part != nullptr) bytes += part->overhead_bytes();
    }
  }
  return bytes;
}

std::optional<std::string> Keyspace::RandomKey(int database, uint64_t random, int64_t now_ms) {
  // A shard in proportion to its keys, then a key in it.
  constexpr int kTries = 10000;  // dead keys are removed on the way, so nearly always one is enough
  for (int attempt = 0; attempt < kTries; ++attempt) {
    uint64_t total = Size(database);
    if (total == 0) return std::nullopt;
    random = FoldedMultiply(random ^ 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93) + 1;
    uint64_t left = random % total;
    for (Shard& shard : shards_) {
      SpinLock lock(shard.mutex);
      ShardDatabase* part = shard.databases[static_cast<size_t>(database)];
      if (part == nullptr) continue;
      if (left >= part->size()) {
        left -= part->size();
        continue;
      }
      // Mixed again: a shard and a slot by the same low bits would go together.
      const Entry* entry = part->table().Sample(FoldedMultiply(random, 0xa0761d6478bd642f));
      if (entry == nullptr) break;
      std::string key(entry->key());
      if (!entry->IsExpired(now_ms)) return key;
      part->Find(Ref(key), now_ms);
      break;
    }
  }
  return std::nullopt;
}

ExpiryStep Keyspace::ExpireSome(size_t shard_index, int64_t now_ms, size_t limit) {
  Shard& shard = shards_[shard_index];
  SpinLock lock(shard.mutex);
  if (shard.adaptive) shard.adaptive->SetEntries(shard.entries);
  ExpiryStep step;
  const size_t databases = shard.databases.size();
  const size_t first = first_to_expire_[shard_index];
  for (size_t i = 0; i < databases; ++i) {
    const size_t database = (first + i) % databases;
    ShardDatabase* part = shard.databases[database].load(std::memory_order_relaxed);
    if (part == nullptr) continue;
    size_t looked_at = part->ExpireSome(now_ms, limit);
    bool reached_limit = limit > 0 && looked_at >= limit;
    if (reached_limit) first_to_expire_[shard_index] = (database + 1) % databases;
    limit -= std::min(limit, looked_at);
    step.looked_at += looked_at;
    step.is_behind |= part->ExpiryBehind();
  }
  return step;
}

CopyStatistics Keyspace::ReadCopyStatistics() {
  CopyStatistics all;
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    if (shard.copies == nullptr) continue;  // there is no tier
    all.stubs += shard.stubs;
    all.owed += shard.copies->owed();
    all.littered |= shard.copies->littered();
  }
  return all;
}

double Keyspace::ShareBefore(uint64_t cursor) const {
  const auto shard = static_cast<double>(cursor & (options_.shards - 1));
  const auto place = static_cast<double>(cursor >> shard_bits_);
  return (shard + place / static_cast<double>(EntryTable::kScanEnd)) /
         static_cast<double>(options_.shards);
}

DetachedDatabases Keyspace::Flush(int database) {
  DetachedDatabases detached;
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    auto& slot = shard.databases[static_cast<size_t>(database)];
    ShardDatabase* part = slot.exchange(nullptr);
    if (part == nullptr) continue;
    shard.entries -= part->size();
    part->CountAllOut();
    detached.emplace_back(part);
  }
  if (keeps_copies()) {
    has_flushed_ |= !detached.empty();
    spaces_.by_database[static_cast<size_t>(database)] = spaces_.next++;
  }
  return detached;
}

void Keyspace::Swap(int a, int b) {
  for (Shard& shard : shards_) {
    SpinLock lock(shard.mutex);
    auto& first = shard.databases[static_cast<size_t>(a)];
    auto& second = shard.databases[static_cast<size_t>(b)];
    first.store(second.exchange(first.load()));
    if (ShardDatabase* part = first) part->set_index(a);
    if (ShardDatabase* part = second) part->set_index(b);
  }
  std::swap(spaces_.by_database[static_cast<size_t>(a)],
            spaces_.by_database[static_cast<size_t>(b)]);
}

}  // namespace strata
