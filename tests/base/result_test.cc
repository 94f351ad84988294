#include "base/result.h"

#include <catch2/catch.hpp>
#include <memory>
#include <utility>

namespace strata {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return Error{"odd"};
  return number / 2;
}

Result<void> CheckEven(int number) {
  if (number % 2 != 0) return Error{"odd"};
  return {};
}

Result<std::unique_ptr<int>> MakeUnique() {
  return std::make_unique<int>(3);
}

TEST_CASE("a result holds a value or an error") {
  CHECK(*Half(4) == 2);
  CHECK(Half(3).error().message == "odd");
  CHECK(CheckEven(2).has_value());
  CHECK_FALSE(CheckEven(1));
}

TEST_CASE("a result gives away a value that only moves") {
  Result<std::unique_ptr<int>> made = MakeUnique();
  REQUIRE(made);
  std::unique_ptr<int> taken = std::move(*made);
  CHECK(*taken == 3);
}

TEST_CASE("asking a failed result for its value throws with the reason") {
  CHECK_THROWS_WITH(Half(3).value(), Catch::Contains("odd"));
}

}  // namespace
}  // namespace strata
