// How each kind of command is told. What Redis sends is compared by
// tests/integration/effects_test.py; whether it reproduces the data, by effect_random_test.cc.

#include <catch2/catch.hpp>

#include "tests/server/effects/effect_log.h"

namespace strata {
namespace {

// The clock stands at this time; a second later.
constexpr std::string_view kNow = "1700000000000";
constexpr std::string_view kSoon = "1700000001000";

struct Step {
  std::string command;
  std::string effects;
};

void Check(const std::vector<Step>& steps, std::vector<std::string> options = {}) {
  EffectLog log;
  TestServer server(std::move(options));
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  for (const Step& step : steps) {
    CAPTURE(step.command);
    const std::string reply = client.Run(step.command);
    CAPTURE(reply);
    CHECK(log.TakeText() == step.effects);
  }
}

std::string At(std::string_view head, std::string_view time, std::string_view tail = "") {
  return std::string(head).append(time).append(tail);
}

}  // namespace

TEST_CASE("A write that does the same anywhere is told in its own words") {
  Check({{"SET k v", "0:SET k v"},
         {"SET k v XX", "0:SET k v XX"},
         {"APPEND k w", "0:APPEND k w"},
         {"MSET a 1 b 2", "0:MSET a 1 b 2"},
         {"INCR a", "0:INCR a"},
         {"RPUSH l 1 2 3", "0:RPUSH l 1 2 3"},
         {"SADD s x y", "0:SADD s x y"},
         {"ZADD z GT CH 1 x", "0:ZADD z GT CH 1 x"},
         {"SUNIONSTORE t s", "0:SUNIONSTORE t s"},
         {"RENAME k m", "0:RENAME k m"},
         {"COPY m n DB 3", "0:COPY m n DB 3"},
         {"MOVE n 3", ""},
         {"MOVE m 3", "0:MOVE m 3"},
         {"SORT l STORE sorted", "0:SORT l STORE sorted"},
         {"PFADD p x", "0:PFADD p x"},
         {"PFCOUNT p", "0:PFCOUNT p"},
         {"DEL a b none", "0:DEL a b none"},
         {"SELECT 3", ""},
         {"SET k v", "3:SET k v"},
         {"FLUSHDB", "3:FLUSHDB"},
         {"SWAPDB 0 3", "3:SWAPDB 0 3"},
         {"FLUSHALL", "3:FLUSHALL"}});
}

TEST_CASE("What changed nothing is not told") {
  Check({{"SET k v", "0:SET k v"},
         {"SET k w NX", ""},
         {"GET k", ""},
         {"SETNX k w", ""},
         {"LPUSHX none 1", ""},
         {"INCR k", ""},
         {"DEL none", ""},
         {"SREM none x", ""},
         {"PERSIST k", ""},
         {"EXPIRE none 10", ""},
         {"HDEL none f", ""},
         {"SPOP none", ""},
         {"BLPOP none 0.001", ""},
         {"SWAPDB 2 2", ""},
         {"MOVE k 0", ""}});
}

TEST_CASE("Times are told as unix milliseconds") {
  Check({{"SET k v EX 1", At("0:SET k v PXAT ", kSoon)},
         {"SET k v PX 1000 NX", ""},
         {"SET k v PX 1000", At("0:SET k v PXAT ", kSoon)},
         {"SET k v KEEPTTL", "0:SET k v KEEPTTL"},
         {"SET k v KEEPTTL GET", "0:SET k v KEEPTTL"},
         {"SET k v GET", "0:SET k v"},
         {"SETEX k 1 v", At("0:SET k v PXAT ", kSoon)},
         {"PSETEX k 1000 v", At("0:SET k v PXAT ", kSoon)},
         {"MSETEX 2 k v m v EX 1", At("0:SET k v PXAT ", kSoon, At("; 0:SET m v PXAT ", kSoon))},
         {"EXPIRE k 1", At("0:PEXPIREAT k ", kSoon)},
         {"PEXPIRE k 1000", At("0:PEXPIREAT k ", kSoon)},
         {"EXPIREAT k 1700000001", At("0:PEXPIREAT k ", kSoon)},
         {"EXPIRE k 1 GT", ""},
         {"GETEX k EX 1", At("0:PEXPIREAT k ", kSoon)},
         {"GETEX k", ""},
         {"GETEX k PERSIST", "0:PERSIST k"},
         {"EXPIRE k -1", "0:DEL k"},
         {"SET k v PXAT 1", "0:DEL k"},
         {"GETEX m PXAT 1", "0:DEL m"}});
}

TEST_CASE("What is taken at random is named") {
  Check({{"SADD s only", "0:SADD s only"},
         {"SPOP s", "0:SREM s only"},
         {"SADD s only", "0:SADD s only"},
         {"SPOP s 3", "0:DEL s"},
         {"SADD s x", "0:SADD s x"},
         {"SPOP s 0", ""}});
}

TEST_CASE("Sums of floats are told as what came out") {
  Check({{"INCRBYFLOAT k 1.5", "0:SET k 1.5 KEEPTTL"},
         {"HINCRBYFLOAT h f 1.5", "0:HSET h f 1.5"},
         {"HPEXPIRE h 1000 FIELDS 1 f", At("0:HPEXPIREAT h ", kSoon, " FIELDS 1 f")},
         {"HINCRBYFLOAT h f 1", "0:HSETEX h KEEPTTL FIELDS 1 f 2.5"}});
}

TEST_CASE("What lists and sorted sets give is told without keys that had nothing") {
  Check({{"RPUSH l 1 2 3 4 5 6", "0:RPUSH l 1 2 3 4 5 6"},
         {"BLPOP none l 0", "0:LPOP l"},
         {"BRPOP l 0", "0:RPOP l"},
         {"BLMOVE l m LEFT RIGHT 0", "0:LMOVE l m LEFT RIGHT"},
         {"BRPOPLPUSH l m 0", "0:LMOVE l m RIGHT LEFT"},
         {"BLMPOP 0 2 none l LEFT COUNT 9", "0:LPOP l 2"},
         {"LPOP l 0", ""},
         {"ZADD z 1 a 2 b 3 c 4 d", "0:ZADD z 1 a 2 b 3 c 4 d"},
         {"BZPOPMIN none z 0", "0:ZPOPMIN z 1"},
         {"ZMPOP 1 z MAX", "0:ZPOPMAX z 1"},
         {"BZMPOP 0 1 z MIN COUNT 10", "0:ZPOPMIN z 2"}});
}

TEST_CASE("Expiring fields are told one by one") {
  Check({{"HSET h a 1 b 2 c 3", "0:HSET h a 1 b 2 c 3"},
         {"HEXPIRE h 1 FIELDS 3 a b none", At("0:HPEXPIREAT h ", kSoon, " FIELDS 2 a b")},
         {"HEXPIRE h 1 NX FIELDS 2 a c", At("0:HPEXPIREAT h ", kSoon, " FIELDS 1 c")},
         {"HPERSIST h FIELDS 1 a", "0:HPERSIST h FIELDS 1 a"},
         {"HGETEX h EX 1 FIELDS 2 a none", At("0:HPEXPIREAT h ", kSoon, " FIELDS 1 a")},
         {"HGETEX h PERSIST FIELDS 2 a c", "0:HPERSIST h FIELDS 2 a c"},
         {"HGETEX h PERSIST FIELDS 2 a c", ""},
         {"HSETEX h EX 1 FIELDS 1 d 4", At("0:HSETEX h PXAT ", kSoon, " FIELDS 1 d 4")},
         {"HSETEX h FNX FIELDS 1 e 5", "0:HSETEX h FNX FIELDS 1 e 5"},
         {"HSETEX h PXAT 1 FIELDS 2 e 5 f 6", "0:HDEL h e f"},
         {"HPEXPIREAT h 1 FIELDS 1 a", "0:HDEL h a"},
         {"HGETDEL h FIELDS 2 b none", "0:HDEL h b"}});
}

TEST_CASE("Streams are told with their ids, and trimmed to what is left") {
  const std::string id = At("", kNow, "-0");
  Check({{"XADD x * f v", "0:XADD x " + id + " f v"},
         {"XADD x 1700000000000-* f v", At("0:XADD x ", kNow, "-1 f v")},
         {"XADD x MAXLEN = 1 * f v", At("0:XADD x MAXLEN = 1 ", kNow, "-2 f v")},
         {"XADD x MAXLEN ~ 0 * f v", At("0:XADD x MAXLEN = 0 ", kNow, "-3 f v")},
         {"XADD x * f v", At("0:XADD x ", kNow, "-4 f v")},
         {"XTRIM x MAXLEN ~ 0", "0:XTRIM x MAXLEN = 0"},
         {"XADD x NOMKSTREAM * f v", At("0:XADD x ", kNow, "-5 f v")}},
        {"--stream-node-max-entries", "1"});
}

TEST_CASE("What groups read is told as what is pending") {
  const std::string pending = At(" TIME ", kNow, " RETRYCOUNT 1 FORCE JUSTID LASTID 1-0");
  Check({{"XADD x 1-0 f v", "0:XADD x 1-0 f v"},
         {"XGROUP CREATE x g 0", "0:XGROUP CREATE x g 0"},
         {"XREADGROUP GROUP g me STREAMS x >",
          "0:XGROUP CREATECONSUMER x g me; 0:XCLAIM x g me 0 1-0" + pending +
              "; 0:XGROUP SETID x g 1-0 ENTRIESREAD 1"},
         {"XREADGROUP GROUP g me STREAMS x >", ""},
         {"XREADGROUP GROUP g you STREAMS x >", "0:XGROUP CREATECONSUMER x g you"},
         {"XREADGROUP GROUP g me STREAMS x 0",
          At("0:XCLAIM x g me 0 1-0 TIME ", kNow, " RETRYCOUNT 2 FORCE JUSTID LASTID 1-0")},
         {"XCLAIM x g you 0 1-0 RETRYCOUNT 7",
          At("0:XCLAIM x g you 0 1-0 TIME ", kNow, " RETRYCOUNT 7 FORCE JUSTID LASTID 1-0")},
         {"XCLAIM x g you 0 2-0 LASTID 3-0", "0:XGROUP SETID x g 3-0 ENTRIESREAD 1"},
         {"XAUTOCLAIM x g me 0 0 JUSTID",
          At("0:XCLAIM x g me 0 1-0 TIME ", kNow, " RETRYCOUNT 7 FORCE JUSTID LASTID 3-0")},
         {"XDEL x 1-0", "0:XDEL x 1-0"},
         {"XAUTOCLAIM x g you 0 0", "0:XACK x g 1-0"},
         {"XADD x 4-0 f v", "0:XADD x 4-0 f v"},
         {"XREADGROUP GROUP g me NOACK STREAMS x >", "0:XGROUP SETID x g 4-0 ENTRIESREAD 2"}});
}

TEST_CASE("A restored value is told with the time at which it goes") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("SET k v");
  const std::string reply = client.Run("DUMP k");
  const std::string payload = reply.substr(reply.find("\r\n") + 2);
  const std::string dump = payload.substr(0, payload.size() - 2);
  EffectLog log;
  server.services().effects.Listen(log);
  const std::string word = Quote(dump);
  client.Run("RESTORE a 1000 " + word);
  CHECK(log.TakeText() == At("0:RESTORE a ", kSoon, " " + word + " ABSTTL"));
  client.Run("RESTORE b 0 " + word + " FREQ 3");
  CHECK(log.TakeText() == "0:RESTORE b 0 " + word + " FREQ 3");
  client.Run("RESTORE a 1 " + word + " REPLACE ABSTTL");
  CHECK(log.TakeText() == "0:DEL a");
}

