#include "server/tracking/tracking.h"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/random.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

std::string Invalidation(const std::string& key) {
  return ">2\r\n$10\r\ninvalidate\r\n*1\r\n$" + std::to_string(key.size()) + "\r\n" + key + "\r\n";
}

// A client in RESP3 that tracks.
std::unique_ptr<TestClient> Tracker3(TestServer& server, const std::string& options = "",
                                     size_t thread = 0) {
  std::unique_ptr<TestClient> client(new TestClient(server.Connect(thread)));
  client->Run("HELLO 3");
  CHECK(client->Run("CLIENT TRACKING ON " + options) == "+OK\r\n");
  return client;
}

void Sweep(TestServer& server) {
  for (int i = 0; i < 1000; ++i) server.services().tracking.SweepSome();
}

}  // namespace

TEST_CASE("readers are told as sets of keys and readers say") {
  constexpr int kClients = 6;
  constexpr int kSteps = 6000;
  const uint64_t seed = RandomSeed();
  CAPTURE(seed);
  Random random(seed);
  TestServer server({}, 3);
  TestClient writer = server.Connect(0);
  std::vector<std::unique_ptr<TestClient>> readers;
  for (size_t i = 0; i < kClients; ++i) readers.push_back(Tracker3(server, "", i % 3));
  std::map<std::string, std::set<int>> model;
  for (int step = 0; step < kSteps; ++step) {
    const std::string key = "k" + std::to_string(random.Below(30));
    if (random.Below(3) > 0) {
      const int reader = static_cast<int>(random.Below(kClients));
      readers[static_cast<size_t>(reader)]->Run("GET " + key);
      model[key].insert(reader);
    } else {
      writer.Run("SET " + key + " v");
      for (int i = 0; i < kClients; ++i) {
        const std::string expected = model[key].contains(i) ? Invalidation(key) : "";
        REQUIRE(readers[static_cast<size_t>(i)]->Send("") == expected);
      }
      model.erase(key);
    }
    size_t items = 0;
    std::erase_if(model, [](const auto& item) { return item.second.empty(); });
    for (const auto& [name, ids] : model) items += ids.size();
    REQUIRE(server.services().tracking.keys() == model.size());
    REQUIRE(server.services().tracking.items() == items);
  }
}

TEST_CASE("nothing is remembered for a client that does not track") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("GET k");
  CHECK(server.services().tracking.keys() == 0);
  CHECK_FALSE(server.services().key_listeners.any());
  auto tracker = Tracker3(server);
  CHECK(server.services().key_listeners.any());
  client.Run("GET k");
  CHECK(server.services().tracking.keys() == 0);
  tracker->Run("SET k v");
  CHECK(server.services().tracking.keys() == 0);
  tracker->Run("CLIENT TRACKING OFF");
  CHECK_FALSE(server.services().key_listeners.any());
}

TEST_CASE("the table of tracked keys keeps its bound, and tells of what it forgets") {
  TestServer server({"--tracking-table-max-keys", "10"});
  auto tracker = Tracker3(server);
  std::string told;
  for (int i = 0; i < 100; ++i) {
    const std::string reply = tracker->Run("GET key:" + std::to_string(i));
    CHECK(server.services().tracking.keys() <= 10);
    told += reply.substr(3);  // behind the null
  }
  CHECK(server.services().tracking.keys() == 10);
  size_t messages = 0;
  for (size_t at = 0; (at = told.find("invalidate", at)) != std::string::npos; ++at) ++messages;
  CHECK(messages == 90);
  TestClient admin = server.Connect();
  admin.Run("CONFIG SET tracking-table-max-keys 4");
  server.services().tracking.ForgetSome(100);
  CHECK(server.services().tracking.keys() == 4);
  CHECK(tracker->Send("").size() > 6 * Invalidation("key:1").size() - 1);
}

TEST_CASE("what a client that is gone had is swept out of the table") {
  TestServer server;
  auto stays = Tracker3(server);
  stays->Run("MGET a b c");
  {
    auto goes = Tracker3(server);
    goes->Run("MGET b c d e");
    CHECK(server.services().tracking.keys() == 5);
    CHECK(server.services().tracking.items() == 7);
  }
  Sweep(server);
  CHECK(server.services().tracking.clients() == 1);
  CHECK(server.services().tracking.keys() == 3);
  CHECK(server.services().tracking.items() == 3);
  stays->Run("CLIENT TRACKING OFF");
  Sweep(server);
  CHECK(server.services().tracking.keys() == 0);
}

TEST_CASE("sweeping takes nothing from a client that switched tracking off and on") {
  TestServer server;
  auto tracker = Tracker3(server);
  tracker->Run("GET old");
  tracker->Run("CLIENT TRACKING OFF");
  tracker->Run("CLIENT TRACKING ON");
  tracker->Run("GET new");
  Sweep(server);
  TestClient writer = server.Connect();
  writer.Run("MSET old 1 new 1");
  CHECK(tracker->Send("") == Invalidation("new"));
}

