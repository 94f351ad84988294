#include "server/queued_calls.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace strata {
namespace {

constexpr Command kAny = {.name = "any",
                          .arity = -1,
                          .group = CommandGroup::kGeneric,
                          .since = "1.0.0",
                          .complexity = "O(1)",
                          .summary = "",
                          .handler = nullptr};

}  // namespace

TEST_CASE("queued calls keep their arguments and keys when what they were made of is gone") {
  QueuedCalls queue;
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> texts = {"ANY", "", "key" + std::to_string(round), "",
                                      std::string(500, 'v')};
    const std::vector<std::string_view> arguments(texts.begin(), texts.end());
    // Not in the arguments' order, and one twice.
    const std::vector<KeyRef> keys = {
        {arguments[2], 7}, {arguments[1], 0}, {arguments[1], 0}, {arguments[2], 7}};
    queue.Add({kAny, static_cast<size_t>(round), arguments, keys});
    for (std::string& text : texts) text.assign(text.size(), '!');
  }
  REQUIRE(queue.calls().size() == 100);
  REQUIRE(queue.bytes() > 100 * 500);
  for (size_t round = 0; round < 100; ++round) {
    const Call& call = queue.calls()[round];
    const std::string key = "key" + std::to_string(round);
    REQUIRE(call.row == round);
    REQUIRE(&call.command == &kAny);
    REQUIRE(std::vector<std::string>(call.arguments.begin(), call.arguments.end()) ==
            std::vector<std::string>{"ANY", "", key, "", std::string(500, 'v')});
    REQUIRE(call.keys.size() == 4);
    CHECK(call.keys[0].bytes == key);
    CHECK(call.keys[0].hash == 7);
    CHECK(call.keys[1].bytes.empty());
    CHECK(call.keys[2].bytes.empty());
    CHECK(call.keys[3].bytes == key);
  }
}

}  // namespace strata
