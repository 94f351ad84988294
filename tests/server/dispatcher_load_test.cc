// Many threads at once on one server, each with its own client, as I/O threads are.

#include <catch2/catch.hpp>
#include <thread>

#include "base/random.h"
#include "server/dispatcher.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr size_t kThreads = 4;
constexpr int kRounds = 1500;
constexpr int kCounters = 3;

// One thread's client and what it has seen. Catch2's assertions are for one thread only, so what is
// wrong is written down.
class Worker {
 public:
  Worker(TestServer& server, size_t thread, uint64_t seed)
      : server_(server), client_(server.Connect(thread)), thread_(thread), random_(seed + thread) {}

  void Work() {
    for (int round = 0; round < kRounds; ++round) Step();
  }

  const std::string& wrong() const { return wrong_; }
  uint64_t increments(int counter) const { return increments_[static_cast<size_t>(counter)]; }

 private:
  void Step() {
    switch (random_.Below(16)) {
      case 0:
      case 1:
      case 2:
        return Increment();
      case 3:
      case 4:
        return WriteTogether();
      case 5:
      case 6:
      case 7:
        return ReadTogether();
      case 8:
        return Expect("DEL", Send("DEL x y z\r\n"), ":");
      case 9:
        return Tick();
      case 10:
        return Administrate();
      case 11:
        return Expect("FLUSHDB", Send("SELECT 1\r\nSET gone 1\r\nFLUSHDB ASYNC\r\nSELECT 0\r\n"),
                      "+OK\r\n+OK\r\n+OK\r\n+OK\r\n");
      default:
        return UseOwnKeys();
    }
  }

  std::string Send(const std::string& bytes) { return client_.Send(bytes); }
  std::string Any(const std::string& name, uint64_t count) {
    return name + std::to_string(random_.Below(count));
  }
  void Expect(const std::string& what, const std::string& reply, std::string_view start) {
    if (!reply.starts_with(start)) wrong_ += what + " answered " + reply + "\n";
  }

  void Increment() {
    int counter = static_cast<int>(random_.Below(kCounters));
    const std::string request = "INCR counter:" + std::to_string(counter) + "\r\n";
    Expect("INCR", Send(request + request), ":");
    increments_[static_cast<size_t>(counter)] += 2;
  }

  // Keys that are only ever written and deleted together.
  void WriteTogether() {
    // Big ones are shared blobs, the others lie in their entries.
    std::string value(random_.Below(4) == 0 ? 20'000 : random_.Below(80),
                      static_cast<char>('a' + random_.Below(26)));
    value += std::to_string(thread_);
    Expect("MSET", Send("MSET x " + value + " y " + value + " z " + value + "\r\n"), "+OK\r\n");
  }

  void ReadTogether() {
    const std::string reply = Send("MGET x y z\r\n");
    const size_t header = std::string_view("*3\r\n").size();
    const size_t third = (reply.size() - header) / 3;
    const std::string_view values = std::string_view(reply).substr(header);
    const bool same = reply.starts_with("*3\r\n") && values.size() == third * 3 &&
                      values.substr(0, third) == values.substr(third, third) &&
                      values.substr(0, third) == values.substr(third * 2);
    if (!same) wrong_ += "MGET answered " + reply.substr(0, 300) + "\n";
  }

  // The clock goes on and keys expire, as in an I/O thread's tick.
  void Tick() {
    server_.clock.AdvanceMs(static_cast<int64_t>(random_.Below(3)));
    BatchScope scope(server_.dispatcher(thread_));
    Keyspace& keyspace = server_.keyspace();
    for (size_t i = thread_; i < keyspace.shard_count(); i += kThreads) {
      keyspace.ExpireSome(i, server_.clock.WallMs(), 20);
    }
  }

  void Administrate() {
    constexpr const char* kRequests[] = {"CLIENT LIST\r\n",
                                         "CONFIG SET slowlog-max-len 10\r\n",
                                         "CONFIG GET *\r\n",
                                         "INFO all\r\n",
                                         "SLOWLOG GET\r\n",
                                         "CLIENT SETNAME worker\r\n",
                                         "MEMORY STATS\r\n",
                                         "CONFIG SET slowlog-log-slower-than 0\r\n",
                                         "DBSIZE\r\n",
                                         "CONFIG SET requirepass ''\r\n",
                                         "RANDOMKEY\r\n",
                                         "LATENCY HISTOGRAM\r\n",
                                         "DEBUG DIGEST\r\n",
                                         "DEBUG POPULATE 500 populated\r\n",
                                         "CONFIG RESETSTAT\r\n",
                                         "KEYS own:*\r\n",
                                         "CLIENT NO-EVICT on\r\n",
                                         "SWAPDB 2 3\r\n",
                                         "COMMAND COUNT\r\n",
                                         "CLIENT KILL ID 77\r\n",
                                         "HELLO 3\r\n",
                                         "HELLO 2\r\n"};
    const std::string reply = Send(kRequests[random_.Below(std::size(kRequests))]);
    if (reply.empty() || reply[0] == '-') wrong_ += "an administrator was told " + reply + "\n";
  }

  void UseOwnKeys() {
    const std::string key = Any("own:", 50);
    const std::string other = Any("own:", 50);
    switch (random_.Below(6)) {
      case 0:
        return Expect("SET", Send("SET " + key + " v EX 1\r\n"), "+OK");
      case 1:
        return Expect("EXPIRE", Send("PEXPIRE " + key + " 5\r\n"), ":");
      case 2:
        return Expect("COPY", Send("COPY " + key + " other:" + other + " REPLACE\r\n"), ":");
      case 3:
        return Expect("SCAN", Send("SCAN 0 COUNT 100\r\n"), "*2\r\n");
      case 4:
        return Expect("APPEND", Send("APPEND " + key + " " + std::string(500, 'x') + "\r\n"), ":");
      default:
        return Expect("DEL", Send("GETDEL " + key + "\r\nDEL " + other + "\r\n"), "");
    }
  }

  TestServer& server_;
  TestClient client_;
  const size_t thread_;
  Random random_;
  std::array<uint64_t, kCounters> increments_{};
  std::string wrong_;
};

}  // namespace

TEST_CASE("commands of many threads lose no write and are never seen half done", "[threads]") {
  const uint64_t seed = Catch::rngSeed();
  INFO("seed " << seed);
  TestServer server({"--enable-debug-command", "yes"}, kThreads);
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t i = 0; i < kThreads; ++i) {
    workers.push_back(std::make_unique<Worker>(server, i, seed));
  }
  std::vector<std::thread> threads;
  for (auto& worker : workers) {
    threads.emplace_back([&worker] { worker->Work(); });
  }
  for (std::thread& thread : threads) thread.join();

  TestClient client = server.Connect();
  for (int counter = 0; counter < kCounters; ++counter) {
    uint64_t total = 0;
    for (const auto& worker : workers) total += worker->increments(counter);
    const std::string expected = std::to_string(total);
    CHECK(client.Run("GET counter:" + std::to_string(counter)) ==
          "$" + std::to_string(expected.size()) + "\r\n" + expected + "\r\n");
  }
  for (const auto& worker : workers) CHECK(worker->wrong() == "");
  const Keyspace& keyspace = server.keyspace();
  for (size_t i = 0; i < keyspace.shard_count(); ++i) {
    const ShardDatabase* part = server.keyspace().shard(i).databases[0].load();
    if (part != nullptr) part->table().CheckInvariants();
  }
}

}  // namespace strata
