#include "server/blocking/blocked_command.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "server/blocking/wait_queues.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

std::string Bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}
std::string Pair(std::string_view key, std::string_view element) {
  return "*2\r\n" + Bulk(key) + Bulk(element);
}
const std::string kNullArray = "*-1\r\n";

// Nothing is left of anybody who waited.
bool NobodyWaits(TestServer& server) {
  bool nobody = server.services().wait_queues.empty();
  for (int i = 0; i < server.keyspace().databases(); ++i) {
    nobody = nobody && server.services().wait_queues.KeysOf(i).empty();
  }
  return nobody;
}

}  // namespace

TEST_CASE("waiters are served in the order of their arrival, before the writer's next command") {
  TestServer server;
  TestClient first = server.Connect();
  TestClient second = server.Connect();
  TestClient third = server.Connect();
  TestClient writer = server.Connect();
  CHECK(first.Run("BLPOP k 0") == "");
  CHECK(second.Run("BRPOP k 0") == "");
  CHECK(third.Run("BLPOP other k 0") == "");
  CHECK(first.suspended());
  CHECK(writer.Send("RPUSH k a b\r\nLLEN k\r\nEXISTS k\r\n") == ":2\r\n:0\r\n:0\r\n");
  CHECK(first.Send("") == Pair("k", "a"));
  CHECK(second.Send("") == Pair("k", "b"));
  CHECK(third.Send("") == "");
  CHECK(writer.Send("RPUSH k c d\r\nLRANGE k 0 -1\r\n") == ":2\r\n*1\r\n" + Bulk("d"));
  CHECK(third.Send("") == Pair("k", "c"));
  CHECK_FALSE(third.suspended());
  CHECK(NobodyWaits(server));
}

TEST_CASE("who waits for keys of many shards is not overtaken by who waits for one") {
  TestServer server;
  TestClient many = server.Connect();
  TestClient one = server.Connect();
  TestClient writer = server.Connect();
  many.Run("BLPOP a b c d e f g h k 0");
  one.Run("BLPOP k 0");
  CHECK(writer.Send("RPUSH k v w\r\nEXISTS k\r\n") == ":2\r\n:0\r\n");
  CHECK(many.Send("") == Pair("k", "v"));
  CHECK(one.Send("") == Pair("k", "w"));
  CHECK(NobodyWaits(server));
}

TEST_CASE("a waiter that feeds another's list has that one served too") {
  TestServer server;
  TestClient mover = server.Connect();
  TestClient next_mover = server.Connect();
  TestClient last = server.Connect();
  TestClient writer = server.Connect();
  mover.Run("BLMOVE a b LEFT RIGHT 0");
  next_mover.Run("BRPOPLPUSH b c 0");
  last.Run("BLMPOP 0 2 x c LEFT COUNT 5");
  CHECK(writer.Send("RPUSH a v\r\nEXISTS a b c\r\n") == ":1\r\n:0\r\n");
  CHECK(mover.Send("") == Bulk("v"));
  CHECK(next_mover.Send("") == Bulk("v"));
  CHECK(last.Send("") == "*2\r\n" + Bulk("c") + "*1\r\n" + Bulk("v"));
  CHECK(NobodyWaits(server));
}

