#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/random.h"
#include "tests/bench/hits/reference_policy.h"

// W-TinyLFU (Einziger, Friedman, Manes, "TinyLFU: a highly efficient cache admission policy", 2017)
// with the hill climber that adapts its window ("Adaptive software cache management", Middleware
// 2018), as Caffeine has them: what leaves the window is admitted to the main part, a segmented
// LRU, if a sketch of counters says it is used more often than what would have to go.

namespace strata::hits {
namespace {

// Count-min with four 4-bit counters per key, which are halved when a sample was counted.
class FrequencySketch {
 public:
  explicit FrequencySketch(size_t capacity)
      : words_(std::bit_ceil(std::max<size_t>(8, capacity))),
        sample_(10 * std::max<size_t>(1, capacity)) {}

  uint64_t Count(uint32_t key) const {
    uint64_t least = kMost;
    for (uint64_t row = 0; row < kRows; ++row) {
      const Place place = PlaceOf(key, row);
      least = std::min(least, words_[place.word] >> place.shift & kMost);
    }
    return least;
  }

  void Add(uint32_t key) {
    bool added = false;
    for (uint64_t row = 0; row < kRows; ++row) {
      const Place place = PlaceOf(key, row);
      if ((words_[place.word] >> place.shift & kMost) == kMost) continue;
      words_[place.word] += uint64_t{1} << place.shift;
      added = true;
    }
    if (!added || ++additions_ < sample_) return;
    for (uint64_t& word : words_) word = word >> 1 & 0x7777777777777777;
    additions_ /= 2;
  }

 private:
  static constexpr uint64_t kRows = 4;
  static constexpr uint64_t kMost = 15;
  struct Place {
    size_t word;
    unsigned shift;
  };
  Place PlaceOf(uint32_t key, uint64_t row) const {
    Random hash(HashOf(key) + row);
    const uint64_t bits = hash.Next();
    return {static_cast<size_t>(bits) & (words_.size() - 1), static_cast<unsigned>(bits >> 60) * 4};
  }

  std::vector<uint64_t> words_;
  size_t sample_;
  size_t additions_ = 0;
};

// Goes on in a direction as long as the hit ratio rises, in ever smaller steps; a large change of
// it starts over.
class HillClimber {
 public:
  explicit HillClimber(size_t capacity)
      : capacity_(static_cast<double>(capacity)), step_(kFirstStep * capacity_) {}

  // How much larger the window should be.
  double Climb(double hit_ratio) {
    const double change = hit_ratio - last_hit_ratio_;
    last_hit_ratio_ = hit_ratio;
    if (is_first_) {
      is_first_ = false;
      return 0;
    }
    const double amount = change >= 0 ? step_ : -step_;
    const bool restarts = std::fabs(change) >= kRestart;
    step_ = restarts ? std::copysign(kFirstStep * capacity_, amount) : kDecay * amount;
    return amount;
  }

 private:
  static constexpr double kFirstStep = 0.0625;
  static constexpr double kRestart = 0.05;
  static constexpr double kDecay = 0.98;

  double capacity_;
  double step_;
  double last_hit_ratio_ = 0;
  bool is_first_ = true;
};

class WTinyLfu : public ReferencePolicy {
 public:
  WTinyLfu(const Trace& trace, size_t capacity)
      : lists_(trace.key_count, 3),
        sketch_(capacity),
        climber_(capacity),
        capacity_(capacity),
        window_(std::max(1.0, static_cast<double>(capacity) * 0.01)) {}

  bool Access(uint32_t key) override {
    sketch_.Add(key);
    ++requests_;
    const bool hit = lists_.ListOf(key) != KeyLists::kNone;
    if (hit) {
      ++hits_;
      Promote(key);
    } else {
      lists_.PushNewest(kWindow, key);
      while (Size(kWindow) > window_) LeaveWindow();
      EvictOverflow();
    }
    if (requests_ >= 10 * capacity_) AdaptWindow();
    return hit;
  }

 private:
  enum List : uint8_t { kWindow, kProbation, kProtected };

  double Size(List list) const { return static_cast<double>(lists_.Size(list)); }
  size_t SizeOfAll() const {
    return lists_.Size(kWindow) + lists_.Size(kProbation) + lists_.Size(kProtected);
  }

  void Promote(uint32_t key) {
    lists_.MoveToNewest(lists_.ListOf(key) == kWindow ? kWindow : kProtected, key);
    ShrinkProtected();
  }

  void ShrinkProtected() {
    const double most = (static_cast<double>(capacity_) - window_) * 0.8;
    while (Size(kProtected) > std::max(0.0, most)) {
      lists_.PushNewest(kProbation, lists_.PopOldest(kProtected));
    }
  }

  void LeaveWindow() {
    const uint32_t candidate = lists_.PopOldest(kWindow);
    if (SizeOfAll() < capacity_) {
      lists_.PushNewest(kProbation, candidate);
      return;
    }
    const List list = lists_.Size(kProbation) > 0 ? kProbation : kProtected;
    if (lists_.Size(list) == 0 || !Admits(candidate, lists_.Oldest(list))) return;
    lists_.PopOldest(list);
    lists_.PushNewest(kProbation, candidate);
  }

  // Now and then one that is used as seldom is let in, against collisions made on purpose.
  bool Admits(uint32_t candidate, uint32_t victim) {
    const uint64_t uses = sketch_.Count(candidate);
    return uses > sketch_.Count(victim) || (uses >= 6 && random_.Below(128) == 0);
  }

  void AdaptWindow() {
    const double change =
        climber_.Climb(static_cast<double>(hits_) / static_cast<double>(requests_));
    window_ =
        std::clamp(window_ + change, 1.0, std::max(1.0, static_cast<double>(capacity_) * 0.8));
    while (Size(kWindow) > window_) lists_.PushNewest(kProbation, lists_.PopOldest(kWindow));
    ShrinkProtected();
    hits_ = 0;
    requests_ = 0;
  }

  // A window that grew takes its room from the main part.
  void EvictOverflow() {
    while (SizeOfAll() > capacity_) {
      const bool has_main = lists_.Size(kProbation) + lists_.Size(kProtected) > 0;
      const List main = lists_.Size(kProbation) > 0 ? kProbation : kProtected;
      lists_.PopOldest(has_main ? main : kWindow);
    }
  }

  KeyLists lists_;
  FrequencySketch sketch_;
  HillClimber climber_;
  size_t capacity_;
  double window_;
  size_t hits_ = 0;
  size_t requests_ = 0;
  Random random_{1};
};

}  // namespace

std::unique_ptr<ReferencePolicy> MakeWTinyLfu(const Trace& trace, size_t capacity) {
  return std::make_unique<WTinyLfu>(trace, capacity);
}

}  // namespace strata::hits
