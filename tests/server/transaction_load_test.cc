// Transactions of many threads on the same keys: each is seen whole or not at all, and a watched
// key that changed stops the one that read it.

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "base/number.h"
#include "base/random.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr size_t kThreads = 4;
constexpr int kRounds = 1000;
constexpr int64_t kMoney = 1'000'000;
constexpr std::array<const char*, 3> kAccounts = {"{a}", "{b}", "{c}"};

// The number in a reply of one bulk string.
int64_t NumberIn(const std::string& reply) {
  const size_t start = reply.find("\r\n") + 2;
  return ParseInt64(std::string_view(reply).substr(start, reply.size() - start - 2)).value_or(-1);
}

// One thread's client. Catch2's assertions are for one thread only, so what is wrong is written
// down.
class Teller {
 public:
  Teller(TestServer& server, size_t thread, uint64_t seed)
      : client_(server.Connect(thread)), random_(seed + thread) {}

  void Work() {
    for (int round = 0; round < kRounds; ++round) {
      switch (random_.Below(8)) {
        case 0:
          Audit("MULTI\r\nMGET {a} {b} {c}\r\nDBSIZE\r\nEXEC\r\n");  // stops the world
          break;
        case 1:
        case 2:
          Audit("MULTI\r\nMGET {a} {b} {c}\r\nEXEC\r\n");
          break;
        case 3:
          IncrementOptimistically();
          break;
        case 4:
          client_.Send(
              "WATCH {a} none\r\nMULTI\r\nSET none 1\r\nDISCARD\r\nWATCH {b}\r\nUNWATCH\r\n");
          break;
        default:
          Move();
      }
    }
  }

  const std::string& wrong() const { return wrong_; }
  int64_t increments() const { return increments_; }

 private:
  const char* Account() { return kAccounts[random_.Below(kAccounts.size())]; }

  void Move() {
    const std::string amount = std::to_string(random_.Below(100));
    const std::string reply =
        client_.Send(std::string("MULTI\r\nDECRBY ") + Account() + " " + amount + "\r\nINCRBY " +
                     Account() + " " + amount + "\r\nEXEC\r\n");
    if (!reply.starts_with("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:")) wrong_ += "moved: " + reply;
  }

  void Audit(const std::string& requests) {
    std::string reply = client_.Send(requests);
    reply.erase(0, reply.find("*3\r\n") + 4);
    int64_t sum = 0;
    for (size_t i = 0; i < kAccounts.size(); ++i) {
      const size_t digits = reply.find("\r\n") + 2;
      const size_t end = reply.find("\r\n", digits);
      sum += ParseInt64(std::string_view(reply).substr(digits, end - digits)).value_or(0);
      reply.erase(0, end + 2);
    }
    if (sum != kMoney) wrong_ += "the sum is " + std::to_string(sum) + "\n";
  }

  // Read, and written back only if nobody else did in between.
  void IncrementOptimistically() {
    client_.Send("WATCH counter\r\n");
    const int64_t value = NumberIn(client_.Send("GET counter\r\n"));
    const std::string reply =
        client_.Send("MULTI\r\nSET counter " + std::to_string(value + 1) + "\r\nEXEC\r\n");
    if (reply.ends_with("*1\r\n+OK\r\n")) {
      ++increments_;
    } else if (!reply.ends_with("*-1\r\n")) {
      wrong_ += "counted: " + reply;
    }
  }

  TestClient client_;
  Random random_;
  int64_t increments_ = 0;
  std::string wrong_;
};

}  // namespace

TEST_CASE("transactions of many threads are seen whole, and watches miss no change", "[threads]") {
  const uint64_t seed = Catch::rngSeed();
  INFO("seed " << seed);
  TestServer server({}, kThreads);
  TestClient client = server.Connect();
  client.Run("MSET {a} " + std::to_string(kMoney) + " {b} 0 {c} 0 counter 0");
  std::vector<std::unique_ptr<Teller>> tellers;
  for (size_t i = 0; i < kThreads; ++i)
    tellers.push_back(std::make_unique<Teller>(server, i, seed));
  std::vector<std::thread> threads;
  for (auto& teller : tellers) threads.emplace_back([&teller] { teller->Work(); });
  for (std::thread& thread : threads) thread.join();

  int64_t increments = 0;
  for (const auto& teller : tellers) {
    CHECK(teller->wrong() == "");
    increments += teller->increments();
  }
  CHECK(increments > 0);
  CHECK(NumberIn(client.Run("GET counter")) == increments);
  CHECK(server.services().watches.empty());
}

}  // namespace strata
