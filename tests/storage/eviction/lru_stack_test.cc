#include "storage/eviction/lru_stack.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "base/random.h"

namespace strata::eviction {
namespace {

// The same by a list, the last used in front.
class NaiveStack {
 public:
  std::optional<uint64_t> Use(uint64_t hash, uint32_t bytes, StackState state) {
    std::optional<uint64_t> above;
    uint64_t sum = 0;
    for (size_t i = 0; i < keys_.size() && !above; ++i) {
      if (keys_[i].hash == hash) {
        above = sum;
        keys_.erase(keys_.begin() + static_cast<ptrdiff_t>(i));
      } else if (keys_[i].state == StackState::kCounted) {
        sum += keys_[i].bytes;
      }
    }
    keys_.insert(keys_.begin(), {hash, bytes, state});
    return above;
  }
  void DropOldest() { keys_.pop_back(); }
  template <class StateOf>
  void Restate(StateOf&& state_of) {
    for (Key& key : keys_) key.state = state_of(key.hash);
    std::erase_if(keys_, [](const Key& key) { return key.state == StackState::kAbsent; });
  }
  size_t size() const { return keys_.size(); }
  uint64_t counted_bytes() const {
    uint64_t sum = 0;
    for (const Key& key : keys_) sum += key.state == StackState::kCounted ? key.bytes : 0;
    return sum;
  }

 private:
  struct Key {
    uint64_t hash;
    uint32_t bytes;
    StackState state;
  };
  std::vector<Key> keys_;
};

}  // namespace

TEST_CASE("distances are those of a list that is searched, whatever goes, waits and comes back") {
  const uint64_t seed = GENERATE(1, 2, 3);
  const size_t most_keys = GENERATE(1, 2, 7, 64);
  INFO("seed " << seed << ", keys " << most_keys);
  Random random(seed);
  LruStack stack(most_keys);
  NaiveStack naive;
  for (int step = 0; step < 5000; ++step) {
    if (naive.size() == most_keys) {
      stack.DropOldest();
      naive.DropOldest();
    }
    const uint64_t hash = Random(random.Below(most_keys * 2)).Next();
    const auto bytes = static_cast<uint32_t>(1 + random.Below(1000));
    const StackState state = random.Below(4) == 0 ? StackState::kWaiting : StackState::kCounted;
    const std::optional<LruStack::Seen> seen = stack.Use(hash, bytes, state);
    const std::optional<uint64_t> above = naive.Use(hash, bytes, state);
    REQUIRE(seen.has_value() == above.has_value());
    if (seen) REQUIRE(seen->bytes_above == *above);
    if (random.Below(100) == 0) {
      const uint64_t salt = random.Next();
      auto state_of = [salt](uint64_t key) { return StackState(Random(key ^ salt).Below(3)); };
      stack.Restate(state_of);
      naive.Restate(state_of);
    }
    REQUIRE(stack.size() == naive.size());
    REQUIRE(stack.counted_bytes() == naive.counted_bytes());
  }
}

TEST_CASE("uses are counted, as far as they are not forgotten") {
  LruStack stack(10);
  stack.Use(1, 1, StackState::kCounted);
  CHECK(stack.Use(1, 1, StackState::kCounted)->uses == 1);
  CHECK(stack.Use(1, 1, StackState::kCounted)->uses == 2);
  stack.Forget(0.5);
  CHECK(stack.Use(1, 1, StackState::kCounted)->uses == 1.5);
}

TEST_CASE("sums are right where they pass 32 bits") {
  LruStack stack(16);
  for (uint64_t hash = 0; hash < 16; ++hash) {
    stack.Use(hash, LruStack::kMostBytes, StackState::kCounted);
  }
  CHECK(stack.Use(0, 1, StackState::kCounted)->bytes_above == uint64_t{15} * LruStack::kMostBytes);
}

}  // namespace strata::eviction
