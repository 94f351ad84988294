#include <algorithm>

#include "base/random.h"
#include "storage/frequency.h"
#include "tests/bench/hits/reference_policy.h"

// Redis's evict.c: five random keys per eviction into a pool of sixteen, from which the best goes.
// Its clocks, a second for LRU and a minute for LFU, are taken to tick at 1,000 operations a second
// where that is finer than the trace needs: LRU's counts operations, which flatters it.

namespace strata::hits {
namespace {

constexpr size_t kSamples = 5;
constexpr size_t kPoolSize = 16;
constexpr uint64_t kOpsPerSecond = 1000;
constexpr FrequencyScale kScale{10, 1};

enum class Order { kIdleTime, kFrequency };

class RedisSampling : public ReferencePolicy {
 public:
  RedisSampling(const Trace& trace, size_t capacity, Order order)
      : keys_(trace.key_count), capacity_(capacity), order_(order) {}

  bool Access(uint32_t key) override {
    ++now_;
    Key& entry = keys_[key];
    const bool hit = entry.place != kAbsent;
    if (hit) {
      entry.frequency = FrequencyAfterUse(DecayedFrequencyOf(entry), kScale, random_);
    } else {
      if (resident_.size() == capacity_) Evict();
      entry.place = static_cast<uint32_t>(resident_.size());
      entry.frequency = kNewFrequency;
      resident_.push_back(key);
    }
    entry.last = now_;
    return hit;
  }

 private:
  static constexpr uint32_t kAbsent = UINT32_MAX;
  struct Key {
    uint64_t last = 0;
    uint32_t place = kAbsent;
    uint8_t frequency = 0;
  };
  struct Pooled {
    uint64_t idle;
    uint32_t key;
  };

  uint8_t DecayedFrequencyOf(const Key& entry) const {
    const auto idle_s = static_cast<int64_t>((now_ - entry.last) / kOpsPerSecond);
    return DecayedFrequency(entry.frequency, idle_s, kScale);
  }
  uint64_t IdleOf(const Key& entry) const {
    if (order_ == Order::kIdleTime) return now_ - entry.last;
    return uint64_t{UINT8_MAX} - DecayedFrequencyOf(entry);
  }

  void Populate() {
    for (size_t i = 0; i < kSamples; ++i) {
      const uint32_t key = resident_[random_.Below(resident_.size())];
      const auto same = [key](const Pooled& pooled) { return pooled.key == key; };
      if (std::any_of(pool_.begin(), pool_.end(), same)) continue;
      const uint64_t idle = IdleOf(keys_[key]);
      if (pool_.size() == kPoolSize) {
        if (idle <= pool_.front().idle) continue;
        pool_.erase(pool_.begin());
      }
      const auto shorter = [idle](const Pooled& pooled) { return pooled.idle < idle; };
      pool_.insert(std::find_if_not(pool_.begin(), pool_.end(), shorter), {idle, key});
    }
  }

  void Evict() {
    for (;;) {
      Populate();
      while (!pool_.empty()) {
        const uint32_t key = pool_.back().key;
        pool_.pop_back();
        if (keys_[key].place == kAbsent) continue;
        Remove(key);
        return;
      }
    }
  }

  void Remove(uint32_t key) {
    const uint32_t last = resident_.back();
    resident_[keys_[key].place] = last;
    keys_[last].place = keys_[key].place;
    resident_.pop_back();
    keys_[key].place = kAbsent;
  }

  std::vector<Key> keys_;
  std::vector<uint32_t> resident_;
  std::vector<Pooled> pool_;  // the longest idle last
  size_t capacity_;
  Order order_;
  uint64_t now_ = 0;
  Random random_{1};
};

}  // namespace

std::unique_ptr<ReferencePolicy> MakeRedisLru(const Trace& trace, size_t capacity) {
  return std::make_unique<RedisSampling>(trace, capacity, Order::kIdleTime);
}

std::unique_ptr<ReferencePolicy> MakeRedisLfu(const Trace& trace, size_t capacity) {
  return std::make_unique<RedisSampling>(trace, capacity, Order::kFrequency);
}

}  // namespace strata::hits