TEST_CASE("who waits for replicas is answered when its time is over, or CLIENT UNBLOCK says so") {
  TestServer server;
  TestClient admin = server.Connect();
  TestClient client = server.Connect();
  const std::string id = std::to_string(client.client().origin.id);
  CHECK(client.Run("WAIT 1 100") == "");
  CHECK(client.suspended());
  CHECK(admin.Run("INFO clients").find("\r\nblocked_clients:1\r\n") != std::string::npos);
  server.clock.AdvanceMs(99);
  CHECK(client.Send("") == "");
  server.clock.AdvanceMs(1);
  CHECK(client.Send("") == ":0\r\n");

  CHECK(client.Run("WAITAOF 0 1 100") == "");
  server.clock.AdvanceMs(100);
  CHECK(client.Send("") == "*2\r\n:0\r\n:0\r\n");

  CHECK(client.Run("WAIT 1 0") == "");
  CHECK(admin.Run("CLIENT UNBLOCK " + id) == ":1\r\n");
  CHECK(client.Send("") == ":0\r\n");
  CHECK(client.Run("WAIT 1 0") == "");
  CHECK(admin.Run("CLIENT UNBLOCK " + id + " ERROR") == ":1\r\n");
  CHECK(client.Send("") == "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
  CHECK(NobodyWaits(server));
}

TEST_CASE("nobody is told before the time is over that it is") {
  TestServer server;
  TestClient client = server.Connect();
  server.clock.AdvanceUs(900);
  client.Run("BLPOP k 0.3");
  server.clock.AdvanceUs(299'999);
  CHECK(client.Send("") == "");
  server.clock.AdvanceMs(1);
  CHECK(client.Send("") == kNullArray);
}

TEST_CASE("two waiters that move to and fro come to an end") {
  TestServer server;
  TestClient there = server.Connect();
  TestClient back = server.Connect();
  TestClient writer = server.Connect();
  there.Run("BLMOVE a b LEFT LEFT 0");
  back.Run("BLMOVE b a LEFT LEFT 0");
  CHECK(writer.Send("RPUSH a v\r\nLLEN a\r\n") == ":1\r\n:1\r\n");
  CHECK(there.Send("") == Bulk("v"));
  CHECK(back.Send("") == Bulk("v"));
}

TEST_CASE("a key of another type lets the waiter wait on") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient writer = server.Connect();
  waiter.Run("BLPOP k 0");
  writer.Run("SET k string");
  CHECK(waiter.Send("") == "");
  writer.Run("DEL k");
  CHECK(waiter.Send("") == "");
  writer.Run("RPUSH k v");
  CHECK(waiter.Send("") == Pair("k", "v"));
}

TEST_CASE("a waiter gets the error that its command meets when it runs again") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient writer = server.Connect();
  waiter.Run("BLMOVE from to LEFT LEFT 0");
  writer.Run("SET to string");
  CHECK(writer.Send("RPUSH from v\r\nLLEN from\r\n") == ":1\r\n:1\r\n");
  CHECK(waiter.Send("").starts_with("-WRONGTYPE"));
}

TEST_CASE("a wait ends with its timeout") {
  TestServer server;
  TestClient pop = server.Connect();
  TestClient move = server.Connect();
  TestClient patient = server.Connect();
  pop.Run("BLPOP k 0.5");
  move.Run("BLMOVE k l LEFT LEFT 0.5");
  move.Send("PING\r\n");
  patient.Run("BLPOP k 0");
  server.clock.AdvanceMs(499);
  CHECK(pop.Send("") == "");
  server.clock.AdvanceMs(1);
  CHECK(pop.Send("") == kNullArray);
  CHECK(move.Send("") == kNullArray + "+PONG\r\n");
  server.clock.AdvanceMs(1'000'000'000);
  CHECK(patient.Send("") == "");
  CHECK(server.services().wait_queues.size() == 1);
  // Who waits no more takes nothing.
  CHECK(server.Connect().Run("RPUSH k v w") == ":2\r\n");
  CHECK(patient.Send("") == Pair("k", "v"));
  CHECK(NobodyWaits(server));
}

TEST_CASE("what comes behind a command that waits runs when that is over, once and in order") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient writer = server.Connect();
  CHECK(waiter.Send("INCR n\r\nBLPOP k 0\r\nINCR n\r\nBLPOP k 0\r\nINCR n\r\n") == ":1\r\n");
  CHECK(waiter.Send("INCR n\r\n") == "");
  writer.Run("RPUSH k a");
  CHECK(waiter.Send("") == Pair("k", "a") + ":2\r\n");
  CHECK(waiter.suspended());
  writer.Run("RPUSH k b");
  CHECK(waiter.Send("") == Pair("k", "b") + ":3\r\n:4\r\n");
  CHECK_FALSE(waiter.suspended());
}

TEST_CASE("a key that is named twice is waited for once") {
  TestServer server;
  TestClient waiter = server.Connect();
  waiter.Run("BLPOP k k other k 0");
  CHECK(server.services().wait_queues.size() == 1);
  server.Connect().Run("RPUSH k v");
  CHECK(waiter.Send("") == Pair("k", "v"));
  CHECK(NobodyWaits(server));
}

