#include <catch2/catch.hpp>

#include "tests/server/test_server.h"

namespace strata {

TEST_CASE("CLIENT KILL closes others at once and the caller behind its reply") {
  TestServer server;
  TestClient killer = server.Connect();
  TestClient victim = server.Connect();
  REQUIRE(killer.Run("CLIENT KILL ID 2") == ":1\r\n");
  REQUIRE(victim.closed());
  REQUIRE_FALSE(killer.closed());
  REQUIRE(killer.Run("CLIENT KILL ID 2") == ":0\r\n");  // though its connection is there yet
  REQUIRE(killer.Run("CLIENT LIST ID 2") == "$0\r\n\r\n");
  REQUIRE(killer.Run("CLIENT KILL ID 1") == ":0\r\n");
  REQUIRE_FALSE(killer.closed());
  REQUIRE(killer.Run("CLIENT KILL ID 1 SKIPME no") == ":1\r\n");
  REQUIRE(killer.closed());
}

TEST_CASE("CLIENT KILL by age spares the young") {
  TestServer server;
  TestClient killer = server.Connect();
  TestClient old = server.Connect();
  server.clock.AdvanceMs(10'000);
  TestClient young = server.Connect();
  REQUIRE(killer.Run("CLIENT KILL MAXAGE 10") == ":1\r\n");
  REQUIRE(old.closed());
  REQUIRE_FALSE(young.closed());
}

TEST_CASE("CLIENT KILL of one's own address, in the old form, is answered first") {
  TestServer server;
  TestClient client = server.Connect();
  REQUIRE(client.Run("CLIENT KILL 127.0.0.1:50001") == "+OK\r\n");
  REQUIRE(client.closed());
}

TEST_CASE("CLIENT PAUSE WRITE holds writes back and lets reads through") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  REQUIRE(admin.Run("CLIENT PAUSE 1000 WRITE") == "+OK\r\n");
  REQUIRE(client.Run("GET k") == "$-1\r\n");
  REQUIRE(client.Run("SET k v") == "");
  REQUIRE(client.suspended());
  server.clock.AdvanceMs(1000);
  REQUIRE(client.Send("") == "+OK\r\n");
}

TEST_CASE("CLIENT PAUSE WRITE lets scripts through that say they do not write") {
  TestServer server;
  TestClient admin = server.Connect();
  const std::string sha = "ae33f9227913b24d053a555637f98260b23bd3a3";
  admin.Run("SCRIPT LOAD \"#!lua flags=no-writes\\nreturn 2\"");
  admin.Run(
      "FUNCTION LOAD \"#!lua name=l\\nredis.register_function('w', function() return 4 end)\\n"
      "redis.register_function{function_name='r', callback=function() return 3 end, "
      "flags={'no-writes'}}\"");
  admin.Run("CLIENT PAUSE 1000 WRITE");
  TestClient client = server.Connect();
  CHECK(client.Run("EVAL \"#!lua flags=no-writes\\nreturn 1\" 0") == ":1\r\n");
  CHECK(client.Run("EVALSHA " + sha + " 0") == ":2\r\n");
  CHECK(client.Run("FCALL r 0") == ":3\r\n");
  CHECK(client.Run("MULTI") == "+OK\r\n");
  CHECK(client.Run("FCALL r 0") == "+QUEUED\r\n");
  CHECK(client.Run("EXEC") == "*1\r\n:3\r\n");
  for (const char* held : {"EVAL \"#!lua\\nreturn 1\" 0", "EVAL \"return 1\" 0", "FCALL w 0",
                           "FCALL nosuch 0", "EVALSHA nosuch 0"}) {
    INFO(held);
    TestClient other = server.Connect();
    CHECK(other.Run(held) == "");
    CHECK(other.suspended());
  }
}

TEST_CASE("a client that CLIENT PAUSE holds back is shown as blocked in its command") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  admin.Run("CLIENT PAUSE 1000 WRITE");
  for (const char* held : {"SET k v", "PFCOUNT k"}) {
    INFO(held);
    REQUIRE(client.Run(held) == "");
    REQUIRE(admin.Run("INFO clients").find("\r\nblocked_clients:1\r\n") != std::string::npos);
    REQUIRE(admin.Run("CLIENT LIST").find(" flags=b ") != std::string::npos);
    server.clock.AdvanceMs(1000);
    client.Send("");
    REQUIRE(admin.Run("INFO clients").find("\r\nblocked_clients:0\r\n") != std::string::npos);
    admin.Run("CLIENT PAUSE 1000 WRITE");
  }
  REQUIRE(client.Run("SET k v") == "");
  REQUIRE(admin.Run("CLIENT LIST").find(" cmd=set ") != std::string::npos);
}

