#include "cluster/remote/remote_link.h"

#include <catch2/catch.hpp>

#include "tests/cluster/redis_process.h"
#include "tests/cluster/remote_fixture.h"

namespace strata {
namespace {

RemoteOptions OptionsFor(const RedisProcess& redis) {
  RemoteOptions options;
  options.addresses = {redis.address()};
  options.pool_size = 1;
  return options;
}

}  // namespace

TEST_CASE("requests of a pipeline are answered in their order") {
  RedisProcess redis;
  RemoteFixture fixture(OptionsFor(redis));
  REQUIRE(fixture.RunUntilUp());
  constexpr uint64_t kRequests = 1000;
  for (uint64_t i = 0; i < kRequests; ++i) {
    REQUIRE(fixture.Send(i, {"ECHO", std::to_string(i)}));
  }
  REQUIRE(fixture.RunUntilTold(kRequests));
  for (uint64_t i = 0; i < kRequests; ++i) {
    const std::string number = std::to_string(i);
    REQUIRE(fixture.listener.order[i] == i);
    REQUIRE(fixture.listener.outcomes[i] ==
            "$" + std::to_string(number.size()) + "\r\n" + number + "\r\n");
  }
  CHECK(fixture.statistics()->requests.Read() == kRequests);
  CHECK(fixture.statistics()->outstanding == 0);
}

TEST_CASE("replies of all kinds come whole") {
  RedisProcess redis;
  RemoteFixture fixture(OptionsFor(redis));
  REQUIRE(fixture.RunUntilUp());
  CHECK(fixture.Ask({"SET", "k", ""}) == "+OK\r\n");
  CHECK(fixture.Ask({"GET", "k"}) == "$0\r\n\r\n");
  CHECK(fixture.Ask({"GET", "none"}) == "$-1\r\n");
  CHECK(fixture.Ask({"INCR", "n"}) == ":1\r\n");
  CHECK(fixture.Ask({"NOSUCH"}).starts_with("-ERR unknown command"));
  CHECK(fixture.Ask({"EVAL", "return {1,{'a',{}},'b'}", "0"}) ==
        "*3\r\n:1\r\n*2\r\n$1\r\na\r\n*0\r\n$1\r\nb\r\n");
  CHECK(fixture.Ask({"BLPOP", "none", "0.01"}) == "*-1\r\n");
}

TEST_CASE("a link logs in, and selects its database") {
  RedisProcess redis({"--requirepass", "secret", "--user", "app", "on", ">word", "~*", "+@all"});
  RemoteOptions options = OptionsFor(redis);
  options.database = 5;
  SECTION("with a password") {
    options.password = "secret";
  }
  SECTION("as a user") {
    options.user = "app";
    options.password = "word";
  }
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  CHECK(fixture.Ask({"SET", "k", "v"}) == "+OK\r\n");
  CHECK(redis.Cli("-a secret --no-auth-warning -n 5 GET k") == "v\n");
}

TEST_CASE("a link that is not let in stays down and says why") {
  RedisProcess redis({"--requirepass", "secret"});
  RemoteOptions options = OptionsFor(redis);
  std::string reason;
  SECTION("a wrong password") {
    options.password = "wrong";
    reason = "WRONGPASS";
  }
  SECTION("none") {
    reason = "NOAUTH";
  }
  SECTION("a database that does not exist") {
    options.password = "secret";
    options.database = 99;
    reason = "out of range";
  }
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->downs.Read() > 3; }));
  CHECK(fixture.statistics()->LastError().find(reason) != std::string::npos);
  CHECK_FALSE(fixture.servers->IsUp("k"));
  CHECK_FALSE(fixture.Send(1, {"GET", "k"}));
  CHECK(fixture.statistics()->refused.Read() == 1);
}

TEST_CASE("who may not PING may still be up") {
  RedisProcess redis({"--user", "app", "on", ">word", "~*", "+get"});
  RemoteOptions options = OptionsFor(redis);
  options.user = "app";
  options.password = "word";
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  CHECK(fixture.Ask({"GET", "k"}) == "$-1\r\n");
}