TEST_CASE("EXEC, scripts and functions are one batch of what their commands did") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  client.Run("MULTI");
  for (const char* command : {"SET k 1", "GET k", "INCRBYFLOAT k 1", "SELECT 2", "SET m 1"}) {
    client.Run(command);
  }
  CHECK(log.TakeText().empty());
  client.Run("EXEC");
  CHECK(log.TakeText() == "0:SET k 1; 0:SET k 2 KEEPTTL; 2:SET m 1");
  client.Run("SELECT 0");
  client.Run("EVAL \"redis.call('SET', KEYS[1], 1) redis.call('EXPIRE', KEYS[1], 1)\" 1 k");
  CHECK(log.TakeText() == At("0:SET k 1; 0:PEXPIREAT k ", kSoon));
  client.Run(
      "FUNCTION LOAD \"#!lua name=l\\nredis.register_function('f', "
      "function(keys) redis.call('INCR', keys[1]) return redis.call('INCR', keys[1]) end)\"");
  CHECK(log.TakeText().empty());
  client.Run("FCALL f 1 n");
  CHECK(log.TakeText() == "0:INCR n; 0:INCR n");
}

TEST_CASE("A script that stops the world half-way has told what others may see then") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  client.Run("EVAL \"redis.call('SET', KEYS[1], 1) redis.call('SET', 'undeclared', 1)\" 1 k");
  CHECK(log.TakeText() == "0:SET k 1 | 0:SET undeclared 1");
}

