#include "tests/bench/hits/stack_distances.h"

namespace strata::hits {
namespace {

// Sums of what stands at the positions up to one (Fenwick, 1994).
class PrefixSums {
 public:
  explicit PrefixSums(size_t positions) : sums_(positions + 1) {}

  void Add(size_t position, uint64_t change) {
    for (size_t i = position + 1; i < sums_.size(); i += i & -i) sums_[i] += change;
  }
  uint64_t UpTo(size_t position) const {
    uint64_t sum = 0;
    for (size_t i = position + 1; i > 0; i &= i - 1) sum += sums_[i];
    return sum;
  }

 private:
  std::vector<uint64_t> sums_;
};

}  // namespace

std::vector<uint64_t> StackDistances(const Trace& trace, const std::vector<uint32_t>& bytes) {
  constexpr size_t kNever = SIZE_MAX;
  std::vector<uint64_t> distances;
  distances.reserve(trace.keys.size());
  std::vector<size_t> last_uses(trace.key_count, kNever);
  // A key's bytes stand at its last use.
  PrefixSums sums(trace.keys.size());
  uint64_t all = 0;
  for (size_t now = 0; now < trace.keys.size(); ++now) {
    const uint32_t key = trace.keys[now];
    size_t& last_use = last_uses[key];
    if (last_use == kNever) {
      distances.push_back(kCold);
      all += bytes[key];
    } else {
      distances.push_back(all - sums.UpTo(last_use) + bytes[key]);
      sums.Add(last_use, -uint64_t{bytes[key]});
    }
    sums.Add(now, bytes[key]);
    last_use = now;
  }
  return distances;
}

}  // namespace strata::hits
