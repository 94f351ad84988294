#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace strata {

// Everything that a test of peers does, in its one thread.
class TestLoop {
 public:
  boost::asio::io_context& context() { return context_; }

  // Until that holds; false if it does not for a minute.
  template <class Condition>
  bool RunUntil(Condition&& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }
  // All that is under way, which must have an end.
  void Finish() {
    context_.restart();
    context_.run();
  }

 private:
  boost::asio::io_context context_{1};
};

}  // namespace strata