TEST_CASE("an address may be a Unix socket or a name") {
  RedisProcess redis({"--unixsocket", "/tmp/strata-remote-test-" + std::to_string(getpid())});
  RemoteOptions options = OptionsFor(redis);
  SECTION("a Unix socket") {
    options.addresses = {"/tmp/strata-remote-test-" + std::to_string(getpid())};
  }
  // Which may also stand for ::1, where nobody listens.
  SECTION("a name") {
    options.addresses = {"localhost:" + std::to_string(redis.port())};
  }
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  CHECK(fixture.Ask({"ECHO", "x"}) == "$1\r\nx\r\n");
}

TEST_CASE("a name that cannot be looked up is a reason, and its lookup may outlive the link") {
  RemoteOptions options;
  options.addresses = {"no-such-host.invalid:6379"};
  options.connect_timeout_ms = 20'000;
  RemoteFixture fixture(options);
  SECTION("the reason is told") {
    REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->downs.Read() > 0; }));
    CHECK(fixture.statistics()->LastError().starts_with("lookup: "));
  }
  SECTION("the link goes first") {
    fixture.Step();
    fixture.servers.reset();
  }
}

TEST_CASE("64 MB go both ways, in a time that grows with the size only") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  options.request_timeout_ms = 5'000;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  std::string value(64 << 20, 'x');
  for (size_t i = 0; i < value.size(); i += 4099) value[i] = static_cast<char>(i >> 12);
  CHECK(fixture.Ask({"SET", "big", value}) == "+OK\r\n");
  const std::string reply = fixture.Ask({"GET", "big"});
  const std::string header = "$" + std::to_string(value.size()) + "\r\n";
  REQUIRE(reply.size() == header.size() + value.size() + 2);
  CHECK(reply.compare(header.size(), value.size(), value) == 0);
  CHECK(fixture.statistics()->bytes_in.Read() > value.size());
  CHECK(fixture.statistics()->bytes_out.Read() > value.size());
}

TEST_CASE("a big value may take longer than a request's time") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  options.request_timeout_ms = 300;
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  const std::string value(128 << 20, 'x');
  REQUIRE(fixture.Send(1, {"SET", "big", value}));
  fixture.servers->Flush();
  const int64_t start_ms = fixture.NowMs();
  // The server reads in short spells only.
  while (fixture.NowMs() - start_ms < 1'000) {
    redis.Signal(SIGSTOP);
    fixture.RunFor(100);
    redis.Signal(SIGCONT);
    fixture.RunFor(4);
  }
  REQUIRE(fixture.RunUntilTold(1));
  CHECK(fixture.listener.outcomes[1] == "+OK\r\n");
}

