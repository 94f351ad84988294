#pragma once

// Classes of keys: how much a hit of one is worth, how much memory it may take, how much nobody
// else may take from it. An entry carries the number of its class (EntryUse), so that evicting asks
// nothing of patterns; number 0 is every key that fits no class.
//
//   a key is made ──► NumberOf: the first class whose patterns it fits ──► number in the entry
//   entry comes, goes ──► Count: how many of the class there are, in how many bytes
//   ClassCensus walks all entries ──► new numbers where classes changed, true sizes
//
// Bytes are counted when an entry comes, is overwritten, goes; a collection that grows where it is,
// is seen by the next census.
//
// A class that is defined no more keeps its number, without patterns, until its last entry has got
// another one.
//
// Define: REQUIRES that the world is stopped. What is counted is atomic; the rest is plain memory
// that everybody reads.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/entry.h"
#include "storage/eviction/eviction_rule.h"

namespace strata {

struct KeyClass {
  std::string name;
  std::vector<std::string> patterns;  // glob; none: every key
  std::optional<int> database;
  float weight = 1;
  float cost = 1;
  int64_t quota = 0;  // bytes; 0: none
  int64_t floor = 0;
  std::optional<bool> may_evict;  // nothing: if the server's policy evicts
  // Which go, and in which order; nothing: as the server has it.
  std::optional<EvictionRule> rule;
  int64_t ttl_ms = 0;     // of keys that are written without one; 0: none
  double ttl_jitter = 0;  // the share of a TTL by which it may come out shorter
};

using ClassNumber = uint8_t;
inline constexpr ClassNumber kNoClass = 0;
inline constexpr size_t kMostClassNumbers = 256;

// Of one part of the keyspace, or of it all.
struct ClassTally {
  int64_t entries = 0;
  int64_t bytes = 0;
};

class KeyClasses {
 public:
  // False if there are not, and never were, any: then nothing is to be counted.
  bool any() const { return any_; }
  // In the order in which keys try them. A class of a name that there was keeps its number and its
  // counts. Bumps the generation. Fails if numbers have run out: until the census was there.
  [[nodiscard]] bool Define(std::vector<KeyClass> classes);
  // Changes with each definition.
  uint64_t generation() const { return generation_; }

  ClassNumber NumberOf(int database, std::string_view key) const;
  // Those that are defined, in their order.
  std::span<const ClassNumber> numbers() const { return order_; }
  // REQUIRES: a number that was told by this.
  const KeyClass& at(ClassNumber number) const { return slots_[number]->key_class; }
  ClassTally tally(ClassNumber number) const;
  uint64_t evicted(ClassNumber number) const {
    return slots_[number]->evicted.load(std::memory_order_relaxed);
  }

  void Count(ClassNumber number, const ClassTally& change);
  void ResetStatistics();
  void CountEvicted(ClassNumber number) {
    if (number != kNoClass) slots_[number]->evicted.fetch_add(1, std::memory_order_relaxed);
  }

  // Whether an entry may go for the sake of others. `scope`: of the server's policy.
  bool MayEvict(const Entry& entry, EvictionScope scope) const {
    if (!any_) [[likely]] {
      return MayBeEvicted(entry, scope);
    }
    return MayEvictFrom(entry.use().class_number(), entry, scope);
  }
  // What makes a hit of the entry worth more, and a miss.
  float WeightOf(const Entry& entry) const {
    const ClassNumber number = entry.use().class_number();
    return number == kNoClass ? 1 : slots_[number]->key_class.weight;
  }
  float CostOf(const Entry& entry) const {
    const ClassNumber number = entry.use().class_number();
    return number == kNoClass ? 1 : slots_[number]->key_class.cost;
  }
  bool any_quota() const { return any_quota_; }
  // Whether some class may give whatever the server's policy is.
  bool any_gives() const { return any_gives_; }
  // Whether those of no class may give, and of classes that do not say.
  void set_others_give(bool give) { others_give_ = give; }
  // Some class that is above its quota and may have something to give; nothing if none is.
  std::optional<ClassNumber> OverQuota() const;
  // No key of the class was found that may go. It is not asked again until AskAllAgain.
  void SetHasNothing(ClassNumber number) {
    slots_[number]->has_nothing.store(true, std::memory_order_relaxed);
  }
  void AskAllAgain();
  // Whether keys of the class may not become more: it is above its quota and cannot give.
  bool IsFull(ClassNumber number) const;

 private:
  struct Slot {
    KeyClass key_class;
    bool is_defined = false;
    alignas(64) std::atomic<int64_t> entries{0};
    std::atomic<int64_t> bytes{0};
    std::atomic<uint64_t> evicted{0};
    std::atomic<bool> has_nothing{false};  // to give, when it was last asked
  };

  bool MayEvictFrom(ClassNumber number, const Entry& entry, EvictionScope scope) const;
  bool Gives(const KeyClass& key_class) const { return key_class.may_evict.value_or(others_give_); }
  bool IsOverQuota(const Slot& slot) const;
  std::optional<ClassNumber> FindOrTake(const std::string& name);
  void GiveBack(std::span<const ClassNumber> numbers);

  bool any_ = false;
  bool any_quota_ = false;
  bool any_gives_ = false;
  bool others_give_ = true;
  uint64_t generation_ = 0;
  std::vector<ClassNumber> order_;
  std::array<std::unique_ptr<Slot>, kMostClassNumbers> slots_;
};

}  // namespace strata
