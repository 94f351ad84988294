// Classes of keys as clients see them.

#include <catch2/catch.hpp>
#include <string>

#include "storage/class_census.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

int64_t Ttl(TestClient& client, const std::string& key) {
  return std::stoll(client.Run("PTTL " + key).substr(1));
}

TEST_CASE("keys that are written without a TTL get that of their class") {
  TestServer server({"--class", "a", "match", "a:*", "ttl", "100"});
  TestClient client = server.Connect();
  for (const char* write :
       {"SET a:1 v", "APPEND a:2 v", "INCR a:3", "LPUSH a:4 v", "SADD a:5 v", "HSET a:6 f v",
        "ZADD a:7 1 v", "XADD a:8 * f v", "SETRANGE a:9 5 v", "SETBIT a:10 5 1", "PFADD a:11 v",
        "GETSET a:12 v", "XGROUP CREATE a:13 g $ MKSTREAM", "MSET a:14 v", "GEOADD a:15 1 1 v",
        "INCRBYFLOAT a:16 1.5", "SUNIONSTORE a:17 a:5", "COPY a:1 a:18"}) {
    CAPTURE(write);
    const std::string reply = client.Run(write);
    CHECK(reply[0] != '-');
    const std::string words(write);
    const size_t from = words.find("a:");
    CHECK(Ttl(client, words.substr(from, words.find(' ', from) - from)) == 100'000);
  }
  client.Run("SET a:1 v EX 7");
  CHECK(Ttl(client, "a:1") == 7000);
  client.Run("SET a:1 v");
  CHECK(Ttl(client, "a:1") == 100'000);
  client.Run("PERSIST a:1");
  client.Run("APPEND a:1 more");
  CHECK(Ttl(client, "a:1") == -1);
  client.Run("SET b:1 v");
  CHECK(Ttl(client, "b:1") == -1);
  CHECK(client.Run("LRANGE a:4 0 -1") == "*1\r\n$1\r\nv\r\n");
}

TEST_CASE("TTLs of a class with jitter come out shorter, each by another part") {
  TestServer server({"--class", "a", "match", "a:*", "ttl-jitter", "20"});
  TestClient client = server.Connect();
  int64_t shortest = INT64_MAX;
  int64_t longest = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "a:" + std::to_string(i);
    client.Run(i % 2 == 0 ? "SET " + key + " v EX 100" : "SET " + key + " v");
    if (i % 2 == 1) client.Run("EXPIRE " + key + " 100");
    shortest = std::min(shortest, Ttl(client, key));
    longest = std::max(longest, Ttl(client, key));
  }
  CHECK(shortest >= 80'000);
  CHECK(shortest < 82'000);
  CHECK(longest <= 100'000);
  CHECK(longest > 98'000);
  client.Run("SET a:x v PXAT " + std::to_string(server.clock.WallMs() + 100'000));
  CHECK(Ttl(client, "a:x") == 100'000);  // that moment, and no other
  const int64_t before = Ttl(client, "a:0");
  for (int i = 0; i < 20; ++i) client.Run("SET a:0 v KEEPTTL");
  CHECK(Ttl(client, "a:0") == before);
}

TEST_CASE("a class above its quota loses its own keys, and nobody else's") {
  TestServer server({"--maxmemory-policy", GENERATE("allkeys-lru", "adaptive"), "--class", "a",
                     "match", "a:*", "quota", "20kb"});
  TestClient client = server.Connect();
  for (int i = 0; i < 1000; ++i) {
    client.Run("SET b:" + std::to_string(i) + " v");
    REQUIRE(client.Run("SET a:" + std::to_string(i) + " " + std::string(80, 'v')) == "+OK\r\n");
  }
  const ClassTally tally = server.keyspace().classes().tally(1);
  CHECK(tally.bytes < 21'000);
  CHECK(tally.bytes > 19'000);
  CHECK(client.Run("DBSIZE") == ":" + std::to_string(1000 + tally.entries) + "\r\n");
}

TEST_CASE("under the adaptive policy a class above its quota loses what is worth least") {
  TestServer server(
      {"--maxmemory-policy", "adaptive", "--class", "a", "match", "a:*", "quota", "20kb"});
  TestClient client = server.Connect();
  for (int i = 0; i < 5000; ++i) {
    const std::string hot = "a:hot:" + std::to_string(i % 50);
    if (client.Run("GET " + hot) == "$-1\r\n") client.Run("SET " + hot + " v");
    client.Run("SET a:once:" + std::to_string(i) + " v");
  }
  int found = 0;
  for (int i = 0; i < 50; ++i) found += client.Run("EXISTS a:hot:" + std::to_string(i))[1] - '0';
  CHECK(found > 45);
  CHECK(client.Run("CONFIG RESETSTAT") == "+OK\r\n");
  CHECK(client.Run("CACHE.CLASS STATS a").find("evicted-keys\r\n:0\r\n") != std::string::npos);
}

TEST_CASE("a class above its quota that may not lose keys takes no more") {
  TestServer server({"--class", "a", "match", "a:*", "quota", "2kb", "noevict", "yes"});
  TestClient client = server.Connect();
  int written = 0;
  while (client.Run("SET a:" + std::to_string(written) + " v") == "+OK\r\n") {
    REQUIRE(++written < 1000);
  }
  const std::string refused =
      "-OOM command not allowed: class 'a' is above its quota, and none of its keys may be "
      "evicted.\r\n";
  CHECK(written > 20);
  CHECK(client.Run("LPUSH a:list v") == refused);
  CHECK(client.Run("MSET b:1 v a:1 v") == refused);
  CHECK(client.Run("SET b:1 v") == "+OK\r\n");
  CHECK(client.Run("GET a:0") == "$1\r\nv\r\n");
  CHECK(client.Run("EVAL \"return redis.call('SET', KEYS[1], 'v')\" 1 a:0").find("OOM") !=
        std::string::npos);
  CHECK(client.Run("DEL a:0 a:1 a:2 a:3") == ":4\r\n");
  CHECK(client.Run("SET a:0 v") == "+OK\r\n");
}

TEST_CASE("memory that is short is taken from those whose class lets it go") {
  TestServer server({"--maxmemory-policy", GENERATE("allkeys-lru", "adaptive", "noeviction"),
                     "--class", "queues", "match", "queue:*", "noevict", "yes", "--class", "cache",
                     "match", "cache:*", "policy", "allkeys-lfu"});
  TestClient client = server.Connect();
  for (int i = 0; i < 200; ++i) {
    client.Run("RPUSH queue:" + std::to_string(i) + " v");
    client.Run("SET cache:" + std::to_string(i) + " v");
  }
  server.UseUpMemory();
  for (int i = 0; i < 12; ++i) CHECK(client.Run("SET queue:x v") == "+OK\r\n");
  const KeyClasses& classes = server.keyspace().classes();
  CHECK(classes.tally(1).entries == 201);
  CHECK(classes.tally(2).entries < 100);
  CHECK(classes.evicted(2) > 100);
  for (int i = 0; i < 10; ++i) client.Run("PING");
  CHECK(classes.tally(2).entries == 0);
  CHECK(client.Run("SET queue:y v").starts_with("-OOM command not allowed when used memory"));
}

TEST_CASE("what weighs more stays rather, under the adaptive policy") {
  TestServer server(
      {"--maxmemory-policy", "adaptive", "--class", "heavy", "match", "heavy:*", "weight", "8"});
  TestClient client = server.Connect();
  for (int i = 0; i < 3000; ++i) {
    client.Run("SET heavy:" + std::to_string(i) + " v");
    client.Run("SET light:" + std::to_string(i) + " v");
  }
  server.UseUpMemory();
  for (int i = 0; i < 100; ++i) client.Run("PING");
  const int64_t heavy = server.keyspace().classes().tally(1).entries;
  const auto light = static_cast<int64_t>(server.keyspace().Size(0)) - heavy;
  CHECK(heavy > light + 500);
}

TEST_CASE("INFO tells the policy of the class that the selected database is") {
  TestServer server({"--maxmemory-policy", "adaptive", "--class", "queues", "database", "1",
                     "noevict", "yes", "--class", "some", "match", "x:*", "policy",
                     "volatile-lru"});
  TestClient client = server.Connect();
  CHECK(client.Run("INFO memory").find("maxmemory_policy:adaptive\r\n") != std::string::npos);
  client.Run("SELECT 1");
  CHECK(client.Run("INFO memory").find("maxmemory_policy:noeviction\r\n") != std::string::npos);
}

TEST_CASE("CACHE.CLASS changes classes while keys are there") {
  TestServer server;
  TestClient client = server.Connect();
  ClassCensus census(server.keyspace());
  for (int i = 0; i < 100; ++i) client.Run("SET a:" + std::to_string(i) + " v");
  CHECK(client.Run("CACHE.CLASS LIST") == "*0\r\n");
  CHECK(client.Run("CACHE.CLASS SET a match a:* weight 2") == "+OK\r\n");
  CHECK(client.Run("CACHE.CLASS SET b match b:*") == "+OK\r\n");
  CHECK(client.Run("CACHE.CLASS SET a weight 3 quota 1mb") == "+OK\r\n");
  CHECK(client.Run("CACHE.CLASS LIST") ==
        "*2\r\n$34\r\na match a:* weight 3 quota 1048576\r\n$11\r\nb match b:*\r\n");
  for (int i = 0; i < 100; ++i) census.Step();
  client.Run("GET a:1");
  client.Run("GET a:none");
  client.Run("GET other");
  const std::string stats = client.Run("CACHE.CLASS STATS a");
  CAPTURE(stats);
  CHECK(stats.find("$4\r\nkeys\r\n:100\r\n") != std::string::npos);
  CHECK(stats.find("$4\r\nhits\r\n:1\r\n$6\r\nmisses\r\n:1\r\n") != std::string::npos);
  CHECK(client.Run("CACHE.CLASS STATS none") == "-ERR no such class\r\n");
  CHECK(client.Run("CACHE.CLASS SET a weight 99").starts_with("-ERR class 'a': weight must be"));
  CHECK(client.Run("CACHE.CLASS DEL a") == "+OK\r\n");
  CHECK(client.Run("CACHE.CLASS DEL a") == "-ERR no such class\r\n");
  for (int i = 0; i < 100; ++i) census.Step();
  const std::string rest = client.Run("CACHE.CLASS STATS default");
  CHECK(rest.find("$4\r\nkeys\r\n:100\r\n") != std::string::npos);
}

TEST_CASE("CACHE.MRC tells what more memory would give, of all keys and of a class") {
  TestServer server({"--maxmemory-policy", "adaptive", "--class", "a", "match", "a:*"});
  TestClient client = server.Connect();
  CHECK(client.Run("CACHE.MRC") == "*-1\r\n");
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 100; ++i) {
      const std::string number = std::to_string(i);
      client.Run((round == 0 ? "SET a:" + number + " v" : "GET a:" + number));
      client.Run((round == 0 ? "SET b:" + number + " v" : "GET b:" + number));
    }
  }
  server.keyspace().curves()->SetBytes(200 * 16);
  // A loop: all of it hits but for the first round, or nothing does.
  for (const char* words : {"CACHE.MRC", "CACHE.MRC a"}) {
    const std::string reply = client.Run(words);
    CAPTURE(reply);
    CHECK(reply.find("times\r\n$3\r\n0.5\r\n$5\r\nbytes\r\n:" +
                     std::string(words[9] == 0 ? "1600" : "800") +
                     "\r\n$10\r\nmiss-ratio\r\n$1\r\n1\r\n") != std::string::npos);
    CHECK(reply.find("times\r\n$1\r\n2\r\n") != std::string::npos);
    CHECK(reply.find("\r\n0.00") != std::string::npos);
  }
  CHECK(client.Run("CACHE.MRC none") == "-ERR no such class\r\n");
  CHECK(client.Run("CACHE.MRC a b") == "-ERR syntax error\r\n");
}

}  // namespace
}  // namespace strata
