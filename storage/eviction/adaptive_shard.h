#pragma once

// One shard under the adaptive policy: turns what entries keep of their use into histories and
// back, and chooses whom to evict.
//
// The keys of all databases compete. Which of their hash bits are good for sampling depends on
// nothing that chose the shard: they are mixed anew, with the database.
//
// Guarded by the shard's lock.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/hash.h"
#include "storage/entry.h"
#include "storage/eviction/adaptive_policy.h"
#include "storage/eviction/class_curves.h"
#include "storage/eviction/victim_pool.h"

namespace strata {

class ShardDatabase;

class alignas(64) AdaptiveShard {
 public:
  AdaptiveShard(eviction::SharedLearning& learning, eviction::ClassCurves& curves,
                eviction::Objective objective)
      : curves_(curves), policy_(learning, objective) {}
  ~AdaptiveShard() { curves_.AddEntries(-static_cast<ptrdiff_t>(told_entries_)); }
  AdaptiveShard(const AdaptiveShard&) = delete;
  AdaptiveShard& operator=(const AdaptiveShard&) = delete;

  // Before the use is noted in the entry itself.
  void OnHit(int database, uint64_t hash, Entry& entry, int64_t now_s) {
    const uint64_t policy_hash = PolicyHash(database, hash);
    eviction::AccessHistory history = HistoryOf(entry.use(), now_s);
    policy_.OnHit(policy_hash, history);
    entry.use().SetHistory(history);
    NoteTime(now_s);
    Count(policy_hash, entry);
  }
  // The entry has its class.
  void OnInsert(int database, uint64_t hash, Entry& entry) {
    const uint64_t policy_hash = PolicyHash(database, hash);
    entry.use().SetHistory(policy_.OnInsert(policy_hash));
    Count(policy_hash, entry);
  }
  void OnEvict(int database, uint64_t hash, const EntryUse& use, int64_t now_s) {
    policy_.OnEvict(PolicyHash(database, hash), HistoryOf(use, now_s));
  }

  void set_objective(eviction::Objective objective) { policy_.set_objective(objective); }
  // How many entries the shard has, of all databases: as the best guess of how many it can have.
  void SetEntries(size_t entries) {
    policy_.SetEntries(entries);
    entries_ = entries;
  }

  // What the entry is worth; the lowest goes first.
  float Score(const ShardDatabase& part, const Entry& entry, int64_t now_s) const {
    return policy_.Score(HistoryOf(entry.use(), now_s), WorthOf(part, entry));
  }
  // A candidate for eviction is looked at.
  void Offer(const ShardDatabase& part, const Entry& entry, int64_t now_s);
  // Before candidates are offered.
  void AgeVictims(int64_t now_s) {
    policy_.MeetClock();
    NoteTime(now_s);
    victims_.Rescore([this](const eviction::Victim& victim) {
      return policy_.Score(victim.history, victim.worth);
    });
  }
  // The best to lose of those that were offered, which is then forgotten.
  std::optional<eviction::Victim> TakeVictim() { return victims_.TakeLowest(); }
  // What that one scores; infinity if there is none.
  float lowest_score() const { return victims_.lowest(); }
  // Whether the entry was used since it was offered.
  bool WasUsedSince(const eviction::Victim& victim, const EntryUse& use, int64_t now_s) const {
    return eviction::StampOf(HistoryOf(use, now_s).last_use) !=
           eviction::StampOf(victim.history.last_use);
  }

  size_t memory_bytes() const { return policy_.ghost_bytes() + policy_.fixed_bytes(); }

 private:
  // For the miss-ratio curves.
  void Count(uint64_t policy_hash, const Entry& entry) {
    const ClassNumber number = entry.use().class_number();
    if (number != kNoClass) ++accesses_[number];
    if (++uncounted_ == kAccessesAtOnce) [[unlikely]] {
      TellAccesses();
    }
    if (curves_.Samples(policy_hash, number)) [[unlikely]] {
      curves_.OnAccess(policy_hash, number, BytesOf(entry));
    }
  }
  void TellAccesses();
  static uint32_t BytesOf(const Entry& entry);
  static eviction::EntryWorth WorthOf(const ShardDatabase& part, const Entry& entry);

  static uint64_t PolicyHash(int database, uint64_t hash) {
    constexpr uint64_t kPrime = 0xd6e8feb86659fd93;
    return FoldedMultiply(hash ^ static_cast<uint64_t>(database), kPrime);
  }

  // An entry's stamp wraps; one that is so old that it might have is recognised by its seconds.
  eviction::AccessHistory HistoryOf(const EntryUse& use, int64_t now_s) const {
    eviction::AccessHistory history = use.History(policy_.now());
    if (use.IdleSeconds(now_s) > now_s - unwrapped_since_s_) [[unlikely]] {
      history.last_use = policy_.now() - kHalfWrap;
    }
    return history;
  }
  // Every half of a wrap, so that what was accessed since the last but one is not that old.
  void NoteTime(int64_t now_s) {
    const uint32_t half = policy_.now() / kHalfWrap;
    if (half == half_) [[likely]] {
      return;
    }
    unwrapped_since_s_ = half == (half_ + 1) % kHalves ? half_began_s_ : now_s;
    half_ = half;
    half_began_s_ = now_s;
  }

  static constexpr uint32_t kHalfWrap = 64 << 16;                  // 64 capacities
  static constexpr uint32_t kHalves = UINT32_MAX / kHalfWrap + 1;  // until the clock itself wraps

  static constexpr uint32_t kAccessesAtOnce = 256;

  // First what a hit looks at, in one cache line: it ends inside the policy.
  int64_t unwrapped_since_s_ = 0;  // unix
  int64_t half_began_s_ = 0;
  uint32_t half_ = 0;
  uint32_t uncounted_ = 0;  // accesses that the curves do not know yet
  eviction::ClassCurves& curves_;
  eviction::AdaptivePolicy policy_;
  size_t entries_ = 0;
  size_t told_entries_ = 0;                             // that the curves know of
  std::array<uint32_t, kMostClassNumbers> accesses_{};  // of the uncounted, to keys of classes
  eviction::VictimPool victims_;
};

}  // namespace strata
