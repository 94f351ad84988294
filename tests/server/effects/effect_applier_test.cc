#include "server/effects/effect_applier.h"

#include <catch2/catch.hpp>

#include "server/memory/eviction_policy.h"
#include "tests/server/effects/effect_log.h"

namespace strata {
namespace {

using Progress = EffectApplier::Progress;

// What a primary told at this time.
std::string BatchOf(std::vector<std::vector<std::string_view>> commands,
                    int64_t time_ms = 1'700'000'000'000) {
  std::vector<Effect> effects;
  for (const auto& words : commands) effects.push_back({0, words, {}});
  std::string bytes;
  EncodeEffects({time_ms, effects}, bytes);
  return bytes;
}

// The server that repeats, where nothing may expire, and a client that looks.
struct Copy {
  explicit Copy(std::vector<std::string> options = {}) : server(std::move(options)) {
    server.keyspace().FollowExpiryRule(rule);
  }
  bool Apply(const std::string& batch) {
    const Result<Progress> progress = applier.Apply(batch);
    return progress && *progress == Progress::kDone;
  }
  std::string Run(std::string_view command) { return client.Run(command); }

  NothingExpires rule;
  TestServer server;
  TestClient client{server.Connect()};
  EffectApplier applier{server.dispatcher(), 0};
};

}  // namespace

TEST_CASE("Effects are executed in their database, a batch as a whole") {
  Copy copy;
  const std::string_view set[] = {"SET", "k", "1"};
  const std::string_view increment[] = {"INCR", "k"};
  const Effect effects[] = {{3, set, {}}, {3, increment, {}}, {0, set, {}}, {5, set, {}}};
  std::string bytes;
  EncodeEffects({1'700'000'000'000, effects}, bytes);
  CHECK(bytes.find("MULTI") != std::string::npos);
  REQUIRE(copy.Apply(bytes));
  CHECK(copy.Run("GET k") == "$1\r\n1\r\n");
  copy.Run("SELECT 3");
  CHECK(copy.Run("GET k") == "$1\r\n2\r\n");
  copy.Run("SELECT 5");
  CHECK(copy.Run("GET k") == "$1\r\n1\r\n");
}

TEST_CASE("A key that is over by the clock here stays for its effects, and is hidden from others") {
  Copy copy;
  REQUIRE(copy.Apply(BatchOf({{"SET", "k", "41", "PXAT", "1700000000010"}})));
  REQUIRE(copy.Apply(BatchOf(
      {{"HSET", "h", "f", "1"}, {"HPEXPIREAT", "h", "1700000000010", "FIELDS", "1", "f"}})));
  copy.server.clock.AdvanceMs(3'600'000);
  copy.server.ExpireKeys();
  CHECK(copy.Run("GET k") == "$-1\r\n");
  CHECK(copy.Run("EXISTS k") == ":0\r\n");
  CHECK(copy.Run("RANDOMKEY") != "$1\r\nk\r\n");
  CHECK(copy.server.keyspace().Size(0) == 2);
  REQUIRE(copy.Apply(BatchOf({{"INCR", "k"}, {"PERSIST", "k"}})));
  CHECK(copy.Run("GET k") == "$2\r\n42\r\n");
  REQUIRE(copy.Apply(BatchOf({{"HINCRBY", "h", "f", "1"}, {"HPERSIST", "h", "FIELDS", "1", "f"}})));
  CHECK(copy.Run("HGET h f") == "$1\r\n2\r\n");
  REQUIRE(copy.Apply(BatchOf({{"DEL", "k"}})));
  CHECK(copy.server.keyspace().Size(0) == 1);
}

TEST_CASE("Nothing is over for what repeats, neither by the time of its effects nor by the rule") {
  TestServer server;
  EffectApplier applier(server.dispatcher(), 0);
  constexpr int64_t kLater = 1'700'000'100'000;
  const std::string made = BatchOf({{"SET", "k", "41", "PXAT", "1700000000010"},
                                    {"HSET", "h", "f", "1", "g", "1"},
                                    {"HPEXPIREAT", "h", "1700000000010", "FIELDS", "1", "f"}});
  REQUIRE(applier.Apply(made).has_value());
  REQUIRE(applier.Apply(BatchOf({{"INCR", "k"}, {"HINCRBY", "h", "f", "1"}}, kLater)).has_value());
  REQUIRE(applier.Apply(BatchOf({{"PERSIST", "k"}}, kLater)).has_value());
  TestClient client = server.Connect();
  CHECK(client.Run("GET k") == "$2\r\n42\r\n");
  CHECK(client.Run("HGET h f") == "$1\r\n2\r\n");
}

TEST_CASE("An overwritten key that is over here counts as the same key") {
  Copy copy;
  REQUIRE(copy.Apply(BatchOf({{"SET", "k", "v", "PXAT", "1700000000010"}})));
  copy.server.clock.AdvanceMs(1000);
  EffectLog log;
  copy.server.services().effects.Listen(log);
  REQUIRE(copy.Apply(BatchOf({{"SET", "k", "w"}})));
  CHECK(log.TakeText().empty());
  CHECK(copy.Run("GET k") == "$1\r\nw\r\n");
}

TEST_CASE("A key that this server comes to decide about expires then") {
  struct Switch final : ExpiryRule {
    bool MayExpire(int, std::string_view) const override { return may; }
    bool may = false;
  };
  TestServer server;
  Switch rule;
  server.keyspace().FollowExpiryRule(rule);
  TestClient client = server.Connect();
  client.Run("SET k v PX 10");
  client.Run("HSET h f v");
  client.Run("HPEXPIRE h 10 FIELDS 1 f");
  server.clock.AdvanceMs(100);
  server.ExpireKeys();
  CHECK(server.keyspace().Size(0) == 2);
  CHECK(client.Run("HGET h f") == "$1\r\nv\r\n");  // until who decides says so
  rule.may = true;
  server.clock.AdvanceMs(2000);
  server.ExpireKeys();
  CHECK(server.keyspace().Size(0) == 0);
}

TEST_CASE("Commands that repeat leave the time behind at which they ran elsewhere") {
  Copy copy;
  constexpr int64_t kThen = 1'600'000'000'000;
  REQUIRE(copy.Apply(BatchOf({{"XGROUP", "CREATE", "x", "g", "0", "MKSTREAM"},
                              {"XGROUP", "CREATECONSUMER", "x", "g", "me"}},
                             kThen)));
  const std::string idle = copy.Run("XINFO CONSUMERS x g");
  CHECK(idle.find(":100000000000\r\n") != std::string::npos);
}

TEST_CASE("Thousands of members and fields that go at once are all named") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  std::string members;
  std::string pairs;
  for (int i = 0; i < 5000; ++i) {
    members += " m" + std::to_string(i);
    pairs += " m" + std::to_string(i) + " v";
  }
  client.Run("SADD few" + members);
  client.Run("SADD most" + members);
  for (int i = 0; i < 20; ++i) {
    const std::string key = "mixed" + std::to_string(i);
    client.Run("SADD " + key + " x y 1 2 3 4 5 6 7 8 9 10 11 12 13");
    client.Run("EXPIRE " + key + " 100");
    client.Run("SPOP " + key + " 13");
  }
  client.Run("HSET h stays v" + pairs);
  client.Run("HPEXPIRE h 10 FIELDS 5000" + members);
  client.Run("SPOP few 2500");
  client.Run("SPOP most 4900");
  server.clock.AdvanceMs(20);
  client.Run("HLEN h");
  client.Run("HGET h stays");
  Copy copy;
  for (const EffectLog::Batch& batch : log.Take()) REQUIRE(copy.Apply(batch.bytes));
  CHECK(DifferenceOf(server, copy.server) == "");
  CHECK(copy.Run("SCARD few") == ":2500\r\n");
  CHECK(copy.Run("SCARD most") == ":100\r\n");
  CHECK(copy.Run("HLEN h") == ":1\r\n");
}

