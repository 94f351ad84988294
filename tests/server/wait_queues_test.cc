#include "server/blocking/wait_queues.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

#include "base/random.h"
#include "server/blocking/ready_keys.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

std::shared_ptr<BlockedCommand> WaiterFor(Keyspace& keyspace, int database,
                                          std::vector<std::string> keys) {
  static constexpr KeySpec kAllWords[] = {{kKeyReadOnly, 1, -1, 1}};
  static constexpr Command kWait = {.name = "wait",
                                    .arity = -2,
                                    .keys = kAllWords,
                                    .group = CommandGroup::kGeneric,
                                    .since = "",
                                    .complexity = "",
                                    .summary = ""};
  std::vector<std::string_view> words{"wait"};
  words.insert(words.end(), keys.begin(), keys.end());
  auto blocked =
      std::make_shared<BlockedCommand>(OwnedCall(keyspace, kWait, 0, words), 0, keys.size());
  blocked->database = database;
  return blocked;
}

bool Awaits(const BlockedCommand& blocked, int database, const std::string& key) {
  return blocked.database == database &&
         std::any_of(blocked.awaited.begin(), blocked.awaited.end(),
                     [&](const KeyRef& awaited) { return awaited.bytes == key; });
}

}  // namespace

TEST_CASE("wait queues agree with a list of who waits for what") {
  constexpr int kDatabases = 3;
  TestServer server;
  Keyspace& keyspace = server.keyspace();
  KeyListeners listeners;
  WaitQueues queues(keyspace, listeners);
  std::vector<std::shared_ptr<BlockedCommand>> model;  // in order of arrival
  const uint64_t seed = Catch::rngSeed();
  INFO("seed " << seed);
  Random random(seed);
  auto random_key = [&] { return "key" + std::to_string(random.Below(12)); };
  for (int step = 0; step < 5000; ++step) {
    if (model.size() < 20 && random.Below(2) == 0) {
      std::vector<std::string> keys(1 + random.Below(4));
      for (std::string& key : keys) key = random_key();  // some of them twice
      model.push_back(WaiterFor(keyspace, static_cast<int>(random.Below(kDatabases)), keys));
      model.back()->on_removal = random.Below(3) == 0 ? OnRemoval::kRun : OnRemoval::kWaitOn;
      model.back()->deadline_ms = static_cast<int64_t>(random.Below(2));
      queues.Add(model.back());
    } else if (!model.empty()) {
      const auto place = model.begin() + static_cast<ptrdiff_t>(random.Below(model.size()));
      queues.Remove(**place);
      model.erase(place);
    }
    REQUIRE(queues.size() == model.size());
    const int database = static_cast<int>(random.Below(kDatabases));
    const std::string key = random_key();
    const KeyRef ref = keyspace.Ref(key);
    uint64_t ticket = 0;
    bool awaits_removal = false;
    for (const auto& waiter : model) {
      if (!Awaits(*waiter, database, key)) continue;
      awaits_removal = awaits_removal || waiter->on_removal == OnRemoval::kRun;
      REQUIRE(queues.HasWaiters(database, ref));
      REQUIRE(queues.Next(database, ref, ticket) == waiter);
      ticket = waiter->ticket;
    }
    REQUIRE(queues.Next(database, ref, ticket) == nullptr);
    REQUIRE(queues.HasWaiters(database, ref) == (ticket != 0));
    REQUIRE(queues.AwaitsRemoval(database, ref) == awaits_removal);
  }
  std::set<std::pair<int, std::string>> keys;
  std::set<std::pair<int, std::string>> keys_on_removal;
  size_t with_deadline = 0;
  for (const auto& waiter : model) {
    with_deadline += waiter->deadline_ms != 0;
    for (const KeyRef& key : waiter->awaited) {
      keys.emplace(waiter->database, key.bytes);
      if (waiter->on_removal == OnRemoval::kRun) {
        keys_on_removal.emplace(waiter->database, key.bytes);
      }
    }
  }
  const WaitCounts counts = queues.Count();
  CHECK(counts.keys == keys.size());
  CHECK(counts.keys_on_removal == keys_on_removal.size());
  CHECK(counts.with_deadline == with_deadline);
  for (const auto& waiter : model) queues.Remove(*waiter);
  for (int i = 0; i < kDatabases; ++i) CHECK(queues.KeysOf(i).empty());
}

TEST_CASE("keys without waiters do not become ready, and others do in order") {
  TestServer server;
  Keyspace& keyspace = server.keyspace();
  KeyListeners listeners;
  WaitQueues queues(keyspace, listeners);
  auto waiter = WaiterFor(keyspace, 0, {"a", "b"});
  queues.Add(waiter);
  ReadyKeys ready;
  for (const char* key : {"x", "b", "b", "a"}) ready.Note(queues, 0, keyspace.Ref(key));
  ready.Note(queues, 1, keyspace.Ref("a"));
  CHECK(ready.Take().bytes == "b");
  CHECK(ready.Take().bytes == "a");
  CHECK(ready.empty());
  ready.NoteAll(queues, 1);
  CHECK(ready.empty());
  ready.NoteAll(queues, 0);
  CHECK_FALSE(ready.empty());
  queues.Remove(*waiter);
}

}  // namespace strata
