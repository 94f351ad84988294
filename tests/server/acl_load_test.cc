// Users that change and go while their clients run on other threads.

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "base/random.h"
#include "tests/server/test_server.h"

namespace strata {
namespace {

constexpr size_t kThreads = 3;
constexpr int kChanges = 5000;

struct Findings {
  uint64_t logins = 0;
  uint64_t allowed = 0;
  std::string wrong;
};

// Logs in again and again as a user that may come and go, and tries what that user may never do.
Findings TryForbidden(TestServer& server, size_t thread, const std::atomic<bool>& stop) {
  Findings found;
  while (!stop.load(std::memory_order_relaxed)) {
    TestClient client = server.Connect(thread);
    if (client.Run("AUTH worker x") != "+OK\r\n") continue;  // there is none just now
    ++found.logins;
    for (int i = 0; i < 10; ++i) {
      // No reply: the user has gone, and the connection with it.
      const std::string own = client.Run("INCR own");
      if (own.starts_with(":")) ++found.allowed;
      const std::string others = client.Send("GET secret\r\nFLUSHALL\r\nGET secret\r\n");
      for (const std::string& reply : {own, others}) {
        const bool is_fine = reply.empty() || reply[0] == ':' || reply.starts_with("-NOPERM");
        if (!is_fine || reply.find("hidden") != std::string::npos) found.wrong += reply;
      }
    }
  }
  return found;
}

void ChangeUsers(TestServer& server, size_t thread, uint64_t seed) {
  Random random(seed);
  TestClient admin = server.Connect(thread);
  for (int i = 0; i < kChanges; ++i) {
    static constexpr const char* kRequests[] = {"ACL SETUSER worker on nopass ~own +incr +get",
                                                "ACL SETUSER worker on nopass ~own +get",
                                                "ACL SETUSER worker -incr (~own +incr)",
                                                "ACL SETUSER worker clearselectors -incr",
                                                "ACL DELUSER worker",
                                                "ACL LIST",
                                                "ACL LOG 20",
                                                "ACL GETUSER worker",
                                                "ACL DRYRUN default get x",
                                                "CLIENT LIST"};
    admin.Run(kRequests[random.Below(std::size(kRequests))]);
  }
}

}  // namespace

TEST_CASE("whatever becomes of a user, its clients never do what it may not", "[threads]") {
  const uint64_t seed = Catch::rngSeed();
  INFO("seed " << seed);
  TestServer server({}, kThreads);
  TestClient client = server.Connect();
  client.Run("SET secret hidden");
  std::atomic<bool> stop{false};
  std::vector<Findings> findings(kThreads - 1);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < findings.size(); ++i) {
    threads.emplace_back([&, i] { findings[i] = TryForbidden(server, i, stop); });
  }
  ChangeUsers(server, kThreads - 1, seed);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  uint64_t logins = 0;
  uint64_t allowed = 0;
  for (const Findings& found : findings) {
    CHECK(found.wrong == "");
    logins += found.logins;
    allowed += found.allowed;
  }
  CHECK(logins > 0);
  CHECK(allowed > 0);
  CHECK(client.Run("GET secret") == "$6\r\nhidden\r\n");
}

}  // namespace strata
