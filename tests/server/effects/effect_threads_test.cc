// Effects of many threads that write to the same keys: in the order in which they are told they
// make another server the same.

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/random.h"
#include "tests/server/effects/effect_log.h"

namespace strata {
namespace {

constexpr size_t kThreads = 4;
constexpr int kRounds = 1500;

// Each command's outcome depends on those before it.
constexpr const char* kCommands[] = {
    "APPEND a x",
    "INCRBYFLOAT n 0.25",
    "RPUSH l 1 2 3",
    "LMOVE l m LEFT RIGHT",
    "RPOP m",
    "SADD s 1 2 3 4 5 6 7 8 9 10 11 12",
    "SPOP s 2",
    "SPOP s",
    "XADD x MAXLEN ~ 20 * f v",
    "XGROUP CREATE x g 0 MKSTREAM",
    "XREADGROUP GROUP g me COUNT 2 STREAMS x >",
    "XAUTOCLAIM x g you 0 0 COUNT 3",
    "SET a v PX 3",
    "PEXPIRE l 5",
    "HSET h a 1 b 2 c 3",
    "HPEXPIRE h 4 FIELDS 2 a b",
    "HINCRBYFLOAT h a 0.5",
    "HGET h c",
    "RENAME a b",
    "COPY b a",
    "SUNIONSTORE t s",
    "FLUSHALL",
    "MULTI\r\nINCR i\r\nAPPEND a y\r\nSPOP s\r\nEXEC",
    "EVAL \"redis.call('INCR', KEYS[1]) redis.call('APPEND', KEYS[2], 'z')\" 2 i a",
    "EVAL \"redis.call('INCR', KEYS[1]) redis.call('APPEND', 'a', 'w')\" 1 i",
};

void Work(TestServer& server, size_t thread, uint64_t seed) {
  TestClient client = server.Connect(thread);
  Random random(seed + thread);
  for (int round = 0; round < kRounds; ++round) {
    std::string command = kCommands[random.Below(std::size(kCommands))];
    if (command == "FLUSHALL" && random.Below(20) != 0) continue;
    client.Send(command + "\r\n");
    if (random.Below(16) != 0) continue;
    server.clock.AdvanceMs(1);
    BatchScope batch(server.dispatcher(thread));
    server.ExpireKeys();
  }
}

}  // namespace

TEST_CASE("Effects of many threads come in the order of what happened to each key", "[threads]") {
  EffectLog log;
  TestServer server({}, kThreads);
  server.services().effects.Listen(log);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&server, i] { Work(server, i, 7); });
  }
  for (std::thread& thread : threads) thread.join();

  NothingExpires rule;
  TestServer copy;
  copy.keyspace().FollowExpiryRule(rule);
  EffectApplier applier(copy.dispatcher(), 0);
  const std::vector<EffectLog::Batch> batches = log.Take();
  CHECK(batches.size() > kThreads * kRounds / 3);
  for (const EffectLog::Batch& batch : batches) {
    CAPTURE(batch.text);
    const Result<EffectApplier::Progress> progress = applier.Apply(batch.bytes);
    if (!progress) FAIL(progress.error().message);
    REQUIRE((*progress == EffectApplier::Progress::kDone));
  }
  CHECK(DifferenceOf(server, copy) == "");
  CHECK(DigestKeyspace(server.keyspace()) == DigestKeyspace(copy.keyspace()));
}

}  // namespace strata
