#include "cluster/remote/remote_endpoint.h"

#include <catch2/catch.hpp>

#include "tests/cluster/redis_process.h"
#include "tests/cluster/remote_fixture.h"

namespace strata {
namespace {

using State = CircuitBreaker::State;

RemoteOptions OptionsFor(const RedisProcess& redis) {
  RemoteOptions options;
  options.addresses = {redis.address()};
  options.request_timeout_ms = 300;
  options.connect_timeout_ms = 300;
  options.breaker.pause = options.reconnect = {.first_ms = 20, .most_ms = 200};
  return options;
}

}  // namespace

TEST_CASE("requests go over the link that has the fewest to wait for") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  options.pool_size = 4;
  options.request_timeout_ms = 5'000;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->links_up == 4; }));
  // Each of the first four blocks its link for as long as it waits.
  for (uint64_t i = 0; i < 4; ++i) REQUIRE(fixture.Send(i, {"BLPOP", "none", "0.5"}));
  REQUIRE(fixture.Send(4, {"ECHO", "x"}));
  REQUIRE(fixture.RunUntilTold(5));
  CHECK(fixture.listener.order.front() != 4);
  CHECK(fixture.statistics()->connects.Read() == 4);
}

TEST_CASE("a server that is killed and started again during a load answers or fails each request") {
  RedisProcess redis;
  RemoteFixture fixture(OptionsFor(redis));
  REQUIRE(fixture.RunUntilUp());
  uint64_t sent = 0;
  uint64_t refused = 0;
  auto load = [&](int64_t ms) {
    const int64_t end_ms = fixture.NowMs() + ms;
    while (fixture.NowMs() < end_ms) {
      for (int i = 0; i < 50; ++i) fixture.Send(sent, {"INCR", "n"}) ? ++sent : ++refused;
      fixture.servers->Flush();
      fixture.Step();
    }
  };
  for (int round = 0; round < 3; ++round) {
    load(100);
    redis.Kill();
    load(200);
    CHECK_FALSE(fixture.servers->IsUp("n"));
    redis.Start();
    REQUIRE(fixture.RunUntilUp());
    load(100);
  }
  REQUIRE(fixture.RunUntilTold(sent));
  CHECK(fixture.listener.outcomes.size() == sent);  // each once: the recorder sees to that
  CHECK(refused > 0);
  CHECK(fixture.listener.failures < sent);
  CHECK(fixture.statistics()->timeouts.Read() + fixture.statistics()->losses.Read() ==
        fixture.listener.failures);
}

TEST_CASE("a server that stands still times out, is left alone, and comes back by itself") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  options.pool_size = 1;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  redis.Signal(SIGSTOP);
  const int64_t start_ms = fixture.NowMs();
  for (uint64_t i = 0; i < 5; ++i) REQUIRE(fixture.Send(i, {"GET", "k"}));
  REQUIRE(fixture.RunUntilTold(5));
  CHECK(fixture.NowMs() - start_ms >= 300);
  for (uint64_t i = 0; i < 5; ++i) CHECK(fixture.listener.outcomes[i] == kTimedOut);
  CHECK_FALSE(fixture.servers->IsUp("k"));
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->breaker == State::kOpen; }));
  CHECK_FALSE(fixture.Send(9, {"GET", "k"}));
  fixture.RunFor(500);
  CHECK_FALSE(fixture.servers->IsUp("k"));  // the system accepts connections for it
  redis.Signal(SIGCONT);
  REQUIRE(fixture.RunUntilUp());
  CHECK(fixture.statistics()->breaker == State::kClosed);
  CHECK(fixture.Ask({"GET", "k"}) == "$-1\r\n");
}

TEST_CASE("requests sent later than the one that timed out are lost with it") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  options.pool_size = 1;
  options.request_timeout_ms = 1'500;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  redis.Signal(SIGSTOP);
  REQUIRE(fixture.Send(1, {"GET", "k"}));
  fixture.RunFor(500);
  REQUIRE(fixture.Send(2, {"GET", "k"}));
  REQUIRE(fixture.RunUntilTold(2));
  CHECK(fixture.listener.outcomes[1] == kTimedOut);
  CHECK(fixture.listener.outcomes[2] == kLost);
}

TEST_CASE("nobody is asked where nobody listens, and attempts become rare") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  redis.Kill();
  RemoteFixture fixture(options);
  fixture.RunFor(1'000);
  CHECK_FALSE(fixture.servers->IsUp("k"));
  CHECK(fixture.statistics()->breaker != State::kClosed);
  CHECK(fixture.statistics()->downs.Read() >= 3);
  CHECK(fixture.statistics()->downs.Read() < 100);
  CHECK(fixture.statistics()->LastError().find("refused") != std::string::npos);
  redis.Start();
  REQUIRE(fixture.RunUntilUp());
}

TEST_CASE("a connection that the server closes for being idle comes back and is no failure") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->links_up == 2; }));
  fixture.RunFor(300);
  redis.Cli("CLIENT KILL TYPE normal");
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->downs.Read() == 2; }));
  CHECK(fixture.statistics()->breaker == State::kClosed);
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->links_up == 2; }));
}

TEST_CASE("latencies are counted from the request to the reply") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  options.request_timeout_ms = 5'000;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  fixture.Ask({"BLPOP", "none", "0.2"});
  LatencyCounts counts{};
  fixture.statistics()->latency.AddTo(counts);
  CHECK(LatencyQuantile(counts, 0.5) >= 200'000'000);
  CHECK(LatencyQuantile(counts, 0.99) < 2'000'000'000);
}

}  // namespace strata