// What lies in the socket of a server that stood still is more than it reads at once: it hears of
// the next connection before it comes to the last request of the broken one.
TEST_CASE("a write that was lost is not executed behind a newer one") {
  std::vector<std::string> user = {"--user", "app", "on", "nopass", "~*", "+@all"};
  bool is_fenced = true;
  SECTION("the server ends the broken connection") {}
  SECTION("the user may not do that") {
    user.push_back("-client|kill");
    is_fenced = false;
  }
  SECTION("the user may not know the connection's name") {
    user.push_back("-client|info");
    is_fenced = false;
  }
  RedisProcess redis(user);
  RemoteOptions options = OptionsFor(redis);
  options.user = "app";
  options.password = "any";
  options.request_timeout_ms = 300;
  options.breaker.pause = options.reconnect = {.first_ms = 1, .most_ms = 50};
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  redis.Signal(SIGSTOP);
  constexpr uint64_t kFillers = 40;  // 640 KB, and a millisecond of work each
  const std::string filler(16'000, 'x');
  // It would notice that nobody takes its replies, and stop.
  REQUIRE(fixture.Send(0, {"CLIENT", "REPLY", "OFF"}));
  for (uint64_t i = 1; i < kFillers; ++i) {
    REQUIRE(fixture.Send(i, {"EVAL", "for i = 1, 1e5 do end", "0", filler}));
  }
  constexpr uint64_t kOld = kFillers;
  REQUIRE(fixture.SendWrite(kOld, {"SET", "k", "old"}));
  REQUIRE(fixture.RunUntilTold(kFillers));

  constexpr uint64_t kNew = kOld + 1;
  bool is_sent = false;
  const auto send_new = [&] {
    if (!is_sent && fixture.listener.outcomes.contains(kOld) && fixture.servers->IsUp("")) {
      is_sent = fixture.SendWrite(kNew, {"SET", "k", "new"});
    }
  };
  fixture.listener.on_outcome = [&](uint64_t) { send_new(); };
  redis.Signal(SIGCONT);
  REQUIRE(fixture.RunUntil([&] {
    send_new();
    return fixture.listener.outcomes.contains(kNew);
  }));
  CHECK(fixture.listener.outcomes[kNew] == "+OK\r\n");
  // The broken connection's client is gone when all that it had sent was read.
  REQUIRE(fixture.RunUntil([&] {
    return redis.Cli("INFO clients").find("connected_clients:2\r") != std::string::npos;
  }));
  if (is_fenced) CHECK(fixture.Ask({"GET", "k"}) == "$3\r\nnew\r\n");
}

TEST_CASE("a link takes as many requests as it may, and not one more") {
  RedisProcess redis;
  RemoteOptions options = OptionsFor(redis);
  uint64_t most = 0;
  SECTION("by number") {
    most = options.most_outstanding = 10;
  }
  SECTION("by bytes: below the bound one more is taken, whatever its size") {
    most = 10;
    options.most_outstanding_bytes = 9 * std::string("*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n").size() + 1;
  }
  RemoteFixture fixture(options);
  REQUIRE(fixture.RunUntilUp());
  for (uint64_t i = 0; i < most; ++i) {
    CHECK(fixture.servers->IsUp(""));
    REQUIRE(fixture.Send(i, {"ECHO", "x"}));
  }
  CHECK_FALSE(fixture.servers->IsUp(""));
  CHECK_FALSE(fixture.Send(most, {"ECHO", "x"}));
  // With each answer there is room for one, even while it is told.
  fixture.listener.on_outcome = [&](uint64_t request) {
    if (request < most) CHECK(fixture.Send(100 + request, {"ECHO", "y"}));
  };
  REQUIRE(fixture.RunUntilTold(2 * most));
  CHECK_FALSE(fixture.listener.outcomes.contains(most));
}

TEST_CASE("a server that speaks another protocol, or unasked, is not up") {
  UniqueFd listening(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = LoopbackAddress(0);
  socklen_t size = sizeof(address);
  REQUIRE(bind(listening.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listening.get(), 16) == 0);
  getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::string text;
  SECTION("HTTP") {
    text = "HTTP/1.1 400 Bad Request\r\n\r\n";
  }
  SECTION("what it was sent, as a socket does that is connected to itself") {
    text = "*1\r\n$4\r\nPING\r\n";
  }
  SECTION("an answer too many") {
    text = "+I\r\n+PONG\r\n+PONG\r\n";
  }
  SECTION("a reply longer than allowed") {
    text = "+I\r\n+PONG\r\n$2000000000\r\n";
  }
  RemoteOptions options;
  options.addresses = {"127.0.0.1:" + std::to_string(ntohs(address.sin_port))};
  options.pool_size = 1;
  RemoteFixture fixture(options);
  fixture.Step();
  UniqueFd accepted(accept(listening.get(), nullptr, nullptr));
  REQUIRE(accepted.get() >= 0);
  REQUIRE(write(accepted.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  REQUIRE(fixture.RunUntil([&] { return fixture.statistics()->downs.Read() > 0; }));
  CHECK_FALSE(fixture.statistics()->LastError().empty());
}

}  // namespace strata