TEST_CASE("a client that is gone leaves nothing behind and takes nothing") {
  TestServer server;
  TestClient writer = server.Connect();
  {
    TestClient gone = server.Connect();
    gone.Run("BLPOP a b c 0");
    CHECK_FALSE(NobodyWaits(server));
  }
  CHECK(NobodyWaits(server));
  CHECK(writer.Send("RPUSH a v\r\nLLEN a\r\n") == ":1\r\n:1\r\n");
}

TEST_CASE("whole databases that come and go make their keys ready") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient writer = server.Connect();
  waiter.Run("BLPOP k 0");
  SECTION("SWAPDB") {
    writer.Send("SELECT 1\r\nRPUSH k v\r\n");
    CHECK(waiter.Send("") == "");
    CHECK(writer.Run("SWAPDB 1 0") == "+OK\r\n");
  }
  SECTION("MOVE") {
    writer.Send("SELECT 1\r\nRPUSH k v\r\nMOVE k 0\r\n");
  }
  SECTION("COPY") {
    writer.Send("SELECT 1\r\nRPUSH l v\r\nCOPY l k DB 0\r\n");
  }
  SECTION("RENAME") {
    writer.Send("RPUSH l v\r\nRENAME l k\r\n");
  }
  SECTION("FLUSHALL, and then a push") {
    writer.Send("SET k x\r\nFLUSHALL\r\n");
    CHECK(waiter.Send("") == "");
    writer.Run("LPUSH k v");
  }
  CHECK(waiter.Send("") == Pair("k", "v"));
  CHECK(NobodyWaits(server));
}

TEST_CASE("a waiter belongs to the database it waits in") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient writer = server.Connect();
  waiter.Send("SELECT 3\r\nBLPOP k 0\r\n");
  CHECK(writer.Send("RPUSH k v\r\nLLEN k\r\n") == ":1\r\n:1\r\n");
  CHECK(waiter.Send("") == "");
  writer.Send("SELECT 3\r\nRPUSH k w\r\n");
  CHECK(waiter.Send("") == Pair("k", "w"));
}

TEST_CASE("CLIENT UNBLOCK ends a wait as if its time were over, or with an error") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient admin = server.Connect();
  const std::string unblock = "CLIENT UNBLOCK " + std::to_string(waiter.client().origin.id);
  CHECK(admin.Run(unblock) == ":0\r\n");
  waiter.Run("BLPOP k 0");
  CHECK(admin.Run(unblock) == ":1\r\n");
  CHECK(admin.Run(unblock) == ":0\r\n");
  CHECK(waiter.Send("") == kNullArray);
  waiter.Run("BLMOVE k l LEFT LEFT 0");
  CHECK(admin.Run(unblock + " TIMEOUT") == ":1\r\n");
  CHECK(waiter.Send("") == kNullArray);
  waiter.Run("BLPOP k 0");
  CHECK(admin.Run(unblock + " error") == ":1\r\n");
  CHECK(waiter.Send("PING\r\n") == "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n+PONG\r\n");
  CHECK(admin.Run("CLIENT UNBLOCK 999") == ":0\r\n");
  CHECK(NobodyWaits(server));
}

TEST_CASE("CLIENT LIST and INFO tell who waits") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient admin = server.Connect();
  waiter.Run("BLPOP k l 0");
  const std::string list = "CLIENT LIST ID " + std::to_string(waiter.client().origin.id);
  CHECK_THAT(admin.Run(list), Catch::Contains(" flags=b ") && Catch::Contains(" cmd=blpop "));
  CHECK_THAT(admin.Run("INFO clients"), Catch::Contains("blocked_clients:1\r\n"));
  admin.Run("RPUSH l v");
  waiter.Send("");
  CHECK_THAT(admin.Run(list), Catch::Contains(" flags=N "));
  CHECK_THAT(admin.Run("INFO clients"), Catch::Contains("blocked_clients:0\r\n"));
  CHECK_THAT(admin.Run("INFO commandstats"), Catch::Contains("cmdstat_blpop:calls=1,"));
}

