#include "base/shared_bytes.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace strata {
namespace {

SharedBytes Make(std::string_view text) {
  SharedBytes bytes = SharedBytes::Allocate(text.size(), text.size());
  std::memcpy(bytes.mutable_data(), text.data(), text.size());
  return bytes;
}

TEST_CASE("an empty handle holds nothing") {
  SharedBytes none;
  CHECK_FALSE(none);
  SharedBytes copy = none;
  CHECK_FALSE(copy);
}

TEST_CASE("copies share the bytes, and the last one frees them") {
  SharedBytes first = Make("shared");
  CHECK(first.IsUnique());
  {
    SharedBytes second = first;
    CHECK_FALSE(first.IsUnique());
    CHECK(second.view().data() == first.view().data());
  }
  CHECK(first.IsUnique());
  CHECK(first.view() == "shared");
}

TEST_CASE("a moved handle lets go") {
  SharedBytes first = Make("moved");
  SharedBytes second = std::move(first);
  CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move): that it is empty is the promise
  CHECK(second.IsUnique());
  second = Make("other");
  CHECK(second.view() == "other");
  SharedBytes& itself = second;
  second = itself;
  CHECK(second.view() == "other");
  CHECK(second.IsUnique());
}

TEST_CASE("the only owner may resize within the capacity") {
  SharedBytes bytes = SharedBytes::Allocate(3, 10);
  std::memcpy(bytes.mutable_data(), "abcdefghij", 10);
  CHECK(bytes.capacity() == 10);
  CHECK(bytes.view() == "abc");
  bytes.Resize(10);
  CHECK(bytes.view() == "abcdefghij");
  bytes.Resize(0);
  CHECK(bytes.view().empty());
}

TEST_CASE("a leaked pointer keeps its reference until it is adopted") {
  SharedBytes bytes = Make("kept");
  SharedBytes other = bytes;
  void* raw = std::move(bytes).Leak();
  CHECK_FALSE(bytes);  // NOLINT(bugprone-use-after-move): that it is empty is the promise
  CHECK_FALSE(other.IsUnique());
  SharedBytes adopted = SharedBytes::Adopt(raw);
  CHECK(adopted.view() == "kept");
  adopted = SharedBytes();
  CHECK(other.IsUnique());
}

TEST_CASE("threads may copy and drop handles to the same bytes", "[threads]") {
  SharedBytes bytes = Make(std::string(100, 'x'));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([mine = bytes] {
      for (int round = 0; round < 20'000; ++round) {
        SharedBytes copy = mine;
        SharedBytes moved = std::move(copy);
        if (moved.view().size() != 100) std::abort();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  CHECK(bytes.IsUnique());
}

}  // namespace
}  // namespace strata