TEST_CASE("Neither memory nor a pause holds back what has happened") {
  Copy copy({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  copy.Run("CLIENT PAUSE 100000 ALL");
  copy.server.UseUpMemory();
  CHECK(copy.Apply(BatchOf({{"SET", "k", "v"}})));
  CHECK(copy.server.keyspace().Size(0) == 1);
}

TEST_CASE("Keys get no expiry from their class here") {
  Copy copy;
  REQUIRE(copy.Run("CACHE.CLASS SET c MATCH c:* TTL 100 TTL-JITTER 50") == "+OK\r\n");
  REQUIRE(copy.Apply(BatchOf(
      {{"SET", "c:a", "v"}, {"RPUSH", "c:l", "v"}, {"SET", "c:b", "v", "PXAT", "1700000500000"}})));
  CHECK(copy.Run("PTTL c:a") == ":-1\r\n");
  CHECK(copy.Run("PTTL c:l") == ":-1\r\n");
  CHECK(copy.Run("PEXPIRETIME c:b") == ":1700000500000\r\n");
}

TEST_CASE("Who waits here is not served by what happened elsewhere") {
  Copy copy;
  copy.Run("BLPOP l 0");
  REQUIRE(copy.Apply(BatchOf({{"RPUSH", "l", "v"}})));
  REQUIRE(copy.Apply(BatchOf({{"SWAPDB", "0", "1"}})));
  REQUIRE(copy.Apply(BatchOf({{"SWAPDB", "0", "1"}})));
  CHECK(copy.client.suspended());
  TestClient other = copy.server.Connect();
  CHECK(other.Run("LLEN l") == ":1\r\n");
}

TEST_CASE("What repeats tells no effects, but those who watch or track") {
  Copy copy;
  EffectLog log;
  copy.server.services().effects.Listen(log);
  copy.Run("SET k 1");
  CHECK(log.TakeText() == "0:SET k 1");
  copy.Run("WATCH k");
  REQUIRE(copy.Apply(
      BatchOf({{"INCR", "k"}, {"FLUSHDB"}, {"SET", "k", "5", "PXAT", "1800000000000"}})));
  CHECK(log.TakeText().empty());
  copy.Run("MULTI");
  CHECK(copy.Run("EXEC") == "*-1\r\n");
}

TEST_CASE("An effect that cannot be repeated is an error, and the next batch is for a new copy") {
  Copy copy;
  REQUIRE(copy.Apply(BatchOf({{"SET", "k", "v"}})));
  CHECK(copy.applier.Apply(BatchOf({{"INCR", "k"}})).has_error());
  CHECK(copy.applier.Apply(BatchOf({{"SET", "a", "1"}, {"INCR", "k"}})).has_error());
  CHECK(copy.applier.Apply(BatchOf({{"NONSENSE", "k"}, {"SET", "a", "1"}})).has_error());
  CHECK(copy.applier.Apply("too short").has_error());
  CHECK(copy.applier.Apply("").has_error());
  CHECK(copy.applier.Apply("12345678*1\r\n?").has_error());
  CHECK(copy.applier.Apply("12345678*1\r\n$4\r\nPI").has_error());
  CHECK(copy.applier.Apply("12345678*1\r\n$5\r\nMULTI\r\n*1\r\n$4\r\nPI").has_error());
  CHECK(copy.Apply(BatchOf({{"SET", "k", "1"}, {"INCR", "k"}})));
  CHECK(copy.Run("GET k") == "$1\r\n2\r\n");
}

TEST_CASE("A batch that queues more than a client may is executed") {
  Copy copy({"--client-query-buffer-limit", "1mb"});
  const std::string big(700'000, 'x');
  CHECK(copy.Apply(BatchOf({{"SET", "a", big}, {"SET", "b", big}})));
  CHECK(copy.Run("STRLEN b") == ":700000\r\n");
}

TEST_CASE("While a script has the world to itself a batch waits") {
  Copy copy;
  Services& services = copy.server.services();
  services.world.LockExclusive();
  services.world.SetBusy();
  Result<Progress> progress = copy.applier.Apply(BatchOf({{"SET", "k", "1"}, {"INCR", "k"}}));
  REQUIRE(progress.has_value());
  CHECK((*progress == Progress::kLater));
  services.world.UnlockExclusive();
  progress = copy.applier.Continue();
  REQUIRE(progress.has_value());
  CHECK((*progress == Progress::kDone));
  CHECK(copy.Run("GET k") == "$1\r\n2\r\n");
}

}  // namespace strata