TEST_CASE("a second CLIENT PAUSE neither shortens nor weakens the first") {
  TestServer server;
  TestClient client = server.Connect();
  int64_t now_ms = server.clock.WallMs();
  PauseState& pause = server.services().pause;
  client.Run("CLIENT PAUSE 1000 WRITE");
  client.Run("CLIENT PAUSE 500 WRITE");
  REQUIRE(pause.mode == PauseMode::kWrites);
  REQUIRE(pause.until_ms == now_ms + 1000);
  server.clock.AdvanceMs(1000);
  client.Run("CLIENT PAUSE 10 WRITE");
  REQUIRE(pause.until_ms == now_ms + 1010);
}

TEST_CASE("CLIENT PAUSE with a timeout that ends beyond all time is refused") {
  TestServer server;
  TestClient client = server.Connect();
  REQUIRE(client.Run("CLIENT PAUSE 9223372036854775807") == "-ERR timeout is out of range\r\n");
}

TEST_CASE("DEBUG is for those whom enable-debug-command admits") {
  TestServer closed({"--enable-debug-command", "no"});
  TestClient client = closed.Connect();
  REQUIRE(client.Run("DEBUG SLEEP 0").starts_with("-ERR DEBUG command not allowed."));
  TestServer open({"--enable-debug-command", "yes"});
  TestClient admitted = open.Connect();
  REQUIRE(admitted.Run("DEBUG SLEEP 0") == "+OK\r\n");
}

TEST_CASE("SHUTDOWN asks the server to stop and gives no reply") {
  TestServer server;
  TestClient client = server.Connect();
  REQUIRE(client.Run("SHUTDOWN SAVE").starts_with("-ERR"));
  REQUIRE_FALSE(server.shutdown_requested());
  REQUIRE(client.Run("SHUTDOWN NOSAVE") == "");
  REQUIRE(server.shutdown_requested());
  REQUIRE(client.closed());
}

TEST_CASE("protected options can be set where enable-protected-configs admits the client") {
  TestServer server({"--enable-protected-configs", "local"});
  TestClient client = server.Connect();
  REQUIRE(client.Run("CONFIG SET dir /tmp") == "+OK\r\n");
}

TEST_CASE("MEMORY USAGE is what the allocator sets aside") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k " + std::string(100, 'x'));
  std::string small = client.Run("MEMORY USAGE k");
  client.Run("SET k " + std::string(100'000, 'x'));
  std::string large = client.Run("MEMORY USAGE k");
  REQUIRE(std::stoi(small.substr(1)) >= 101);
  REQUIRE(std::stoi(small.substr(1)) <= 200);
  REQUIRE(std::stoi(large.substr(1)) >= 100'001);
  REQUIRE(std::stoi(large.substr(1)) <= 130'000);
}

TEST_CASE("FLUSHALL hands what was there to the reclaimer and counts it as changes") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("DEBUG POPULATE 100");
  uint64_t before = server.services().statistics.Sum(&ThreadStatistics::writes);
  REQUIRE(client.Run("FLUSHALL") == "+OK\r\n");
  REQUIRE(server.services().statistics.Sum(&ThreadStatistics::writes) == before + 100);
  Reclaimer& reclaimer = server.services().reclaimer;
  REQUIRE(reclaimer.pending() + reclaimer.freed() == 100);
}

}  // namespace strata
