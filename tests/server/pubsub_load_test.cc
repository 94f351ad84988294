// Clients on several threads that publish, subscribe, leave, track and write, all at once.

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "server/pubsub/pubsub.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr size_t kThreads = 4;
constexpr int kRounds = 3000;
constexpr int kClients = 4;  // per thread

// One thread's clients. What is wrong is written down, since assertions are for one thread only.
class Worker {
 public:
  Worker(TestServer& server, size_t thread, uint64_t seed)
      : server_(server), thread_(thread), random_(seed + thread) {
    for (int i = 0; i < kClients; ++i) Reconnect(i);
  }

  void Work() {
    for (int round = 0; round < kRounds; ++round) Step();
  }
  const std::string& wrong() const { return wrong_; }

 private:
  void Reconnect(int index) {
    auto& client = clients_[static_cast<size_t>(index)];
    client = nullptr;  // goes with all that it has subscribed to and tracks
    client.reset(new TestClient(server_.Connect(thread_)));
    Send(*client, "HELLO 3");
  }

  void Step() {
    const int index = static_cast<int>(random_.Below(kClients));
    TestClient& client = *clients_[static_cast<size_t>(index)];
    const std::string channel = "c" + std::to_string(random_.Below(5));
    const std::string key = "k" + std::to_string(random_.Below(20));
    switch (random_.Below(20)) {
      case 0:
        return Reconnect(index);
      case 1:
        return Send(client, "SUBSCRIBE " + channel);
      case 2:
        return Send(client, "PSUBSCRIBE c* *" + channel);
      case 3:
        return Send(client, random_.Below(2) == 0 ? "UNSUBSCRIBE" : "PUNSUBSCRIBE");
      case 4:
        return Send(client, "CLIENT TRACKING ON");
      case 5:
        return Send(client, "CLIENT TRACKING ON BCAST PREFIX k1");
      case 6:
        return Send(client, "CLIENT TRACKING OFF");
      case 7:
        return Send(client, "CLIENT LIST");
      case 8:
        return Send(client, random_.Below(10) == 0 ? "FLUSHALL" : "INFO");
      case 9:
        return Send(client, "RESET", "HELLO 3");
      case 10:
        return Send(client, "MONITOR", "RESET", "HELLO 3");
      case 11:
        return Tick();
      case 12:
      case 13:
        return Send(client, "SET " + key + " " + std::to_string(random_.Below(100)) + " PX 5");
      case 14:
      case 15:
      case 16:
        return Send(client, "GET " + key);
      default:
        return Send(client, "PUBLISH " + channel + " hello");
    }
  }

  template <class... Commands>
  void Send(TestClient& client, const Commands&... commands) {
    for (const std::string& command : {std::string(commands)...}) {
      const std::string bytes = client.Run(command);
      if (bytes.empty() && !client.suspended()) wrong_ += command + " was not answered\n";
    }
  }

  void Tick() {
    server_.clock.AdvanceMs(static_cast<int64_t>(random_.Below(3)));
    BatchScope scope(server_.dispatcher(thread_));
    Keyspace& keyspace = server_.keyspace();
    for (size_t i = thread_; i < keyspace.shard_count(); i += kThreads) {
      keyspace.ExpireSome(i, server_.clock.WallMs(), 20);
    }
    server_.services().tracking.ForgetSome(10);
    if (thread_ == 0) server_.services().tracking.SweepSome();
  }

  TestServer& server_;
  size_t thread_;
  Random random_;
  std::array<std::unique_ptr<TestClient>, kClients> clients_;
  std::string wrong_;
};

}  // namespace

TEST_CASE("clients publish, subscribe, track, write and go, on many threads", "[threads]") {
  const uint64_t seed = RandomSeed();
  CAPTURE(seed);
  TestServer server({"--notify-keyspace-events", "KEA", "--tracking-table-max-keys", "15"},
                    kThreads);
  {
    std::vector<std::unique_ptr<Worker>> workers;
    for (size_t i = 0; i < kThreads; ++i) {
      workers.push_back(std::make_unique<Worker>(server, i, seed));
    }
    std::vector<std::thread> threads;
    for (auto& worker : workers) threads.emplace_back([&worker] { worker->Work(); });
    for (std::thread& thread : threads) thread.join();
    for (auto& worker : workers) CHECK(worker->wrong().empty());
  }
  Services& services = server.services();
  for (size_t kind = 0; kind < kTopicKinds; ++kind) {
    CHECK(services.pubsub.Count(static_cast<TopicKind>(kind)) == 0);
  }
  CHECK(services.pubsub.subscribers() == 0);
  CHECK(services.tracking.clients() == 0);
  CHECK(services.tracking.prefixes() == 0);
  for (int i = 0; i < 1000; ++i) services.tracking.SweepSome();
  CHECK(services.tracking.keys() == 0);
  CHECK(services.tracking.items() == 0);
}

// A cache as a client would keep it: filled from replies, emptied by invalidations. Whoever reads
// from it must never see a value older than what was written before it asked.
TEST_CASE("no reader misses an invalidation between its read and a write", "[threads]") {
  constexpr int kWrites = 20'000;
  TestServer server({}, 2);
  std::atomic<int> written{0};
  std::string wrong;
  std::thread writer([&] {
    TestClient client = server.Connect(0);
    for (int i = 1; i <= kWrites; ++i) {
      client.Run("SET k " + std::to_string(i));
      written.store(i);
    }
  });
  std::thread reader([&] {
    TestClient client = server.Connect(1);
    client.Run("HELLO 3");
    client.Run("CLIENT TRACKING ON");
    std::optional<int> cached;
    for (int seen = 0; seen < kWrites && wrong.empty();) {
      seen = written.load();
      if (client.Send("").find("invalidate") != std::string::npos) cached.reset();
      if (!cached) {
        const std::string reply = client.Run("GET k");
        // The value comes first, if there is one, then an invalidation if it is old again.
        cached = reply[0] == '$' ? std::stoi(reply.substr(reply.find('\n') + 1)) : 0;
        if (reply.find("invalidate") != std::string::npos) cached.reset();
      }
      if (cached && *cached < seen) {
        wrong =
            std::to_string(*cached) + " is cached, but " + std::to_string(seen) + " was written";
      }
    }
  });
  writer.join();
  reader.join();
  CHECK(wrong.empty());
}

}  // namespace strata
