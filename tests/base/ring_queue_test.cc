#include "base/ring_queue.h"

#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "base/random.h"

namespace strata {

TEST_CASE("a ring queue is a deque of which only the ends are seen") {
  Random random(3);
  RingQueue<std::string> queue;
  std::deque<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    // Now and then it runs empty, now and then it grows.
    const bool fills = step / 1000 % 2 == 0;
    if (random.Below(10) < (fills ? 6u : 4u)) {
      queue.Push(std::to_string(step));
      model.push_back(std::to_string(step));
    } else if (!model.empty()) {
      REQUIRE(queue.front() == model.front());
      REQUIRE(queue.Pop() == model.front());
      model.pop_front();
    }
    REQUIRE(queue.size() == model.size());
    REQUIRE(queue.empty() == model.empty());
  }
}

}  // namespace strata
