#include "server/blocking/block_timeout.h"

#include <catch2/catch.hpp>

namespace strata {
namespace {

constexpr int64_t kNowMs = 1'700'000'000'000;

// The milliseconds, or the error.
std::string Parsed(std::string_view text, TimeoutUnit unit = TimeoutUnit::kSeconds) {
  Result<int64_t> timeout_ms = ParseBlockTimeout(text, unit, kNowMs);
  return timeout_ms ? std::to_string(*timeout_ms) : timeout_ms.error().message;
}

}  // namespace

TEST_CASE("A timeout in seconds is rounded up to milliseconds") {
  CHECK(Parsed("0") == "0");
  CHECK(Parsed("1") == "1000");
  CHECK(Parsed("0.001") == "1");
  CHECK(Parsed(".5") == "500");
  CHECK(Parsed("1e-9") == "1");
  CHECK(Parsed("-0.0001") == "0");
  CHECK(Parsed("0x1p-10") == "1");
  CHECK(Parsed("9000000000000000") == "9000000000000000000");
}

TEST_CASE("A timeout that is none is told in Redis's words") {
  for (const char* text : {"", "x", "1 ", " 1", "1s", "nan"}) {
    INFO(text);
    CHECK(Parsed(text) == "ERR timeout is not a float or out of range");
  }
  for (const char* text : {"-1", "-0.01", "-1e300", "-inf"}) {
    INFO(text);
    CHECK(Parsed(text) == "ERR timeout is negative");
  }
  for (const char* text : {"1e300", "inf", "9223372036854775807", "9223372036854775"}) {
    INFO(text);
    CHECK(Parsed(text) == "ERR timeout is out of range");
  }
}

TEST_CASE("A timeout in milliseconds is an integer") {
  constexpr TimeoutUnit kUnit = TimeoutUnit::kMilliseconds;
  CHECK(Parsed("0", kUnit) == "0");
  CHECK(Parsed("250", kUnit) == "250");
  CHECK(Parsed("0.5", kUnit) == "ERR timeout is not an integer or out of range");
  CHECK(Parsed("-1", kUnit) == "ERR timeout is negative");
  CHECK(Parsed("9223372036854775807", kUnit) == "ERR timeout is out of range");
}

}  // namespace strata
