// Eviction as clients see it. Memory in use is what the tests say, not what the process has.

#include <catch2/catch.hpp>
#include <string>

#include "tests/server/test_server.h"

namespace strata {
namespace {

TEST_CASE("each command evicts some keys while memory is short, and none is refused") {
  TestServer server({"--maxmemory-policy", "allkeys-lru"});
  TestClient client = server.Connect();
  for (int i = 0; i < 200; ++i) client.Run("SET key:" + std::to_string(i) + " v");
  server.UseUpMemory();
  CHECK(client.Run("SET more v") == "+OK\r\n");
  const std::string left = client.Run("DBSIZE");
  CHECK(std::stoi(left.substr(1)) < 190);
  CHECK(std::stoi(left.substr(1)) > 100);
  server.services().memory.set_limit(0);
  CHECK(client.Run("DBSIZE") == left);
}

TEST_CASE("where nothing may be evicted, what needs memory is refused") {
  TestServer server({"--maxmemory-policy", "volatile-lru"});
  TestClient client = server.Connect();
  client.Run("SET stays v");
  client.Run("SET goes v EX 100");
  server.UseUpMemory();
  CHECK(client.Run("SET more v").starts_with("-OOM "));
  CHECK(client.Run("EXISTS stays goes") == ":1\r\n");
  CHECK(client.Run("GET stays") == "$1\r\nv\r\n");
  server.services().memory.set_limit(0);
  CHECK(client.Run("SET more v") == "+OK\r\n");
}

TEST_CASE("an evicted key is told to subscribers, to trackers and in INFO") {
  TestServer server({"--maxmemory-policy", "allkeys-lru", "--notify-keyspace-events", "KEe"});
  TestClient client = server.Connect();
  TestClient other = server.Connect();
  other.Run("HELLO 3");
  other.Run("CLIENT TRACKING ON");
  other.Run("SUBSCRIBE __keyevent@0__:evicted __keyspace@0__:k");
  client.Run("SET k v");
  other.Run("GET k");
  server.UseUpMemory();
  client.Run("PING");
  CHECK(client.Run("EXISTS k") == ":0\r\n");
  const std::string heard = other.Run("PING");
  CAPTURE(heard);
  CHECK(heard.find("__keyevent@0__:evicted\r\n$1\r\nk\r\n") != std::string::npos);
  CHECK(heard.find("__keyspace@0__:k\r\n$7\r\nevicted\r\n") != std::string::npos);
  CHECK(heard.find(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n") != std::string::npos);
  CHECK(client.Run("INFO stats").find("evicted_keys:1\r\n") != std::string::npos);
  client.Run("CONFIG RESETSTAT");
  CHECK(client.Run("INFO stats").find("evicted_keys:0\r\n") != std::string::npos);
}

TEST_CASE("under the adaptive policy keys are evicted, and OBJECT still answers") {
  TestServer server({"--maxmemory-policy", "adaptive"});
  TestClient client = server.Connect();
  for (int i = 0; i < 200; ++i) client.Run("SET key:" + std::to_string(i) + " v");
  for (int use = 0; use < 3; ++use) {
    for (int i = 0; i < 20; ++i) client.Run("GET key:" + std::to_string(i));
  }
  server.clock.AdvanceMs(5000);
  CHECK(client.Run("OBJECT IDLETIME key:0") == ":5\r\n");
  CHECK(client.Run("OBJECT FREQ key:0") != ":0\r\n");
  server.UseUpMemory();
  for (int i = 0; i < 10; ++i) CHECK(client.Run("SET more v") == "+OK\r\n");
  server.services().memory.set_limit(0);
  const std::string left = client.Run("DBSIZE");
  CHECK(std::stoi(left.substr(1)) < 100);
  const std::string status = client.Run("CACHE.POLICY STATUS");
  CAPTURE(status);
  CHECK(status.find("policy\r\n$8\r\nadaptive\r\n") != std::string::npos);
  CHECK(status.find("leader\r\n$7\r\nlearned\r\n") != std::string::npos);
}

TEST_CASE("the adaptive policy may be chosen and left at any time") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k v");
  CHECK(server.keyspace().learning() == nullptr);
  CHECK(client.Run("CONFIG SET maxmemory-policy adaptive") == "+OK\r\n");
  CHECK(server.keyspace().learning() != nullptr);
  CHECK(client.Run("CONFIG SET adaptive-objective bytes") == "+OK\r\n");
  CHECK(client.Run("CONFIG SET adaptive-objective nothing").starts_with("-ERR "));
  CHECK(client.Run("GET k") == "$1\r\nv\r\n");
  CHECK(client.Run("CONFIG SET maxmemory-policy allkeys-lru") == "+OK\r\n");
  CHECK(server.keyspace().learning() == nullptr);
  CHECK(client.Run("GET k") == "$1\r\nv\r\n");
}

TEST_CASE("a transaction that watches an evicted key is not executed") {
  TestServer server({"--maxmemory-policy", "allkeys-random"});
  TestClient client = server.Connect();
  client.Run("SET k v");
  client.Run("WATCH k");
  server.UseUpMemory();
  client.Run("MULTI");
  server.services().memory.set_limit(0);
  client.Run("PING");
  CHECK(client.Run("EXEC") == "*-1\r\n");
}

}  // namespace
}  // namespace strata