TEST_CASE("INFO counts the keys that are waited for, and the waits that end") {
  TestServer server;
  TestClient list_waiter = server.Connect();
  TestClient second_waiter = server.Connect();
  TestClient group_waiter = server.Connect();
  TestClient admin = server.Connect();
  admin.Run("XGROUP CREATE s g $ MKSTREAM");
  list_waiter.Run("BLPOP k l k 1");
  second_waiter.Run("BLPOP k 0");
  group_waiter.Run("XREADGROUP GROUP g c BLOCK 100 STREAMS s >");
  CHECK_THAT(admin.Run("INFO clients"), Catch::Contains("clients_in_timeout_table:2\r\n") &&
                                            Catch::Contains("total_blocking_keys:3\r\n") &&
                                            Catch::Contains("total_blocking_keys_on_nokey:1\r\n"));
  admin.Run("RPUSH k a b");
  admin.Run("XADD s * f v");
  CHECK_THAT(admin.Run("INFO clients"), Catch::Contains("clients_in_timeout_table:0\r\n") &&
                                            Catch::Contains("total_blocking_keys:0\r\n") &&
                                            Catch::Contains("total_blocking_keys_on_nokey:0\r\n"));
}

TEST_CASE("the reply to a wait is silenced as its command was") {
  TestServer server;
  TestClient waiter = server.Connect();
  TestClient writer = server.Connect();
  waiter.Send("CLIENT REPLY SKIP\r\nBLPOP k 0\r\n");
  writer.Run("RPUSH k v");
  CHECK(waiter.Send("PING\r\n") == "+PONG\r\n");
  waiter.Send("CLIENT REPLY OFF\r\nBLPOP k 0.1\r\n");
  server.clock.AdvanceMs(100);
  CHECK(waiter.Send("CLIENT REPLY ON\r\n") == "+OK\r\n");
}

TEST_CASE("a wait's reply has the form of its client's protocol") {
  TestServer server;
  TestClient waiter = server.Connect();
  waiter.Run("HELLO 3");
  waiter.Run("BLPOP k 0.1");
  server.clock.AdvanceMs(100);
  CHECK(waiter.Send("") == "_\r\n");
}

TEST_CASE("a big element goes to the waiter behind replies that were not sent yet") {
  TestServer server;
  TestClient waiter = server.Connect();
  const std::string big(100'000, 'x');
  waiter.Run("BLPOP k 0");
  server.Connect().Run("RPUSH k " + big);
  waiter.client().output.Append("+EARLIER\r\n");
  CHECK(waiter.Send("") == "+EARLIER\r\n" + Pair("k", big));
}

// Some threads push numbers and some wait for them, on few keys and through a chain of moves; every
// number must arrive exactly once.
TEST_CASE("nothing is lost and nothing doubled between threads", "[threads]") {
  constexpr size_t kThreads = 4;
  constexpr size_t kProducers = 2;
  constexpr int kPerProducer = 3000;
  constexpr size_t kClients = 3;
  TestServer server({}, kThreads);
  std::atomic<int> taken{0};
  std::vector<std::vector<std::string>> received(kThreads);

  auto produce = [&](size_t thread) {
    TestClient client(server.Connect(thread));
    for (int i = 0; i < kPerProducer; ++i) {
      const std::string element = std::to_string(thread) + ":" + std::to_string(i);
      const std::string key = i % 3 == 0 ? "source" : "queue" + std::to_string(i % 2);
      client.Run("RPUSH " + key + " " + element);
    }
  };
  auto consume = [&](size_t thread) {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (size_t i = 0; i < kClients; ++i) {
      clients.emplace_back(new TestClient(server.Connect(thread)));
    }
    while (taken < static_cast<int>(kProducers) * kPerProducer) {
      for (size_t i = 0; i < kClients; ++i) {
        // The last one moves on what another will take.
        const bool moves = i + 1 == kClients;
        std::string reply = clients[i]->Send("");
        if (!clients[i]->suspended() && reply.empty()) {
          reply = clients[i]->Run(moves ? "BLMOVE source queue0 LEFT RIGHT 0"
                                        : "BLPOP queue0 queue1 0");
        }
        if (reply.empty() || moves) continue;
        const size_t end = reply.size() - 2;
        const size_t begin = reply.rfind('\n', end - 1) + 1;
        received[thread].push_back(reply.substr(begin, end - begin));
        ++taken;
      }
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] { i < kProducers ? produce(i) : consume(i); });
  }
  for (std::thread& thread : threads) thread.join();

  std::multiset<std::string> all;
  for (const auto& some : received) all.insert(some.begin(), some.end());
  CHECK(all.size() == kProducers * kPerProducer);
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == all.size());
  CHECK(NobodyWaits(server));
}

}  // namespace strata
