#include "cluster/remote/request_queue.h"

#include <array>
#include <catch2/catch.hpp>
#include <deque>
#include <string>

#include "base/random.h"

namespace strata {
namespace {

std::string Encoded(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

}  // namespace

TEST_CASE("a request queue gives out bytes in order and keeps those that are not answered") {
  Random random(11);
  RequestQueue queue;
  std::deque<std::string> model;  // requests that are not answered
  std::string unsent;
  uint64_t next_id = 0;
  uint64_t next_answer = 0;
  for (int step = 0; step < 50'000; ++step) {
    const bool fills = step / 5'000 % 2 == 0;
    switch (random.Below(3)) {
      case 0: {
        if (!fills && random.Below(3) != 0) break;
        const size_t size = random.Below(100) == 0 ? random.Below(100'000) : random.Below(40);
        const std::vector<std::string> words = {"SET", std::string(size, 'k'), ""};
        queue.Append({.id = next_id++}, std::array<std::string_view, 3>{words[0], words[1], ""});
        model.push_back(Encoded(words));
        unsent += model.back();
        break;
      }
      case 1: {
        REQUIRE(queue.unsent() == unsent);
        const size_t count = random.Below(unsent.size() + 1);
        queue.MarkSent(count);
        unsent.erase(0, count);
        break;
      }
      case 2: {
        size_t bytes = 0;
        for (const std::string& request : model) bytes += request.size();
        REQUIRE(queue.bytes() == bytes);
        if (model.empty()) break;
        REQUIRE(queue.front_is_sent() == (bytes - unsent.size() >= model.front().size()));
        if (!queue.front_is_sent()) break;
        const RequestQueue::Answered answered = queue.Pop();
        REQUIRE(answered.request.id == next_answer++);
        REQUIRE(answered.encoded == model.front());
        model.pop_front();
        queue.Trim();
        break;
      }
    }
    REQUIRE(queue.size() == model.size());
  }
}

}  // namespace strata
