#include "cluster/remote/remote_servers.h"

#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "tests/cluster/redis_process.h"
#include "tests/cluster/remote_fixture.h"

namespace strata {
namespace {

RemoteOptions OptionsFor(std::initializer_list<const RedisProcess*> processes) {
  RemoteOptions options;
  for (const RedisProcess* redis : processes) options.addresses.push_back(redis->address());
  options.breaker.pause = options.reconnect = {.first_ms = 20, .most_ms = 200};
  return options;
}

}  // namespace

TEST_CASE("each key lies on one of several servers, and goes down with that alone") {
  std::array<RedisProcess, 3> processes;
  RemoteFixture fixture(OptionsFor({&processes[0], &processes[1], &processes[2]}));
  REQUIRE(fixture.RunUntil([&] {
    const auto all = fixture.servers->Statistics();
    return std::all_of(all.begin(), all.end(), [](const auto& one) { return one->links_up > 0; });
  }));
  constexpr uint64_t kKeys = 300;
  for (uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = "k" + std::to_string(i);
    REQUIRE(fixture.Send(i, {"SET", key, key}));
  }
  REQUIRE(fixture.RunUntilTold(kKeys));
  CHECK(fixture.listener.errors == 0);
  for (const RedisProcess& redis : processes) {
    const int size = std::stoi(redis.Cli("DBSIZE"));
    CHECK(size > 50);
    CHECK(size < 150);
  }
  processes[1].Kill();
  fixture.RunFor(300);
  CHECK(fixture.servers->IsAnyUp());
  size_t down = 0;
  for (uint64_t i = 0; i < kKeys; ++i) {
    const std::string key = "k" + std::to_string(i);
    if (!fixture.servers->IsUp(key)) {
      ++down;
    } else if (i % 10 == 0) {
      CHECK(fixture.Ask({"EXISTS", key}) == ":1\r\n");
    }
  }
  CHECK(down > 50);
  CHECK(down < 150);
}

TEST_CASE("a request can go to each server by its name") {
  std::array<RedisProcess, 2> processes;
  RemoteFixture fixture(OptionsFor({&processes[0], &processes[1]}));
  const std::vector<std::string> names = fixture.servers->ServerNames();
  REQUIRE(names == std::vector{processes[0].address(), processes[1].address()});
  const std::array<std::string_view, 3> command = {"CONFIG", "GET", "port"};
  for (uint64_t i = 0; i < names.size(); ++i) {
    REQUIRE(fixture.RunUntil([&] { return fixture.servers->SendTo(names[i], i, command); }));
    REQUIRE(fixture.RunUntilTold(i + 1));
    CHECK(fixture.listener.outcomes[i].find(std::to_string(processes[i].port())) !=
          std::string::npos);
  }
  CHECK_FALSE(fixture.servers->SendTo("127.0.0.1:1", 9, command));
}

TEST_CASE("replies and failures wait while the listener cannot take them") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor({&redis});
  options.request_timeout_ms = 200;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  REQUIRE(fixture.Send(1, {"ECHO", "x"}));
  fixture.listener.may_tell = false;
  fixture.servers->Flush();
  std::string expected = "$1\r\nx\r\n";
  SECTION("a reply, for longer than a request may take") {
    fixture.RunFor(500);
  }
  SECTION("a loss") {
    redis.Kill();
    expected = kLost;
    fixture.RunFor(50);
  }
  CHECK(fixture.listener.outcomes.empty());
  fixture.listener.may_tell = true;
  REQUIRE(fixture.RunUntilTold(1));
  if (fixture.listener.outcomes[1] != "$1\r\nx\r\n")
    CHECK(fixture.listener.outcomes[1] == expected);
}

TEST_CASE("a thread can wait for replies from inside a handler") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor({&redis});
  options.request_timeout_ms = 5'000;
  RemoteFixture fixture(options);
  using std::chrono::milliseconds;
  // Nothing but the wait itself: it connects as well.
  const int64_t start_ms = fixture.NowMs();
  while (!fixture.servers->IsUp("k")) {
    REQUIRE_FALSE(fixture.servers->WaitForReplies(milliseconds(5)));
    REQUIRE(fixture.NowMs() - start_ms < 5'000);
  }
  REQUIRE(fixture.Send(1, {"ECHO", "x"}));
  REQUIRE(fixture.servers->WaitForReplies(milliseconds(5'000)));
  CHECK(fixture.listener.outcomes[1] == "$1\r\nx\r\n");
  REQUIRE(fixture.Send(2, {"BLPOP", "none", "0.5"}));
  const int64_t waits_ms = fixture.NowMs();
  CHECK_FALSE(fixture.servers->WaitForReplies(milliseconds(100)));
  CHECK(fixture.NowMs() - waits_ms >= 100);
  CHECK(fixture.servers->WaitForReplies(milliseconds(5'000)));
  REQUIRE(fixture.Send(3, {"GET", "k"}));
  redis.Kill();
  CHECK(fixture.servers->WaitForReplies(milliseconds(5'000)));
  CHECK(fixture.listener.outcomes[3] == kLost);
}

TEST_CASE("another thread can read the statistics meanwhile", "[threads]") {
  RedisProcess redis;
  RemoteFixture fixture(OptionsFor({&redis}));
  std::atomic<bool> done{false};
  uint64_t seen = 0;
  std::thread reader([&] {
    while (!done) {
      for (const auto& server : fixture.servers->Statistics()) {
        LatencyCounts counts{};
        server->latency.AddTo(counts);
        seen = server->requests.Read() + server->links_up + server->LastError().size();
      }
    }
  });
  CHECK(fixture.RunUntilUp());
  for (int i = 0; i < 200; ++i) CHECK(fixture.Ask({"INCR", "n"}).starts_with(':'));
  redis.Kill();
  fixture.RunFor(100);
  done = true;
  reader.join();
  CHECK(seen > 0);
}

TEST_CASE("options that cannot be used are errors") {
  Recorder listener;
  SystemClock clock;
  boost::asio::io_context context;
  ReadinessSet sockets(context, [] {});
  auto error_of = [&](const RemoteOptions& options) {
    auto created = RemoteServers::Create({context, sockets, clock}, options, listener);
    const std::string error = created ? "" : created.error().message;
    const Result<void> checked = RemoteServers::Check(options);
    CHECK(error == (checked ? "" : checked.error().message));
    return error;
  };
  RemoteOptions options;
  CHECK(error_of(options) == "a group of remote servers needs an address");
  options.addresses = {"127.0.0.1:1", "nonsense"};
  CHECK(error_of(options) == "address 'nonsense': it has no port");
  options.addresses = {"127.0.0.1:1"};
  CHECK(error_of(options).empty());
  options.tls.enabled = true;
  options.tls.ca_file = "/none.pem";
  CHECK(error_of(options) == "TLS: CA file '/none.pem': No such file or directory");
  options.addresses = {"/run/redis.sock"};
  CHECK(error_of(options) == "address '/run/redis.sock': there is no TLS over a Unix socket");
  options.addresses = {"127.0.0.1:1"};
  options.tls = {};
  options.kind = RemoteKind::kRedisCluster;
  options.database = 1;
  CHECK(error_of(options) == "a Redis Cluster has no database but 0");
}

}  // namespace strata