TEST_CASE("Who waits is told without waiting, in the order of what happened") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient waiting = server.Connect();
  TestClient also_waiting = server.Connect();
  TestClient client = server.Connect();
  waiting.Run("BLPOP l 0");
  also_waiting.Run("BLMOVE l m LEFT LEFT 0");
  client.Run("RPUSH l 1 2");
  std::string text = log.TakeText();
  for (size_t at; (at = text.find(" | ")) != std::string::npos;) text.replace(at, 3, "; ");
  CHECK(text == "0:RPUSH l 1 2; 0:LPOP l; 0:LMOVE l m LEFT LEFT");
}

TEST_CASE("Who waits for keys of other shards, too, is told of behind the writer") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient waiting = server.Connect();
  TestClient client = server.Connect();
  waiting.Run("BLPOP 1 2 3 4 5 6 7 8 l 0");
  client.Run("RPUSH l v");
  CHECK(log.TakeText() == "0:RPUSH l v | 0:LPOP l");
}

TEST_CASE("What is over behind SWAPDB is told by the numbers that databases have then") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  client.Run("SET k v PX 10");
  server.clock.AdvanceMs(20);
  log.Take();
  client.Send("MULTI\r\nSWAPDB 0 1\r\nSELECT 1\r\nGET k\r\nEXEC\r\n");
  CHECK(log.TakeText() == "0:SWAPDB 0 1 | 1:DEL k");
}

