#pragma once

// The miss-ratio curves (miss_ratio_curve.h) of all keys together, and of each class of keys: what
// more memory would give them, or less take.
//
// Each has a sample of its own, so that a class with a small share of the keys has enough in its
// sample, too. An access is looked at if it is in that of all keys or in that of its class: one
// comparison with the higher of the two limits.
//
// Sampled accesses are rare enough that nothing they need is in a cache. So they wait until there
// are some, and their memory is fetched all at once.
//
// Thread-safe. The curves have one lock, under which nothing else is locked; shards take it with
// their own held, for a sampled access, and once for some hundred accesses that they have counted.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/mutex.h"
#include "storage/eviction/miss_ratio_curve.h"
#include "storage/eviction/policy_shadows.h"
#include "storage/key_classes.h"

namespace strata::eviction {

class ClassCurves {
 public:
  // Curves are asked about caches up to so many times as large as they are.
  static constexpr double kReach = 4;

  explicit ClassCurves(const KeyClasses& classes);

  bool Samples(uint64_t hash, ClassNumber number) const {
    return PolicyShadows::SampleOf(hash) <= limits_[number].load(std::memory_order_relaxed);
  }
  // REQUIRES: Samples. `bytes`: that its entry takes.
  void OnAccess(uint64_t hash, ClassNumber number, uint32_t bytes);
  // So many accesses, sampled or not, were made to keys of each class; [0]: to those of none.
  void AddAccesses(std::span<const uint32_t> accesses);

  // A shard has so many entries more.
  void AddEntries(ptrdiff_t change) { entries_.fetch_add(change, std::memory_order_relaxed); }
  // What the entries of all shards take.
  void SetBytes(uint64_t bytes) { bytes_.store(bytes, std::memory_order_relaxed); }

  struct Reading {
    double accesses = 0;  // less what was forgotten
    double rate = 0;      // of the sample
    double bytes = 0;     // that its entries take now
    double footprint = 0;
    // By the size of the cache, as so many times `bytes`.
    static constexpr std::array kSizes = {0.125, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 4.0};
    std::array<double, kSizes.size()> miss_ratios{};
  };
  // Of a class, or kNoClass: of all keys. Nothing if there was no access yet.
  std::optional<Reading> Read(ClassNumber number);
  size_t memory_bytes() const;

 private:
  struct Capacity {
    size_t entries;
    double bytes;
  };
  Capacity CapacityOf(ClassNumber number) const;
  struct Access {
    uint64_t hash;
    uint32_t bytes;
    ClassNumber number;
  };
  static constexpr size_t kWaiting = 16;

  MissRatioCurve& CurveOf(ClassNumber number) REQUIRES(mutex_);
  // Calls `visit(curve)` for each whose sample has the access.
  template <class Visitor>
  void ForEachCurve(const Access& access, Visitor&& visit) REQUIRES(mutex_);
  void TellWaiting() REQUIRES(mutex_);
  void EndEpoch() REQUIRES(mutex_);
  void Follow(ClassNumber number) REQUIRES(mutex_);

  const KeyClasses& classes_;
  std::atomic<ptrdiff_t> entries_{0};
  std::atomic<uint64_t> bytes_{0};
  // By class: above them no access is looked at.
  std::array<std::atomic<uint32_t>, kMostClassNumbers> limits_;

  alignas(64) mutable SpinMutex mutex_;
  // By class, [0] of all keys; null until there was an access.
  std::array<std::unique_ptr<MissRatioCurve>, kMostClassNumbers> curves_ GUARDED_BY(mutex_);
  std::array<uint32_t, kMostClassNumbers> own_limits_ GUARDED_BY(mutex_);
  std::array<Access, kWaiting> waiting_ GUARDED_BY(mutex_);
  size_t waiting_count_ GUARDED_BY(mutex_) = 0;
  uint64_t epoch_accesses_ GUARDED_BY(mutex_) = 0;
  size_t followed_entries_ GUARDED_BY(mutex_) = 0;
};

}  // namespace strata::eviction