TEST_CASE("prefixes of a client that is gone are gone") {
  TestServer server;
  {
    auto tracker = Tracker3(server, "BCAST PREFIX a PREFIX b");
    auto other = Tracker3(server, "BCAST PREFIX a");
    CHECK(server.services().tracking.prefixes() == 2);
  }
  CHECK(server.services().tracking.prefixes() == 0);
  auto tracker = Tracker3(server, "BCAST PREFIX a");
  tracker->Run("RESET");
  CHECK(server.services().tracking.prefixes() == 0);
  CHECK(server.services().tracking.clients() == 0);
}

TEST_CASE("a client has no more prefixes than the bound") {
  TestServer server;
  auto tracker = Tracker3(server, "BCAST PREFIX p:0000:");
  auto add = [&](int first, int count) {
    std::string command = "CLIENT TRACKING ON BCAST";
    for (int i = first; i < first + count; ++i) {
      const std::string digits = std::to_string(10'000 + i).substr(1);
      command += " PREFIX p:" + digits + ":";
    }
    return tracker->Run(command);
  };
  CHECK(add(1, 4095) == "+OK\r\n");
  CHECK(add(4096, 1) == "-ERR too many prefixes\r\n");
}

TEST_CASE("a client whose invalidations go to one that is gone is told so") {
  TestServer server;
  std::unique_ptr<TestClient> target(new TestClient(server.Connect()));
  target->Run("HELLO 3");
  const std::string id = target->Run("CLIENT ID").substr(1, 1);
  auto tracker = Tracker3(server, "REDIRECT " + id);
  tracker->Run("GET k");
  target = nullptr;
  TestClient writer = server.Connect();
  writer.Run("SET k v");
  CHECK(tracker->Send("") == ">2\r\n$21\r\ntracking-redir-broken\r\n:" + id + "\r\n");
  CHECK(tracker->Run("CLIENT TRACKINGINFO").find("broken_redirect") != std::string::npos);
  CHECK(tracker->Run("CLIENT INFO").find(" flags=tR ") != std::string::npos);
  CHECK(tracker->Run("CLIENT TRACKING ON") == "+OK\r\n");
  CHECK(tracker->Run("CLIENT INFO").find(" flags=t ") != std::string::npos);
}

TEST_CASE("a RESP2 client without a redirection is told nothing") {
  TestServer server;
  TestClient client = server.Connect();
  client.Run("CLIENT TRACKING ON");
  client.Run("GET k");
  TestClient writer = server.Connect();
  writer.Run("SET k v");
  CHECK(client.Send("").empty());
}

TEST_CASE("a command that waited is told of what it read, and NOLOOP knows whose change it is") {
  TestServer server;
  auto reader = Tracker3(server);
  reader->Run("XREAD BLOCK 0 STREAMS x $");
  TestClient writer = server.Connect();
  writer.Run("XADD x 1-1 f v");
  // The key was read in vain, then changed, then read again.
  std::string bytes = reader->Send("");
  CHECK(bytes.find(Invalidation("x")) != std::string::npos);
  CHECK(bytes.find("1-1") != std::string::npos);
  writer.Run("XADD x 2-1 f v");
  CHECK(reader->Send("") == Invalidation("x"));

  auto popper = Tracker3(server, "NOLOOP");
  popper->Run("LLEN l");
  popper->Run("BLPOP l 0");
  writer.Run("RPUSH l a");  // which is told; what BLPOP does then is its own
  bytes = popper->Send("");
  CHECK(bytes.find(Invalidation("l")) == bytes.rfind(Invalidation("l")));
}

TEST_CASE("what a command that waited makes old is told behind its reply") {
  TestServer server;
  TestClient writer = server.Connect();
  auto mover = Tracker3(server);
  mover->Run("LRANGE to 0 -1");
  mover->Run("BLMOVE from to LEFT LEFT 0");
  writer.Run("RPUSH from a");
  CHECK(mover->Send("") == "$1\r\na\r\n" + Invalidation("to"));

  auto broad = Tracker3(server, "BCAST PREFIX to");
  broad->Run("BLMOVE from to LEFT LEFT 0");
  writer.Run("RPUSH from b");
  CHECK(broad->Send("") == "$1\r\nb\r\n" + Invalidation("to"));
}

TEST_CASE("fields that expire make their hash old, for its reader too") {
  TestServer server;
  auto reader = Tracker3(server, "NOLOOP");
  reader->Run("HSET h f v g w");
  reader->Run("HPEXPIRE h 10 FIELDS 1 f");
  reader->Run("HGETALL h");
  server.clock.AdvanceMs(20);
  CHECK(reader->Run("HLEN h").find(Invalidation("h")) != std::string::npos);
}

TEST_CASE("INFO and CLIENT LIST tell of tracking") {
  TestServer server;
  auto tracker = Tracker3(server);
  auto other = Tracker3(server, "BCAST PREFIX a");
  tracker->Run("MGET a b");
  TestClient admin = server.Connect();
  CHECK(admin.Run("INFO clients").find("tracking_clients:2\r\n") != std::string::npos);
  const std::string stats = admin.Run("INFO stats");
  CHECK(stats.find("tracking_total_keys:2\r\n") != std::string::npos);
  CHECK(stats.find("tracking_total_items:2\r\n") != std::string::npos);
  CHECK(stats.find("tracking_total_prefixes:1\r\n") != std::string::npos);
  CHECK(other->Run("CLIENT INFO").find(" flags=tB ") != std::string::npos);
}

}  // namespace strata