TEST_CASE("A script that writes very much is told in several batches") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  client.Run(
      "EVAL \"local v = string.rep('x', 20000000) "
      "for i = 1, 7 do redis.call('SET', KEYS[1], v) end\" 1 k");
  const std::vector<EffectLog::Batch> batches = log.Take();
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].bytes.size() > EffectBuffer::kMostBytes);
  CHECK(batches[1].bytes.size() > EffectBuffer::kMostBytes / 2);
}

TEST_CASE("What time removes is told, by the wheel or when it is found") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  client.Run("SET k v PX 10");
  client.Run("SET m v PX 10");
  client.Run("HSET h a 1 b 2");
  client.Run("HPEXPIRE h 10 FIELDS 1 a");
  client.Run("HSET i a 1 b 2");
  client.Run("HPEXPIRE i 10 FIELDS 1 a");
  log.Take();
  server.clock.AdvanceMs(20);
  client.Run("INCR k");
  CHECK(log.TakeText() == "0:DEL k | 0:INCR k");
  client.Run("HGET h b");
  CHECK(log.TakeText() == "0:HDEL h a");
  client.Run("SET m w");
  CHECK(log.TakeText() == "0:DEL m | 0:SET m w");
  server.ExpireKeys();
  CHECK(log.TakeText() == "0:HDEL i a");
}

TEST_CASE("What is evicted is told") {
  EffectLog log;
  TestServer server({"--maxmemory", "1", "--maxmemory-policy", "allkeys-lru"});
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  client.Run("SET k v");
  log.Take();
  server.UseUpMemory();
  client.Run("GET none");
  CHECK(log.TakeText() == "0:DEL k");
}

TEST_CASE("An expiry that a class gives is told as it was given") {
  EffectLog log;
  TestServer server;
  server.services().effects.Listen(log);
  TestClient client = server.Connect();
  REQUIRE(client.Run("CACHE.CLASS SET c MATCH c:* TTL 100 TTL-JITTER 50") == "+OK\r\n");
  for (const char* command :
       {"SET c:a v", "RPUSH c:b v", "INCRBYFLOAT c:c 1", "SET c:d v EX 100"}) {
    log.Take();
    client.Run(command);
    const std::string text = log.TakeText();
    const std::string key(Split(command, ' ')[1]);
    const std::string expiry = client.Run("PEXPIRETIME " + key);
    const std::string ms = expiry.substr(1, expiry.size() - 3);
    CAPTURE(command, text);
    CHECK(text.ends_with((text.starts_with("0:SET c:d") ? "PXAT " : "; 0:PEXPIREAT " + key + " ") +
                         ms));
  }
}

TEST_CASE("Every command that may write says how it is told, and no other") {
  const CommandTable table;
  for (size_t row = 0; row < table.rows(); ++row) {
    const Command& command = table.Row(row);
    CAPTURE(table.FullName(row));
    const bool writes = command.Is(kWrite) || command.Is(kMayReplicate) || command.Is(kRunsQueue);
    CHECK(writes == (command.effect != EffectForm::kUnsaid));
  }
}

TEST_CASE("The keys of an effect stand with it") {
  struct KeysOnly final : EffectSink {
    void OnEffects(const EffectBatch& batch) override {
      for (const Effect& effect : batch.effects) {
        for (std::string_view key : effect.keys) keys += std::string(key) + " ";
        keys += "| ";
      }
    }
    std::string keys;
  };
  KeysOnly sink;
  TestServer server;
  server.services().effects.Listen(sink);
  TestClient client = server.Connect();
  for (const char* command :
       {"MSET a 1 b 2", "SUNIONSTORE t s s", "SADD s x", "ZADD z 1 z", "ZUNIONSTORE u 2 z s",
        "SPOP s", "XADD x 1-0 f x", "XGROUP CREATE x x 0", "XREADGROUP GROUP x x STREAMS x >",
        "SORT z ALPHA STORE y", "EXPIRE a -1", "FLUSHALL"}) {
    client.Run(command);
  }
  CHECK(sink.keys == "a b | s | z | u z s | s | x | x | x | x | x | z y | a | | ");
}

}  // namespace strata
